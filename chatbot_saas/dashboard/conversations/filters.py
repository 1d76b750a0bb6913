"""The filters of the list of conversations, as they stand in its address."""

from typing import cast

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chatbot_saas.web.listing import date_in, text_in, uuid_in
from conversations.history.filters import ConversationFilter, Feedback
from conversations.models import Channel

NAMES = ("q", "since", "until", "chatbot", "channel", "answered", "feedback")
CHANNELS = {
    Channel.WIDGET: _("Widget"),
    Channel.API: _("API"),
    Channel.COMPLETIONS: _("Completions"),
    Channel.PREVIEW: _("Preview"),
}
# What a field of the filter is in the address, and how its label calls it.
_FIELDS = {
    "search": ("q", _("Search")),
    "since": ("since", _("From")),
    "until": ("until", _("To")),
    "chatbot_id": ("chatbot", _("Chatbot")),
    "channel": ("channel", _("Channel")),
    "answered": ("answered", _("Outcome")),
    "failed": ("answered", _("Outcome")),
    "feedback": ("feedback", _("Thumbs")),
    "commented": ("feedback", _("Thumbs")),
}
_ANSWERED = {"yes": True, "no": False}


def read_filter(request: HttpRequest) -> ConversationFilter:
    """From the query: `q`, `since` and `until` (days), `chatbot`, `channel`, `answered` (yes, no, failed)
    and `feedback` (up, down, comment). Raises `InvalidRequest`."""
    answered, thumb = text_in(request, "answered"), text_in(request, "feedback")
    channel = text_in(request, "channel")
    return ConversationFilter(
        search=text_in(request, "q"),
        since=date_in(request, "since"),
        until=date_in(request, "until"),
        chatbot_id=uuid_in(request, "chatbot"),
        channel=channel if channel in CHANNELS else None,
        answered=_ANSWERED.get(answered),
        failed=answered == "failed",
        feedback=cast(Feedback, thumb) if thumb in ("up", "down") else None,
        commented=thumb == "comment",
    )


def named(field: str) -> tuple[str, str]:
    """(name in the address, label) of a field of the filter."""
    name, label = _FIELDS[field]
    return name, str(label)
