"""RabbitMQ: persistent messages to a topic exchange, each confirmed; what no queue takes is refused,
and a queue that is full is waited for."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import amqp
from amqp.exceptions import AMQPError, NotFound

from tenants.outbox.envelope import CONTENT_TYPE
from tenants.outbox.sinks.base import SEND_SECONDS, Message, Report, SinkAway
from tenants.outbox.sinks.url import SinkURL

_CONNECT_SECONDS = 5
_PERSISTENT = 2
_FAULTS = (AMQPError, OSError)


class RabbitMQSink:
    """`exchange` is made as a durable topic exchange where it is missing; another kind may be there."""

    def __init__(self, url: SinkURL) -> None:
        parts = urlsplit(url.address)
        self._exchange = url.name
        self._options: dict[str, Any] = {
            "host": f"{parts.hostname}:{parts.port or (5671 if url.is_tls else 5672)}",
            "userid": unquote(parts.username or "guest"),
            "password": unquote(parts.password or "guest"),
            # `amqp://host//` and `amqp://host` are the vhost “/”, as Celery reads them.
            "virtual_host": unquote(parts.path[1:]) or "/",
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": SEND_SECONDS,
            "write_timeout": SEND_SECONDS,
            "ssl": {"ca_certs": url.options.get("ca"), "server_hostname": parts.hostname}
            if url.is_tls
            else False,
        }
        self._connection: amqp.Connection | None = None
        self._confirms: _Confirms | None = None

    def send(self, messages: Sequence[Message]) -> Report:
        try:
            confirms = self._open()
        except _FAULTS as error:
            self.close()
            raise SinkAway(f"RabbitMQ: {error}") from error
        fault = ""
        try:
            for message in messages:
                confirms.publish(self._exchange, message)
            confirms.wait(time.monotonic() + SEND_SECONDS)
        except _FAULTS as error:
            fault = f"RabbitMQ: {error!r}"
        fault = fault or confirms.fault
        if confirms.open and not fault:
            fault = "RabbitMQ confirmed nothing in time"
        report = confirms.report(fault)
        if fault:
            # What is confirmed late must not be taken for the next one's.
            self.close()
        return report

    def _open(self) -> "_Confirms":
        if self._connection is not None and self._connection.connected:
            # After a pause: a connection that was closed meanwhile says so now.
            self._connection.heartbeat_tick()
        if self._confirms is None or self._connection is None:
            self._connection = amqp.Connection(**self._options)
            self._connection.connect()
            self._declare(self._connection)
            self._confirms = _Confirms(self._connection.channel())
        return self._confirms

    def _declare(self, connection: amqp.Connection) -> None:
        try:
            connection.channel().exchange_declare(self._exchange, "topic", passive=True)
        except NotFound:
            # What was not found has closed its channel.
            connection.channel().exchange_declare(
                self._exchange, "topic", durable=True, auto_delete=False
            )

    def close(self) -> None:
        connection, self._connection, self._confirms = self._connection, None, None
        if connection is not None:
            try:
                connection.collect()
            except _FAULTS:
                return


class _Confirms:
    """What RabbitMQ has said of the messages of one channel, which are numbered as they are sent."""

    def __init__(self, channel: amqp.Channel) -> None:
        self._channel = channel
        self._sent = 0
        self._started()
        channel.confirm_select()
        # Made by its base class, of which its types know nothing.
        events: dict[str, set[object]] = vars(channel)["events"]
        events["basic_ack"].add(self._acked)
        events["basic_nack"].add(self._nacked)
        events["basic_return"].add(self._returned)

    def _started(self) -> None:
        self.open: dict[int, UUID] = {}
        self._arrived: set[UUID] = set()
        self._refused: dict[UUID, str] = {}
        self.fault = ""

    def publish(self, exchange: str, message: Message) -> None:
        body = amqp.Message(
            message.body,
            content_type=CONTENT_TYPE,
            delivery_mode=_PERSISTENT,
            message_id=str(message.id),
            type=message.type,
            headers={"key": str(message.key)},
        )
        self._sent += 1
        self.open[self._sent] = message.id
        self._channel.basic_publish(body, exchange, routing_key=message.type, mandatory=True)

    def wait(self, until: float) -> None:
        while self.open:
            left = until - time.monotonic()
            if left <= 0:
                return
            self._channel.connection.drain_events(timeout=left)

    def report(self, fault: str) -> Report:
        report = Report(frozenset(self._arrived), self._refused, fault)
        self._started()
        return report

    def _acked(self, number: int, multiple: bool) -> None:
        for each in self._meant(number, multiple):
            message_id = self.open.pop(each)
            # A returned message is confirmed as well, afterwards.
            if message_id not in self._refused:
                self._arrived.add(message_id)

    def _nacked(self, number: int, multiple: bool) -> None:
        for each in self._meant(number, multiple):
            # The queue's state, and no fault of the event: it is full, or its node could not store it.
            del self.open[each]
            self.fault = "RabbitMQ: a queue is full, or cannot store anything now"

    def _meant(self, number: int, multiple: bool) -> list[int]:
        if multiple:
            return [each for each in self.open if each <= number]
        return [number] if number in self.open else []

    def _returned(self, reason: Exception, exchange: str, key: str, message: amqp.Message) -> None:
        message_id = UUID(message.properties["message_id"])
        self._refused[message_id] = f"no queue takes {key} from the exchange {exchange}"
