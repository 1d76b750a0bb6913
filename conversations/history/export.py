"""Whole conversations to take away, message by message, in parts of a bounded size (in the tenant's
context)."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from conversations.history.filters import ConversationFilter
from conversations.history.matching import HITS, IS_WANTED, match_values
from conversations.models import Chatbot
from tenants.workspace.changes import given
from tenants.workspace.services import record_event

# Messages of a part: some hundred kilobytes, or a few megabytes where all are as long as they may be.
PART = 250
# Conversations that are looked up at once: a search costs the same for one as for all.
_AHEAD = 1000

# By id, which is when they began: what is said meanwhile moves none from behind this place before it.
_FOUND = f"""
WITH {HITS}
SELECT id FROM conversations_conversation
WHERE {IS_WANTED} AND (%(last)s::uuid IS NULL OR id < %(last)s)
ORDER BY id DESC LIMIT %(limit)s
"""  # noqa: S608 - of constants
_MESSAGES = """
WITH page AS (
    SELECT place, conversation_id, message.id, message.created_at
    FROM unnest(%(conversations)s::uuid[]) WITH ORDINALITY AS given(conversation_id, place)
    CROSS JOIN LATERAL (
        SELECT id, created_at FROM conversations_message AS said
        WHERE said.conversation_id = given.conversation_id
            AND (place > 1 OR %(after_time)s::timestamptz IS NULL
                 OR (created_at, id) > (%(after_time)s, %(after_id)s::uuid))
        ORDER BY created_at, id LIMIT %(limit)s
    ) message
    ORDER BY place, message.created_at, message.id LIMIT %(limit)s
)
SELECT conversation.id, conversation.channel, chatbot.name, conversation.external_user, message.id,
    message.created_at, message.role, message.text, message.status, sources.listed,
    coalesce(feedback.value, ''), coalesce(feedback.comment, '')
FROM page
JOIN conversations_message AS message ON message.id = page.id
JOIN conversations_conversation AS conversation ON conversation.id = page.conversation_id
JOIN conversations_chatbot AS chatbot ON chatbot.id = conversation.chatbot_id
LEFT JOIN conversations_feedback AS feedback ON feedback.message_id = message.id
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('n', n, 'title', title, 'url', url, 'page', page)
        ORDER BY n), '[]') AS listed
    FROM (
        SELECT DISTINCT ON (n) n, title, url, page FROM conversations_citation AS citation
        WHERE citation.message_id = message.id ORDER BY n, marker
    ) cited
) sources
ORDER BY page.place, message.created_at, message.id
"""


@dataclass(frozen=True, slots=True)
class ExportedSource:
    """What a reply cites as `[n]`."""

    n: int
    title: str
    url: str | None
    page: int | None


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """Something said, and where. `external_user` is the customer's own name for the visitor, empty
    without one; so are `thumb` and `comment`."""

    conversation_id: UUID
    channel: str
    chatbot: str
    external_user: str
    message_id: UUID
    time: datetime
    role: str
    text: str
    status: str
    sources: tuple[ExportedSource, ...]
    thumb: str
    comment: str


_NAMES = tuple(each.name for each in fields(ExportedMessage))


@dataclass(frozen=True, slots=True)
class Place:
    """How far an export is. `waiting` are conversations to be read, of which the first may be begun:
    its messages up to `after` are told. `last` is the last one that was looked up."""

    waiting: tuple[UUID, ...] = ()
    after: tuple[datetime, UUID] | None = None
    last: UUID | None = None


@dataclass(frozen=True, slots=True)
class ExportPart:
    """Some messages; `following` leads to those after them."""

    messages: tuple[ExportedMessage, ...]
    following: Place | None


def begin_export(*, wanted: ConversationFilter, form: str, actor: str) -> ExportPart:
    """Notes in the trail who takes what away, and gives the first part."""
    filters = {name: getattr(wanted, name) for name in wanted.given if name != "chatbot_id"}
    chosen = Chatbot.objects.filter(pk__in=[wanted.chatbot_id] if wanted.chatbot_id else [])
    bot = chosen.values_list("name", flat=True).first()
    with transaction.atomic():
        record_event(
            action="conversation.exported",
            actor=actor,
            target=str(wanted.chatbot_id or ""),
            name=bot or "",
            changes=given(format=form, **filters),
        )
    return read_part(wanted, Place())


def read_part(wanted: ConversationFilter, place: Place) -> ExportPart:
    """At most `PART` messages, conversations that began last first, in two statements."""
    if not place.waiting:
        place = _look_up(wanted, place.last)
    if not place.waiting:
        return ExportPart((), None)
    # Each has a message, or it would not be listed.
    asked = place.waiting[:PART]
    messages = _read(asked, place.after)
    if len(messages) < PART:
        return ExportPart(messages, Place(place.waiting[len(asked) :], None, place.last))
    end = messages[-1]
    begun = place.waiting[place.waiting.index(end.conversation_id) :]
    return ExportPart(messages, Place(begun, (end.time, end.message_id), place.last))


def _look_up(wanted: ConversationFilter, last: UUID | None) -> Place:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {**match_values(wanted), "last": last, "limit": _AHEAD})
        found = tuple(row[0] for row in cursor.fetchall())
    return Place(found, None, found[-1] if found else last)


def _read(
    conversations: tuple[UUID, ...], after: tuple[datetime, UUID] | None
) -> tuple[ExportedMessage, ...]:
    time, identifier = after or (None, None)
    values = {"after_time": time, "after_id": identifier, "limit": PART}
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, {**values, "conversations": list(conversations)})
        return tuple(_message(*row) for row in cursor.fetchall())


def _message(*columns: Any) -> ExportedMessage:
    values = dict(zip(_NAMES, columns, strict=True))
    cited = tuple(ExportedSource(**source) for source in json.loads(values["sources"]))
    return ExportedMessage(**values | {"sources": cited})
