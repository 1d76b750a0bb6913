"""What strangers write is taken apart in time that grows with its length, and beside the event loop."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from conversations.citations.markers import MarkerParser
from conversations.citations.quotes import Quoter, statement_before
from conversations.citations.source import Source
from conversations.citations.support import weigh
from conversations.llm.base import ChatMessage, Passage
from conversations.llm.offline.scoring import look_at, score_statements
from conversations.text.analysis import analyse, within
from conversations.text.concepts import concepts_asked, values_in
from conversations.text.delimiters import draw_mark
from conversations.text.language import language_of
from conversations.text.message import read_message, stands_alone
from conversations.text.sentences import names, plain, sentences, terms
from conversations.text.small_talk import small_talk_language
from conversations.text.spelling import written_words
from conversations.turns.prompts import build_messages, search_query
from knowledge.chunking import Block, collapse_blanks, split
from knowledge.parsing.html import parse_html
from knowledge.parsing.text import parse_markdown
from tests.conversations.passages import make_passage

LONG = 8_000
SHORT = LONG // 4
# Four times the text: four times the work is in proportion, sixteen times grows with the square.
UNSUSPICIOUS, GROWTH, TRIES = 0.02, 8, 5
RUNS = [
    *(
        " ",
        "\t",
        "\n",
        "\r\n",
        "[",
        "(",
        "A. ",
        "a. ",
        "A.\n",
        "= ",
        "=",
        "# b\n",
        "#",
        "|",
        "| ",
        "> ",
    ),
    *(
        "**",
        "_",
        "`",
        "```\n",
        "[1]",
        "[1, ",
        "[](",
        "- ",
        "1. ",
        "?\n",
        "Word\n",
        "a\n",
        "字",
        "。",
        "1,",
    ),
    *(
        "<!--",
        "</",
        "</passage",
        "&lt;",
        "<b>",
        "<td>",
        "<h1>",
        "<b hidden>",
        "</b",
        "<i hidden></i",
        "`<!--",
        "[a]: b\n",
        "<![cdata[",
        '"',
        "Dr. ",
        "A word of a line that goes on and on\n",
    ),
]


def passage(text: str) -> Passage:
    return make_passage(text, title=text[:200], heading=text[:200])


def cite(text: str) -> None:
    parser = MarkerParser((1, 2))
    for at in range(0, len(text), 7):
        parser.feed(text[at : at + 7])
    parser.end()


def prompt(text: str) -> None:
    history = (ChatMessage("user", text), ChatMessage("assistant", text))
    search_query(text, history)
    build_messages(
        name="Bot",
        instructions=text,
        passages=[passage(text)],
        history=history,
        question=text,
        history_tokens=10_000,
        count=len,
        mark=draw_mark(),
    )


ANALYSES: dict[str, Callable[[str], object]] = {
    "sentences": sentences,
    "terms": terms,
    "names": names,
    "plain": plain,
    "statement": statement_before,
    "quote": lambda text: Quoter([passage(text)], text).quote_for(1, text),
    "support": lambda text: weigh(text, [Source(passage(text))]),
    "citations": cite,
    "prompt": prompt,
    "small talk": small_talk_language,
    "language": language_of,
    "message": read_message,
    "stands alone": stands_alone,
    "words": written_words,
    "concepts": concepts_asked,
    "values": values_in,
    "statements": lambda text: look_at(text, [passage(text)]),
    "blanks": collapse_blanks,
    "markdown": lambda text: parse_markdown(text.encode()),
    "html": lambda text: parse_html(text.encode()),
    "chunks": lambda text: split(text, [Block(0, len(text))]),
}


def cpu_seconds(analysis: Callable[[str], object], text: str) -> float:
    began = time.thread_time()
    analysis(text)
    return time.thread_time() - began


def grows_in_proportion(analysis: Callable[[str], object], short: str, long: str) -> bool:
    slow = cpu_seconds(analysis, long)
    # Most are done at once, and need no second look.
    return slow < UNSUSPICIOUS or slow < GROWTH * cpu_seconds(analysis, short)


def test_what_grows_with_the_square_is_noticed() -> None:
    def naive(text: str) -> int:
        return sum(text.count("a") for _ in text)

    short, long = "ab" * SHORT, "ab" * LONG
    assert not any(grows_in_proportion(naive, short, long) for _ in range(TRIES))


@pytest.mark.parametrize("beginning", ["", "= a", "Words ", "# a\n"])
@pytest.mark.parametrize("name", ANALYSES)
def test_an_analysis_takes_time_in_proportion(name: str, beginning: str) -> None:
    for run in RUNS:
        short, long = (f"{beginning}{run * (n // len(run))}x" for n in (SHORT, LONG))
        # Other load makes some looks slow; what grows with the square is slow at every one.
        assert any(grows_in_proportion(ANALYSES[name], short, long) for _ in range(TRIES)), (
            name,
            beginning,
            run,
        )


def test_a_small_file_of_headings_costs_its_reader_nothing() -> None:
    line = "= " + "\t" * 300 + "a" + "\t" * 300 + "b"
    began = time.thread_time()
    Quoter([passage("\n".join([line] * 6))], "What is it?").quote_for(1, line)
    assert time.thread_time() - began < 0.1


async def test_texts_are_taken_apart_beside_the_loop() -> None:
    assert await analyse(0, threading.get_ident) != threading.get_ident()


async def test_passages_are_compared_beside_the_loop() -> None:
    """The loop goes on while they are: what it does meanwhile is counted."""
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError("the passage does not hold the name")

    counting = asyncio.create_task(count_turns())
    await asyncio.sleep(0)
    found = await score_statements(
        "Who is Zorblatt?", [passage("Some words. " * 1_600)] * 20, embed
    )
    counting.cancel()
    assert found.scored == []
    assert turns > 1


async def test_a_text_beyond_its_budget_costs_its_own_answer_alone() -> None:
    released = threading.Event()
    try:
        assert await within(0.05, False, lambda: released.wait(30)) is False
    finally:
        released.set()
