"""On which pages a chatbot has been opened (in the tenant's context)."""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

from cachetools import TTLCache
from django.db import connection

from conversations import models
from conversations.chatbots.origins import canonical, parse_origin
from core import analytics
from tenants.access import find_hosts
from tenants.context import current_tenant_id

# Pages come and go with the chatbot's list of origins; the latest are kept.
MAX_ORIGINS = 60
# Seconds in which an origin that a process has just noted is not noted again.
_NOTED_SECONDS = 60.0

# A row that is a few minutes fresh is left alone: a busy page opens thousands of chats. A chatbot
# that is being deleted is noted no more.
_NOTE = """
INSERT INTO conversations_sighting AS known (chatbot_id, origin, first_seen_at, last_seen_at)
SELECT id, %s, now(), now() FROM conversations_chatbot
WHERE id = %s AND removed_at IS NULL FOR KEY SHARE
ON CONFLICT (chatbot_id, origin) DO UPDATE SET last_seen_at = now()
    WHERE known.last_seen_at < now() - interval '5 minutes'
RETURNING first_seen_at = last_seen_at
"""
_FORGET = """
DELETE FROM conversations_sighting WHERE chatbot_id = %s AND id NOT IN (
    SELECT id FROM conversations_sighting WHERE chatbot_id = %s
    ORDER BY last_seen_at DESC, id DESC LIMIT %s
)
"""
_noted: TTLCache[tuple[UUID, str], bool] = TTLCache(4096, _NOTED_SECONDS)
# Database steps run on several threads.
_noting = Lock()


@dataclass(frozen=True, slots=True)
class OriginSighting:
    """A page's origin, `scheme://host[:port]`; times are right to a few minutes."""

    origin: str
    first_seen_at: datetime
    last_seen_at: datetime


def note_sighting(*, chatbot_id: UUID, origin: str) -> None:
    """A chat was opened on a page of this origin, which the chatbot's list allows."""
    name = canonical(origin)
    if name is None:
        return
    with _noting:
        if (chatbot_id, name) in _noted:
            return
        _noted[chatbot_id, name] = True
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [name, chatbot_id])
        written = cursor.fetchone()
        if written is None or not written[0]:
            return
        cursor.execute(_FORGET, [chatbot_id, chatbot_id, MAX_ORIGINS])
    if analytics.is_on():
        _track_first(chatbot_id, name)


def _track_first(chatbot_id: UUID, name: str) -> None:
    """The workspace's own pages have a preview, and are no installation."""
    hosts = find_hosts(current_tenant_id())
    seen = models.Sighting.objects.filter(chatbot_id=chatbot_id).values_list("origin", flat=True)
    foreign = [origin for origin in seen if (parse_origin(origin) or ("", "", 0))[1] not in hosts]
    if foreign == [name]:
        analytics.track("widget_first_seen", tenant_id=current_tenant_id(), chatbot_id=chatbot_id)


def list_sightings(chatbot_id: UUID) -> list[OriginSighting]:
    """The latest first; none for a chatbot that is not there."""
    rows = models.Sighting.objects.filter(chatbot_id=chatbot_id).order_by("-last_seen_at", "origin")
    return [OriginSighting(row.origin, row.first_seen_at, row.last_seen_at) for row in rows]
