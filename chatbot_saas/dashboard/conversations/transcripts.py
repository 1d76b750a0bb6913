"""What was said: the list, one conversation, and why an answer is what it is."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from chatbot_saas.dashboard.conversations.failures import find_failure
from chatbot_saas.dashboard.conversations.filters import CHANNELS, NAMES, named, read_filter
from chatbot_saas.dashboard.conversations.spans import spans_of
from chatbot_saas.web.listing import address, query_of, text_in
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from conversations.chatbots import services as chatbots
from conversations.history import listing
from core.errors import NotFound

PER_PAGE = 25


@page("conversations:read")
def conversations(request: MemberRequest) -> HttpResponse:
    """The latest first; filters in the query, see `read_filter`."""
    wanted, after = read_filter(request), text_in(request, "after")
    found = listing.list_wanted(wanted, limit=PER_PAGE, after=after or None)
    # Asked for only where there is nothing else to show.
    nothing = not found.conversations and not after
    obstacles = [named(field) for field in listing.find_obstacles(wanted)] if nothing else []
    context = {
        "conversations": found.conversations,
        "chatbots": chatbots.list_chatbots(),
        "channels": CHANNELS.items(),
        "wanted": wanted,
        "is_filtered": bool(wanted.given),
        "obstacles": [(label, address(request, **{name: None})) for name, label in obstacles],
        "query": query_of(request, NAMES),
        "first_url": address(request, after=None) if after else "",
        "next_url": address(request, after=found.next_cursor) if found.next_cursor else "",
    }
    return render(request, "conversations/list.html", context)


@page("conversations:read")
def conversation(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    transcript = listing.read_transcript(conversation_id)
    return render(request, "conversations/transcript.html", {"transcript": transcript})


@page("conversations:write", "POST")
def delete_conversation(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    listing.delete_conversation(conversation_id=conversation_id, actor=request.member.actor)
    messages.success(request, _("The conversation is deleted."))
    return redirect("conversations")


@page("conversations:read")
def explanation(request: MemberRequest, conversation_id: UUID, turn_id: UUID) -> HttpResponse:
    found = listing.explain_turn(turn_id)
    # The address would otherwise show a turn below a conversation that it is not of.
    if found.conversation_id != conversation_id:
        raise NotFound("There is no such turn.")
    context = {
        "turn": found,
        "spans": spans_of(found.timings),
        "failure": find_failure(found.error_code, found.refused),
    }
    return render(request, "conversations/explanation.html", context)
