"""The chat socket `/ws/chat/`.

Nothing is queued for a socket: each turn it follows is read from the turn's own log as fast as the
client reads. A client that takes nothing for `SOCKET_SEND_SECONDS` is closed with 1013; it may resume.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from channels.consumer import AsyncConsumer, get_handler_name
from channels.exceptions import StopConsumer
from django.conf import settings

from chatbot_saas.realtime import frames, sessions
from chatbot_saas.realtime.budgets import FrameBudget, OpenSockets
from chatbot_saas.realtime.close_codes import (
    BAD_FRAME,
    BAD_KEY,
    BAD_ORIGIN,
    NO_SESSION,
    TOO_MUCH,
    TOO_SLOW,
    Closed,
)
from chatbot_saas.realtime.followed_turns import FollowedTurns
from chatbot_saas.realtime.handshake import Handshake, read_handshake
from chatbot_saas.realtime.key_watch import unwatch, watch
from chatbot_saas.realtime.sessions import OriginRefused, Session, SessionRequest
from conversations.history.past import list_past
from conversations.llm.providers import answerer_of
from conversations.models import Unsupported
from conversations.turns import access, services
from conversations.turns.control import stop_turn
from conversations.turns.events import event_id, sequence
from conversations.turns.follow import latest
from conversations.turns.question import check_text, without_nul
from conversations.turns.run import start_turn
from conversations.turns.terms import current_plan
from conversations.turns.values import Question, TurnRef
from core.errors import AppError, InvalidRequest, NotFound, RateLimited, Unavailable
from tenants.context import DATABASE_AWAY, in_platform, in_tenant
from tenants.limits.pace import Pace
from tenants.limits.turns import check_session_rate

log = logging.getLogger(__name__)

_CLOSE_SECONDS = 2.0
# A widget sends one frame before its session, and then what a person does.
_FIRST_FRAMES = 5
_FRAMES = {"burst": 100, "per_second": 20.0}
# A person opens the list of past conversations, and leafs through it.
_LISTS = {"burst": 10, "per_second": 0.5}
# Who is told to wait is heard again after so many seconds, and after twice as many when told again: no
# person notices, and a program that asks on and on, in a hundred sockets, is no load. Closed, it would
# come again, which costs more.
_PAUSE_SECONDS, _LONGEST_PAUSE = 1.0, 4.0
# Opening a session costs as much as a third of an answer: a hundred of one tenant, all at once, would be
# everybody's next half second. Longer than this no visitor waits for a greeting.
_SESSIONS_PER_SECOND, _session_pace = 20.0, Pace(at_once=0.5, at_most=5.0)
_open_sockets = OpenSockets()

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class SocketConsumer(AsyncConsumer):
    """A consumer without a channel of its own and without work in threads between its messages."""

    # The channel layer wakes the process, which closes its sockets: `chatbot_saas.realtime.listener`.
    channel_layer_alias = ""

    async def dispatch(self, message: Message) -> None:
        # Channels' own first closes the database's connections in a thread, for every frame. Here
        # `in_tenant` and `in_platform` give theirs back.
        await getattr(self, get_handler_name(message))(message)


class RefusedSocket(SocketConsumer):
    """Refuses the handshake of any other path."""

    async def websocket_connect(self, message: Message) -> None:
        await self.send({"type": "websocket.close"})
        raise StopConsumer


class ChatConsumer(SocketConsumer):
    """One visitor's socket: who it is for and which turns it follows."""

    def __init__(self) -> None:
        self._handshake: Handshake
        self._session: Session | None = None
        self._session_timer: asyncio.TimerHandle | None = None
        self._key_id: UUID | None = None
        self._followed = FollowedTurns(write=self._write, close=self.close)
        self._budget = FrameBudget(burst=_FIRST_FRAMES, per_second=0)
        self._lists = FrameBudget(**_LISTS)
        self._is_counted = False
        self._pause = _PAUSE_SECONDS
        self._closing: int | None = None
        self._main: asyncio.Task[Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The socket from handshake to close."""
        self._main = asyncio.current_task()
        try:
            code = await self._receive_loop(scope, receive, send)
        finally:
            self._cleanup()
        if code is not None:
            await self._send_close(code)

    async def _receive_loop(self, scope: Scope, receive: Receive, send: Send) -> int | None:
        """Handles messages one after the other; the close code, None when the client has closed."""
        try:
            await super().__call__(scope, receive, send)
        except Closed as closed:
            return closed.code
        except asyncio.CancelledError:
            # Ours, from `close`; any other is the server's and goes on.
            if self._closing is None or self._main is None:
                raise
            # It ends here. Python before 3.11.3 would take the next timeout for it.
            self._main.uncancel()
            return self._closing
        return None

    async def websocket_connect(self, message: Message) -> None:
        self._handshake = read_handshake(self.scope)
        await self.send({"type": "websocket.accept"})
        address, limit = self._handshake.address, settings.SOCKETS_PER_ADDRESS
        self._is_counted = _open_sockets.enter(address, limit=limit)
        if not self._is_counted:
            raise Closed(TOO_MUCH)
        self._session_timer = asyncio.get_running_loop().call_later(
            settings.SOCKET_SESSION_SECONDS, self.close, NO_SESSION
        )

    async def websocket_receive(self, message: Message) -> None:
        if not self._budget.take(asyncio.get_running_loop().time()):
            raise Closed(TOO_MUCH)
        # Frames that have come already are not waited for: everybody else has a turn between two.
        await asyncio.sleep(0)
        try:
            frame = frames.read_frame(message.get("text"))
        except frames.BadFrame as error:
            await self._write(frames.error_frame("bad_frame", str(error)))
            raise Closed(BAD_FRAME) from error
        await self._handle(frame)

    async def websocket_disconnect(self, message: Message) -> None:
        raise StopConsumer

    async def until_quiet(self) -> None:
        """Returns when all turns that it follows have ended."""
        await self._followed.until_quiet()

    def close(self, code: int) -> None:
        """Ends the socket from another task."""
        if self._closing is None and self._main is not None:
            self._closing = code
            self._main.cancel()

    def _cleanup(self) -> None:
        if self._session_timer is not None:
            self._session_timer.cancel()
        if self._is_counted:
            _open_sockets.leave(self._handshake.address)
        self._followed.leave_all()
        if self._session is not None and self._key_id is not None:
            unwatch(self._session.tenant_id, self._key_id, self)

    async def _send_close(self, code: int) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.send({"type": "websocket.close", "code": code})
        except (TimeoutError, OSError):
            # The client reads nothing; the server drops the connection.
            return

    async def _handle(self, frame: frames.ClientFrame) -> None:
        if isinstance(frame, frames.Ping):
            await self._write(frames.PONG)
            return
        try:
            if isinstance(frame, frames.SessionStart):
                await self._start(frame)
            elif self._session is None:
                await self._write(frames.error_frame("no_session", "Send session.start first."))
                raise Closed(BAD_FRAME)
            else:
                await self._act(self._session, frame)
        except AppError as error:
            await self._write(frames.refusal_frame(error, _ref(frame)))
            if error.retry_after is not None:
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        except DATABASE_AWAY as error:
            log.warning("a frame could not be served: %s", type(error).__name__)
            await self._write(frames.refusal_frame(_unavailable(), _ref(frame)))

    async def _start(self, frame: frames.SessionStart) -> None:
        if self._session is not None:
            raise InvalidRequest("The session has started already.")
        try:
            key = await in_platform(sessions.identify_key, frame.key, self._handshake.host)
            opening = SessionRequest(
                visitor_token=frame.visitor_token,
                identity_jwt=frame.identity_jwt,
                conversation_id=frame.conversation_id,
            )
            assert key.chatbot_id is not None
            plan = await current_plan(key.tenant_id)
            await check_session_rate(
                tenant_id=key.tenant_id,
                turns_per_minute=plan.turns_per_minute,
                visitor_turns_per_minute=plan.visitor_turns_per_minute,
                address=self._handshake.address or "unknown",
            )
            await _session_pace.until_due(key.tenant_id, _SESSIONS_PER_SECOND)
            session = await in_tenant(
                key.tenant_id,
                sessions.open_session,
                key.tenant_id,
                key.chatbot_id,
                self._handshake.origin,
                opening,
                host=self._handshake.host,
            )
        except NotFound as error:
            if frame.conversation_id is None:
                await self._refuse(error, BAD_KEY)
            raise
        except OriginRefused as error:
            await self._refuse(error, BAD_ORIGIN)
        except RateLimited as error:
            await self._refuse(error, TOO_SLOW)
        except AppError as error:
            await self._refuse(error, BAD_KEY)
        else:
            await self._send_ready(session, may_spend=plan.may_spend)
            self._session, self._key_id = session, key.key_id
            self._budget = FrameBudget(**_FRAMES)
            watch(key.tenant_id, key.key_id, self)
            if self._session_timer is not None:
                self._session_timer.cancel()

    async def _refuse(self, error: AppError, code: int) -> None:
        await self._write(frames.refusal_frame(error, "session.start"))
        raise Closed(code) from error

    async def _send_ready(self, session: Session, *, may_spend: bool) -> None:
        chatbot, active = session.chatbot, session.active
        await self._write(
            frames.write_frame(
                "session.ready",
                visitor_token=session.visitor_token,
                conversation_id=session.conversation_id,
                chatbot={
                    "name": chatbot.name,
                    "welcome": chatbot.welcome,
                    **chatbot.look,
                    "suggested_questions": chatbot.suggested_questions,
                    "contact": chatbot.contact,
                    "marks_unsupported": chatbot.unsupported_statements != Unsupported.SHOW,
                },
                answerer=answerer_of(chatbot.model, may_spend=may_spend),
                messages=session.messages,
                active_turn=active
                and {
                    "turn_id": active.turn_id,
                    "last_event_id": event_id(active.turn_id, await latest(active)),
                },
            )
        )

    async def _act(self, session: Session, frame: frames.ClientFrame) -> None:
        if isinstance(frame, frames.TurnCreate):
            await self._create(session, frame)
        elif isinstance(frame, frames.TurnStop):
            await stop_turn(await self._own_turn(session, frame.turn_id))
        elif isinstance(frame, frames.TurnResume):
            await self._resume(session, frame)
        elif isinstance(frame, frames.FeedbackCreate):
            await in_tenant(
                session.tenant_id,
                services.record_feedback,
                message_id=frame.message_id,
                chatbot_id=session.chatbot.id,
                visitor_id=session.visitor_id,
                value=frame.value,
                comment=without_nul(frame.comment or ""),
            )
        elif isinstance(frame, frames.ConversationsList):
            await self._list_past(session, frame)

    async def _list_past(self, session: Session, frame: frames.ConversationsList) -> None:
        if not self._lists.take(asyncio.get_running_loop().time()):
            raise RateLimited("This list was asked for too often.", retry_after=5)
        page = await in_tenant(
            session.tenant_id,
            list_past,
            chatbot_id=session.chatbot.id,
            visitor_id=session.visitor_id,
            limit=frame.limit,
            after=frame.after,
        )
        about = {"conversations": page.conversations, "next_cursor": page.next_cursor}
        await self._write(frames.write_frame("conversations.listed", **about))

    async def _create(self, session: Session, frame: frames.TurnCreate) -> None:
        self._followed.check_room()
        started = await start_turn(
            Question(
                tenant_id=session.tenant_id,
                chatbot_id=session.chatbot.id,
                text=check_text(frame.text),
                client_turn_id=frame.client_turn_id,
                visitor_id=session.visitor_id,
                conversation_id=session.conversation_id,
                channel=session.channel,
                address=self._handshake.address,
                retry_of=frame.retry_of,
            )
        )
        self._pause = _PAUSE_SECONDS
        self._followed.follow(started.turn, 0)

    async def _resume(self, session: Session, frame: frames.TurnResume) -> None:
        after = sequence(frame.last_event_id, frame.turn_id)
        if after is None:
            raise InvalidRequest("This last_event_id is not of this turn.", param="last_event_id")
        turn = await self._own_turn(session, frame.turn_id)
        self._followed.leave(turn.turn_id)
        self._followed.check_room()
        self._followed.follow(turn, after)

    async def _own_turn(self, session: Session, turn_id: UUID) -> TurnRef:
        return await in_tenant(
            session.tenant_id,
            access.access_turn,
            session.tenant_id,
            turn_id,
            chatbot_id=session.chatbot.id,
            visitor_id=session.visitor_id,
        )

    async def _write(self, text: str) -> None:
        try:
            async with asyncio.timeout(settings.SOCKET_SEND_SECONDS):
                await self.send({"type": "websocket.send", "text": text})
        except (TimeoutError, OSError) as error:
            raise Closed(TOO_SLOW) from error


def _unavailable() -> Unavailable:
    return Unavailable("The service is not available at the moment. Try again shortly.")


def _ref(frame: frames.ClientFrame) -> str | None:
    for name in ("client_turn_id", "turn_id", "message_id"):
        if hasattr(frame, name):
            return str(getattr(frame, name))
    named = isinstance(frame, frames.SessionStart | frames.ConversationsList)
    return str(type(frame).__struct_config__.tag) if named else None
