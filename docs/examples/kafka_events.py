"""Reads events from Kafka.

python kafka_events.py localhost:9092 events ledger.sqlite
"""

import sys

from confluent_kafka import Consumer
from ledger import Ledger


def main(servers: str, topic: str, path: str) -> None:
    ledger = Ledger(path)
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "reports",
            "auto.offset.reset": "earliest",
            # Only what is handled is committed; what is not comes again.
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            print(message.error(), file=sys.stderr)
            continue
        ledger.take(message.value())
        consumer.commit(message)


if __name__ == "__main__":
    main(*sys.argv[1:])
