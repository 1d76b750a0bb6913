"""What a client may send: read whole or refused, whatever it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_saas.realtime.frames import (
    MAX_FRAME_BYTES,
    BadFrame,
    ConversationsList,
    FeedbackCreate,
    Ping,
    SessionStart,
    TurnCreate,
    TurnResume,
    TurnStop,
    error_frame,
    read_frame,
    refusal_frame,
    write_frame,
)
from core.errors import InvalidRequest, RateLimited

# Fixed: it is part of the names of tests.
ID = "01a21bb6-3b58-7371-80ce-74945355cdd0"


def text(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (text("ping"), Ping),
        (text("session.start", key="k"), SessionStart),
        (text("session.start", key="k", conversation_id=ID, visitor_token="t"), SessionStart),
        (text("turn.create", client_turn_id="1", text=""), TurnCreate),
        (text("turn.stop", turn_id=ID), TurnStop),
        (text("turn.resume", turn_id=ID, last_event_id=None), TurnResume),
        (text("feedback.create", message_id=ID, value="up", comment="Good."), FeedbackCreate),
        (text("feedback.create", message_id=ID, value=None), FeedbackCreate),
        (text("conversations.list"), ConversationsList),
        (text("conversations.list", limit=20, after="x"), ConversationsList),
        # What a newer widget may add is not in the way of an older server.
        (text("ping", sent_at=7), Ping),
    ],
)
def test_a_frame_is_read_as_what_it_is(sent: str, kind: type) -> None:
    assert isinstance(read_frame(sent), kind)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "hello",
        "[]",
        "{}",
        "null",
        text("nonsense"),
        text("session.start"),
        text("session.start", key="x" * 4097),
        text("session.start", key=7),
        text("turn.create", client_turn_id="", text="x"),
        text("turn.create", client_turn_id="x" * 129, text="x"),
        text("turn.create", client_turn_id="a\x00", text="x"),
        text("turn.create", client_turn_id="1"),
        text("turn.stop", turn_id="1"),
        text("feedback.create", message_id=ID, value="sideways"),
        text("feedback.create", message_id=ID, value="up", comment="x" * 2001),
        "[" * 50_000,
        '{"type": "ping"' + "}" * 50_000,
        "\ud800",
    ],
)
def test_what_is_no_frame_is_refused(sent: str | None) -> None:
    with pytest.raises(BadFrame):
        read_frame(sent)


def test_a_frame_is_measured_in_bytes() -> None:
    room = MAX_FRAME_BYTES - len(text("turn.create", client_turn_id="1", text=""))
    assert read_frame(text("turn.create", client_turn_id="1", text="x" * room))
    with pytest.raises(BadFrame):
        read_frame(text("turn.create", client_turn_id="1", text="x" * (room + 1)))
    # Written as it is, each of these takes three bytes and counts as one character.
    wide = json.dumps(
        {"type": "turn.create", "client_turn_id": "1", "text": "語" * 30_000}, ensure_ascii=False
    )
    with pytest.raises(BadFrame):
        read_frame(wide)


@given(st.text(max_size=200) | st.binary(max_size=50).map(lambda raw: raw.decode("latin-1")))
def test_whatever_is_sent_is_read_or_refused(sent: str) -> None:
    refused = False
    try:
        read_frame(sent)
    except BadFrame as error:
        refused = bool(str(error))
    assert refused or '"type"' in sent


def test_what_is_sent_begins_with_its_type() -> None:
    assert write_frame("pong") == '{"type":"pong"}'
    assert error_frame("bad_frame", "No.") == '{"type":"error","code":"bad_frame","message":"No."}'
    assert json.loads(error_frame("a", "b", "c"))["ref"] == "c"


def test_a_refusal_says_how_long_to_wait_where_that_is_known() -> None:
    waits = json.loads(refusal_frame(RateLimited("Wait.", retry_after=7), "1"))
    assert waits == {
        "type": "error",
        "code": "rate_limited",
        "message": "Wait.",
        "retry_after": 7,
        "ref": "1",
    }
    plain = json.loads(refusal_frame(InvalidRequest("No.", detail_code="other")))
    assert plain == {"type": "error", "code": "other", "message": "No."}
