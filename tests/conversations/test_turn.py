"""The main job over the socket: a question, a streamed and cited answer, a charge."""

from billing.models import Hold, UsageRecord
from conversations.chatbots.onboarding import Workspace
from conversations.models import Citation, Message, Turn
from tenants.context import tenant_context
from tests.conversations.client import Chat, kinds_of, text_of


def test_an_answer_streams_with_its_citation_and_is_charged_once(
    chat: Chat, workspace: Workspace
) -> None:
    frames = chat.answer("What is the access code of the Zorblatt depot?")
    assert kinds_of(frames)[0] == "turn.started"
    assert kinds_of(frames)[-1] == "turn.completed"
    citations = [frame for frame in frames if frame["type"] == "turn.citation"]
    assert len(citations) == 1
    assert "48213" in citations[0]["quote"]
    assert "[1]" in text_of(frames)
    assert [int(frame["event_id"].split(":")[1]) for frame in frames] == list(
        range(1, len(frames) + 1)
    )
    with tenant_context(workspace.tenant.id):
        turn = Turn.objects.get()
        assert (turn.status, turn.finish_reason) == ("completed", "stop")
        assert turn.last_seq == len(frames)
        reply = Message.objects.get(role="assistant")
        assert reply.text == text_of(frames)
        assert str(reply.pk) == frames[-1]["message_id"]
        assert Citation.objects.get().quote == citations[0]["quote"]
        record = UsageRecord.objects.get()
        assert (record.turn_id, record.source, record.provider) == (turn.pk, "reported", "openai")
        assert Hold.objects.count() == 0
