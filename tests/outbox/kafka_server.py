"""librdkafka's own mock of a Kafka cluster, as a server process that listens on ports of loopback.

`python -m tests.outbox.kafka_server TOPIC`: prints its addresses, then obeys lines of stdin:
`down`, `up`, `slow MS`, `fail CODE COUNT`, and answers each with a line.
"""

import ctypes
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROKERS = 3
PARTITIONS = 4
_PRODUCE = 0
# librdkafka's own code: the broker ends the connection instead of answering.
DISCONNECT = -195
MESSAGE_TOO_LARGE = 10


def _library() -> ctypes.CDLL:
    import confluent_kafka

    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(folder.glob("librdkafka*"))))
    pointer = ctypes.c_void_p
    library.rd_kafka_conf_new.restype = pointer
    library.rd_kafka_new.restype = pointer
    library.rd_kafka_new.argtypes = [ctypes.c_int, pointer, ctypes.c_char_p, ctypes.c_size_t]
    library.rd_kafka_mock_cluster_new.restype = pointer
    library.rd_kafka_mock_cluster_new.argtypes = [pointer, ctypes.c_int]
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    library.rd_kafka_mock_cluster_bootstraps.argtypes = [pointer]
    library.rd_kafka_mock_topic_create.argtypes = [
        *(pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)
    ]
    for name in ("down", "up"):
        getattr(library, f"rd_kafka_mock_broker_set_{name}").argtypes = [pointer, ctypes.c_int32]
    library.rd_kafka_mock_broker_set_rtt.argtypes = [pointer, ctypes.c_int32, ctypes.c_int]
    library.rd_kafka_mock_push_request_errors_array.argtypes = [
        *(pointer, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int))
    ]
    return library


def main(topic: str) -> None:
    library = _library()
    said = ctypes.create_string_buffer(512)
    handle = library.rd_kafka_new(0, library.rd_kafka_conf_new(), said, len(said))
    assert handle, said.value
    cluster = library.rd_kafka_mock_cluster_new(handle, BROKERS)
    library.rd_kafka_mock_topic_create(cluster, topic.encode(), PARTITIONS, BROKERS)
    print(library.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
    for line in sys.stdin:
        command, *values = line.split()
        brokers = range(1, BROKERS + 1)
        if command in ("down", "up"):
            for broker in brokers:
                getattr(library, f"rd_kafka_mock_broker_set_{command}")(cluster, broker)
        elif command == "slow":
            for broker in brokers:
                library.rd_kafka_mock_broker_set_rtt(cluster, broker, int(values[0]))
        elif command == "fail":
            codes = (ctypes.c_int * int(values[1]))(*[int(values[0])] * int(values[1]))
            library.rd_kafka_mock_push_request_errors_array(cluster, _PRODUCE, len(codes), codes)
        print(command, flush=True)


class KafkaServer:
    """The process, as a test holds it."""

    def __init__(self, popen: "subprocess.Popen[str]", topic: str) -> None:
        assert popen.stdin is not None and popen.stdout is not None
        self._said, self._heard, self.topic = popen.stdin, popen.stdout, topic
        self.bootstrap = self._heard.readline().strip()
        self.url = f"kafka://{self.bootstrap}/{topic}"

    def tell(self, *words: object) -> None:
        """Returns when it has done so."""
        self._said.write(" ".join(str(word) for word in words) + "\n")
        self._said.flush()
        assert self._heard.readline().strip() == str(words[0])

    def restart(self) -> None:
        """Every connection ends, and with it what was not acknowledged yet."""
        self.tell("down")
        self.tell("up")

    def read(self) -> list[dict[str, Any]]:
        """Everything that is in the topic, of each partition in its order."""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": "reader", "log_level": 0}
        )
        found: list[dict[str, Any]] = []
        for number in range(PARTITIONS):
            partition = TopicPartition(self.topic, number, 0)
            _, end = consumer.get_watermark_offsets(partition, timeout=30)
            consumer.assign([partition])
            last = -1
            while last < end - 1:
                message = consumer.poll(30)
                assert message is not None, "the topic cannot be read"
                if message.error() is None:
                    last, value = message.offset() or 0, message.value()
                    found.append(json.loads(value or b""))
        consumer.close()
        return found


@contextmanager
def running(topic: str = "events") -> Iterator[KafkaServer]:
    command = [sys.executable, "-m", "tests.outbox.kafka_server", topic]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as popen:
        try:
            yield KafkaServer(popen, topic)
        finally:
            popen.kill()


if __name__ == "__main__":
    main(sys.argv[1])
