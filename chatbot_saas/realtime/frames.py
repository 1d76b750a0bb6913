"""The frames of `/ws/chat/`: what a client may send, and what it is sent. Pure."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from conversations.history.past import MAX_LISTED
from conversations.turns.question import MAX_CLIENT_TURN_ID_LENGTH, NO_NUL
from core.errors import AppError

MAX_FRAME_BYTES = 65_536

_Id = Annotated[
    str, msgspec.Meta(min_length=1, max_length=MAX_CLIENT_TURN_ID_LENGTH, pattern=NO_NUL)
]
_Token = Annotated[str, msgspec.Meta(max_length=4_096)]


class BadFrame(Exception):
    """Not a frame of this protocol; the socket is closed with 4400."""


class _Frame(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class SessionStart(_Frame, frozen=True, tag="session.start"):
    key: _Token
    visitor_token: _Token | None = None
    identity_jwt: _Token | None = None
    conversation_id: UUID | None = None


class TurnCreate(_Frame, frozen=True, tag="turn.create"):
    client_turn_id: _Id
    text: str
    retry_of: UUID | None = None


class TurnStop(_Frame, frozen=True, tag="turn.stop"):
    turn_id: UUID


class TurnResume(_Frame, frozen=True, tag="turn.resume"):
    turn_id: UUID
    last_event_id: str | None = None


class FeedbackCreate(_Frame, frozen=True, tag="feedback.create"):
    message_id: UUID
    value: Literal["up", "down"] | None
    comment: Annotated[str, msgspec.Meta(max_length=1_000)] | None = None


class ConversationsList(_Frame, frozen=True, tag="conversations.list"):
    after: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_LISTED)] = MAX_LISTED


class Ping(_Frame, frozen=True, tag="ping"):
    pass


ClientFrame = (
    SessionStart | TurnCreate | TurnStop | TurnResume | FeedbackCreate | ConversationsList | Ping
)

_decode = msgspec.json.Decoder(ClientFrame).decode
_encode = msgspec.json.Encoder().encode


def read_frame(text: str | None) -> ClientFrame:
    """The client's frame; None stands for a binary one. Raises `BadFrame`."""
    if text is None:
        raise BadFrame("Frames are JSON text, not binary.")
    # The cheap comparison first: encoding what is far too long costs its length again.
    if len(text) > MAX_FRAME_BYTES or len(text.encode(errors="replace")) > MAX_FRAME_BYTES:
        raise BadFrame(f"A frame is at most {MAX_FRAME_BYTES} bytes.")
    try:
        frame: ClientFrame = _decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as error:
        raise BadFrame("This is not a frame that can be sent here.") from error
    return frame


def write_frame(kind: str, **fields: Any) -> str:
    """A server's frame with `type` first."""
    return _encode({"type": kind, **fields}).decode()


def error_frame(code: str, message: str, ref: str | None = None) -> str:
    fields = {"code": code, "message": message}
    return write_frame("error", **fields, **({"ref": ref} if ref else {}))


def refusal_frame(error: AppError, ref: str | None = None) -> str:
    wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
    about = {"code": error.detail_code, "message": error.message, **wait}
    return write_frame("error", **about, **({"ref": ref} if ref else {}))


PONG = write_frame("pong")
