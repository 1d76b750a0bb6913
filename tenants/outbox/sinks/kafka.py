"""Kafka: an idempotent producer that waits for all replicas; the key chooses the partition."""

from collections.abc import Sequence
from uuid import UUID

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from tenants.outbox.envelope import CONTENT_TYPE
from tenants.outbox.sinks.base import SEND_SECONDS, Message, Report, SinkAway
from tenants.outbox.sinks.url import SinkURL

# Of the event itself: sending it again changes nothing.
_REFUSALS = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.POLICY_VIOLATION,
}


class KafkaSink:
    def __init__(self, url: SinkURL) -> None:
        self._topic = url.name
        self._options = _options(url)
        self._producer: Producer | None = None
        self._said = ""

    def send(self, messages: Sequence[Message]) -> Report:
        outcome = _Outcome()
        producer = self._open()
        for message in messages:
            try:
                producer.produce(
                    self._topic,
                    key=str(message.key),
                    value=message.body,
                    headers={"content-type": CONTENT_TYPE, "ce_id": str(message.id)},
                    on_delivery=outcome.of(message.id),
                )
            except KafkaException as error:
                outcome.failed(message.id, error.args[0])
            except BufferError:
                outcome.fault = "its queue is full"
        left = producer.flush(SEND_SECONDS)
        if left:
            outcome.fault = outcome.fault or self._said or "no acknowledgement came in time"
        if outcome.fault:
            # What is still on its way would come after what is sent again.
            producer.purge()
            producer.poll(0)
            self.close()
        fault = f"Kafka: {outcome.fault}" if outcome.fault else ""
        return Report(frozenset(outcome.arrived), outcome.refused, fault)

    def _open(self) -> Producer:
        if self._producer is None:
            try:
                self._producer = Producer({**self._options, "error_cb": self._note})
            except KafkaException as error:
                # A file that is no certificate, or an option that this server's library lacks.
                raise SinkAway(f"Kafka: {error.args[0].str()}") from None
        return self._producer

    def _note(self, error: KafkaError) -> None:
        self._said = error.str()

    def close(self) -> None:
        self._producer = None


class _Outcome:
    """What the reports of one batch say."""

    def __init__(self) -> None:
        self.arrived: set[UUID] = set()
        self.refused: dict[UUID, str] = {}
        self.fault = ""

    def of(self, message_id: UUID) -> "_Reporter":
        return _Reporter(self, message_id)

    def failed(self, message_id: UUID, error: KafkaError) -> None:
        if error.code() in _REFUSALS:
            self.refused[message_id] = error.str()
        else:
            self.fault = error.str()


class _Reporter:
    def __init__(self, outcome: _Outcome, message_id: UUID) -> None:
        self._outcome, self._id = outcome, message_id

    def __call__(self, error: KafkaError | None, message: Delivered) -> None:
        if error is None:
            self._outcome.arrived.add(self._id)
        else:
            self._outcome.failed(self._id, error)


def _options(url: SinkURL) -> dict[str, str | int | bool]:
    options: dict[str, str | int | bool] = {
        "bootstrap.servers": url.address,
        "security.protocol": url.options["security"],
        "enable.idempotence": True,
        "acks": "all",
        # An event that has not arrived by then is given back, and sent again from the database.
        "message.timeout.ms": 1000 * (SEND_SECONDS - 2),
        "socket.timeout.ms": 1000 * (SEND_SECONDS - 4),
        "linger.ms": 0,
        # A broker that is back is found within a second.
        "reconnect.backoff.max.ms": 1000,
        # As Kafka's own clients choose: others find the same key in the same partition.
        "partitioner": "murmur2_random",
        "message.max.bytes": int(url.options.get("max_bytes", 1_000_000)),
        "client.id": "chatbot-saas",
        # Its own lines on stderr are no JSON.
        "log_level": 2,
    }
    if url.username:
        options["sasl.mechanism"] = url.options.get("mechanism", "SCRAM-SHA-512")
        options |= {"sasl.username": url.username, "sasl.password": url.password}
    if "ca" in url.options:
        options["ssl.ca.location"] = url.options["ca"]
    return options
