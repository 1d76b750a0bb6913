"""Redis Streams: one entry for each event."""

from collections.abc import Sequence

import redis
from django.conf import settings
from redis.exceptions import RedisError

from tenants.outbox.sinks.base import SEND_SECONDS, Message, Report, SinkAway
from tenants.outbox.sinks.url import SinkURL

_MAX_LENGTH = 1_000_000


class RedisSink:
    def __init__(self, url: SinkURL) -> None:
        self._stream = url.name
        self._max_length = int(url.options.get("maxlen", _MAX_LENGTH))
        self._client = redis.Redis.from_url(
            url.address or settings.REDIS_URLS["events"],
            socket_connect_timeout=5,
            socket_timeout=SEND_SECONDS,
            health_check_interval=30,
        )

    def send(self, messages: Sequence[Message]) -> Report:
        # No MULTI: what has arrived of a pipeline that breaks is sent again, which may be.
        pipeline = self._client.pipeline(transaction=False)
        for message in messages:
            pipeline.xadd(
                self._stream,
                {"id": str(message.id), "key": str(message.key), "event": message.body},
                maxlen=self._max_length,
                approximate=True,
            )
        try:
            answers = pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise SinkAway(f"Redis: {error}") from error
        arrived = {
            message.id
            for message, answer in zip(messages, answers, strict=True)
            if not isinstance(answer, Exception)
        }
        # Full, read-only or no stream: the server's state, and no event's fault.
        faults = [str(answer) for answer in answers if isinstance(answer, Exception)]
        return Report(frozenset(arrived), {}, f"Redis: {faults[0]}" if faults else "")

    def close(self) -> None:
        self._client.close()
