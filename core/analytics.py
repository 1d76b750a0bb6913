"""Product analytics: that something happened in a workspace, told to PostHog. Silent unless
`POSTHOG_API_KEY` is set.

An event holds ids and words of our own, never what people wrote. It is sent after the commit of what it
tells of, by a thread of its own: a PostHog that is slow or away costs a request nothing.
"""

import logging
import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction

if TYPE_CHECKING:
    from posthog import Posthog

log = logging.getLogger(__name__)

Event = Literal[
    "signed_up",
    "workspace_created",
    "member_joined",
    "key_created",
    "chatbot_created",
    "widget_first_seen",
    "document_ready",
    "document_failed",
    "first_answer",
    "quota_reached",
]
_WORD = re.compile(r"[a-z][a-z_]{0,39}")
# What waits while PostHog is away: some hundred kB, and then events are dropped.
_MAX_WAITING = 1000


def is_on() -> bool:
    """Whether anybody listens: what costs a query to find out is not asked for otherwise."""
    return bool(settings.POSTHOG_API_KEY)


def track(
    event: Event,
    *,
    tenant_id: UUID | None = None,
    user_id: UUID | None = None,
    **details: UUID | str,
) -> None:
    """Sends the event once the open transaction is committed, and never when it is rolled back.

    `details` are ids, or words of our own such as `secret`; anything else is left out.
    """
    if is_on():
        send = partial(_send, event, tenant_id, user_id, details)
        transaction.on_commit(send, robust=True)


def track_now(event: Event, *, tenant_id: UUID, **details: UUID | str) -> None:
    """The same for a refusal, whose transaction is about to be rolled back."""
    if is_on():
        # What is refused is rolled back, and its callbacks after a commit never run.
        _send(event, tenant_id, None, details)


def _send(
    event: Event, tenant_id: UUID | None, user_id: UUID | None, details: dict[str, UUID | str]
) -> None:
    properties = {name: str(value) for name, value in details.items() if _is_harmless(value)}
    if len(properties) < len(details):
        # The name of the event alone: what was too much must not get into the log either.
        log.error("an event was told more than ids: %s", event)
    _client().capture(
        event,
        distinct_id=str(user_id or tenant_id),
        # Nobody's profile is made: an id is all that is known of them.
        properties={**properties, "$process_person_profile": False},
        groups={"workspace": str(tenant_id)} if tenant_id else {},
    )


def _is_harmless(value: UUID | str) -> bool:
    return isinstance(value, UUID) or _WORD.fullmatch(value) is not None


@lru_cache(maxsize=1)
def _client() -> "Posthog":
    # Loaded where it is used: it is memory that nobody else needs.
    from posthog import Posthog

    return Posthog(
        settings.POSTHOG_API_KEY,
        host=settings.POSTHOG_HOST,
        max_queue_size=_MAX_WAITING,
        flush_interval=1.0,
        # At the end of a process this is how long a PostHog that is away is waited for.
        timeout=3,
        max_retries=1,
        disable_geoip=True,
    )
