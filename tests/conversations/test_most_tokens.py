"""What a turn holds covers whatever its prompt may have, and bounds whatever a provider reports."""

from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from billing.models import QuotaPeriod, UsageRecord
from billing.pricing import estimate_tokens, most_tokens
from conversations.chatbots.onboarding import Workspace
from conversations.history import listing
from conversations.llm.base import ChatMessage, Passage
from conversations.text.delimiters import draw_mark
from conversations.turns.prompts import build_messages, fit_passages, most_passage_tokens
from conversations.turns.services import most_tokens_in
from conversations.turns.values import Question, TurnContext
from core.ids import new_id
from tenants.context import tenant_context
from tests.conversations.client import Chat
from tests.conversations.passages import make_passage
from tests.fake_openai import FakeOpenAI

PIECES = st.lists(
    st.sampled_from(
        ["word ", "{}", "🎉", "字", "é", "<passage>", "</question", "&lt;passage", "\n", "𓀀"]
    ),
    max_size=60,
).map("".join)


def passage_of(text: str, number: int) -> Passage:
    return make_passage(text, number, title=text[:255], page=9_999, heading=text[:600])


@given(question=PIECES, said=PIECES, instructions=PIECES, found=PIECES)
def test_a_prompt_has_no_more_tokens_than_are_held(
    question: str, said: str, instructions: str, found: str
) -> None:
    history = tuple(ChatMessage(role, said) for role in ("user", "assistant") * 10)
    asked = Question(
        tenant_id=new_id(),
        chatbot_id=new_id(),
        text=question,
        client_turn_id="a",
        visitor_id=None,
        conversation_id=None,
        channel="widget",
        extra_instructions=instructions,
    )
    context = TurnContext(
        conversation_id=new_id(),
        name="Bot",
        instructions=instructions,
        model="",
        contact=None,
        unsupported_statements="mark",
        unsourced_answers="show",
        source_ids=(),
        history=history,
    )
    whole = (found * 4_000)[: settings.TURN_RETRIEVAL_CHARACTERS]
    passages = [passage_of(whole[at : at + 400], at) for at in range(0, len(whole), 400)]
    messages = build_messages(
        name="Bot",
        instructions=f"{instructions}\n\n{instructions}",
        passages=fit_passages(passages, settings.TURN_RETRIEVAL_CHARACTERS),
        history=history,
        question=question,
        history_tokens=settings.TURN_HISTORY_TOKENS,
        count=estimate_tokens,
        mark=draw_mark(),
    )
    # A few for the role of each message.
    prompt = sum(most_tokens(message.content) + 8 for message in messages)
    assert prompt <= most_tokens_in(asked, context)


@pytest.mark.parametrize("text", ["Plain words. ", "Слова и ещё слова. ", "これは文章です。"])
def test_usual_passages_are_shown_whole(text: str) -> None:
    characters = settings.TURN_RETRIEVAL_CHARACTERS
    passages = [passage_of((text * 400)[:400], n) for n in range(characters // 400)]
    short = [
        msgspec.structs.replace(one, title=one.title[:40], page=None, heading=one.heading[:40])
        for one in passages
    ]
    assert fit_passages(short, characters) == short


def test_passages_of_the_rarest_characters_are_shown_as_far_as_they_are_paid() -> None:
    passages = [passage_of("𓀀" * 400, n) for n in range(10)]
    kept = fit_passages(passages, 4_000)
    assert 0 < len(kept) < 10
    assert kept == passages[: len(kept)]
    assert sum(most_tokens(one.text) for one in kept) <= most_passage_tokens(4_000)


def test_what_a_provider_reports_is_charged_up_to_the_hold(
    chat: Chat, workspace: Workspace, fake: FakeOpenAI
) -> None:
    question = f"What is the access code of the depot {uuid4().hex}?"
    fake.script({"match": question, "reported": (99_000_000, 99_000_000)})
    assert chat.answer(question)[-1]["type"] == "turn.completed"
    with tenant_context(workspace.tenant.id):
        record = UsageRecord.objects.get()
        assert (record.tokens_in, record.tokens_out) == (99_000_000, 99_000_000)
        period = QuotaPeriod.objects.get()
        assert (period.cost_used, period.cost_held) == (record.cost, Decimal(0))
        assert Decimal(0) < record.cost < Decimal("0.05")
        [row] = listing.list_conversations().conversations
        turn = listing.read_transcript(row.id).messages[-1].turn
        assert turn is not None
        charge = listing.explain_turn(turn.id).charge
    assert charge is not None
    assert charge.cost == record.cost
    assert charge.uncharged > 100
