"""Reads events from RabbitMQ: a durable queue of its own, bound to all events or to some.

python rabbitmq_events.py amqp://guest:guest@localhost:5672// events ledger.sqlite
"""

import sys

from kombu import Connection, Consumer, Exchange, Message, Queue
from ledger import Ledger


def main(url: str, exchange: str, path: str) -> None:
    ledger = Ledger(path)

    def take(message: Message) -> None:
        ledger.take(message.body if isinstance(message.body, bytes) else message.body.encode())
        message.ack()

    # `turn.*` would take events of turns alone. What no queue takes is set aside, so one takes all.
    queue = Queue(
        "reports", Exchange(exchange, "topic", durable=True), routing_key="#", durable=True,
        queue_arguments={"x-single-active-consumer": True},
    )  # fmt: skip
    # One at a time: a second reader of the same queue would get a key's next event too early.
    with (
        Connection(url) as connection,
        Consumer(connection, [queue], on_message=take, prefetch_count=1),
    ):
        while True:
            connection.drain_events()


if __name__ == "__main__":
    main(*sys.argv[1:])
