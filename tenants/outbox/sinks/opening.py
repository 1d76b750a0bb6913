"""Which sink is configured."""

from django.conf import settings

from tenants.outbox.sinks.base import Sink
from tenants.outbox.sinks.url import SinkURL, read_sink_url


def open_sink(url: SinkURL | None = None) -> Sink:
    """The configured one. Connects later. What it needs is loaded here: nobody else pays for it."""
    chosen = url or read_sink_url(settings.EVENT_SINK_URL)
    if chosen.kind == "kafka":
        from tenants.outbox.sinks.kafka import KafkaSink

        return KafkaSink(chosen)
    if chosen.kind == "amqp":
        from tenants.outbox.sinks.rabbitmq import RabbitMQSink

        return RabbitMQSink(chosen)
    from tenants.outbox.sinks.redis_streams import RedisSink

    return RedisSink(chosen)
