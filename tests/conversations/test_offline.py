"""The offline answerer quotes what is relevant and says when nothing is."""

import pytest

from conversations.llm.base import LLMFinish, LLMRequest, LLMText, LLMUsage, Passage
from conversations.llm.offline import DOES_NOT_KNOW, OfflineAnswerer
from conversations.providers import embed_texts
from core.ids import new_id

FACTS = """The access code of the Zorblatt depot is 48213. Only the night shift may use it.

The canteen opens at 7:40. Our warranty for the Quorvex pump is 37 months.

The reference number of the Helmstad contract is HX-99182. Visitors register with Mrs. Tandoori.
"""


def passage(text: str, n: int = 1) -> Passage:
    return Passage(
        n=n,
        document_id=new_id(),
        title="Notes",
        url=None,
        page=None,
        heading="",
        text=text,
        similarity=0.5,
        coverage=0.5,
    )


async def answer(question: str, *passages: Passage) -> str:
    request = LLMRequest(
        model="offline", messages=(), question=question, passages=passages, max_tokens=100
    )
    events = [event async for event in OfflineAnswerer(embed_texts).stream(request)]
    assert isinstance(events[-2], LLMUsage)
    assert events[-1] == LLMFinish("stop")
    return "".join(event.text for event in events if isinstance(event, LLMText))


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is the access code of the Zorblatt depot?", "48213"),
        ("Which code opens the Zorblatt depot?", "48213"),
        ("How do I get into the Zorblatt depot?", "48213"),
        ("zorblatt depot access code", "48213"),
        ("When does the canteen open?", "7:40"),
        ("For how many months is the Quorvex pump guaranteed?", "37 months"),
        ("Helmstad contract number?", "HX-99182"),
        ("Where do visitors register?", "Tandoori"),
    ],
)
async def test_a_fact_is_quoted_and_cited_however_it_is_asked_for(question: str, fact: str) -> None:
    text = await answer(question, passage("Nothing of interest here at all.", 1), passage(FACTS, 2))
    assert fact in text
    assert "[2]" in text


@pytest.mark.parametrize(
    "question",
    [
        "Who painted the Mona Lisa?",
        "How do I bake a sourdough bread?",
        "What is the access code of the Fribble depot?",
        "What is the warranty of the X200 pump?",
        "Hello!",
        "???",
    ],
)
async def test_what_is_not_there_is_not_known(question: str) -> None:
    assert await answer(question, passage(FACTS)) == DOES_NOT_KNOW


async def test_without_passages_nothing_is_known() -> None:
    assert await answer("What is the access code?") == DOES_NOT_KNOW


async def test_the_same_sentence_is_quoted_once() -> None:
    text = await answer("When does the canteen open?", passage(FACTS, 1), passage(FACTS, 2))
    assert text.count("7:40") == 1
