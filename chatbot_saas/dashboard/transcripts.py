"""What was said: the list, one conversation, and why an answer is what it is."""

from typing import Literal, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from chatbot_saas.dashboard.spans import spans_of
from chatbot_saas.web.listing import address, text_in, uuid_in
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from conversations.chatbots import services as chatbots
from conversations.history import listing
from core.errors import NotFound

PER_PAGE = 25
_STATES = {"yes": True, "no": False}
_THUMBS = ("up", "down")


@page("conversations:read")
def conversations(request: MemberRequest) -> HttpResponse:
    """Filters in the query: `q`, `chatbot`, `answered` (yes, no), `feedback` (up, down)."""
    thumb = text_in(request, "feedback")
    search, chatbot_id = text_in(request, "q"), uuid_in(request, "chatbot")
    answered = _STATES.get(text_in(request, "answered"))
    feedback = cast(Literal["up", "down"], thumb) if thumb in _THUMBS else None
    after = text_in(request, "after")
    found = listing.list_conversations(
        search=search,
        chatbot_id=chatbot_id,
        answered=answered,
        feedback=feedback,
        limit=PER_PAGE,
        after=after or None,
    )
    context = {
        "conversations": found.conversations,
        "chatbots": chatbots.list_chatbots(),
        "filters": {
            "search": search,
            "chatbot_id": chatbot_id,
            "answered": answered,
            "feedback": feedback,
        },
        "is_filtered": bool(search or chatbot_id or feedback or answered is not None),
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
    context = {"turn": found, "spans": spans_of(found.timings)}
    return render(request, "conversations/explanation.html", context)
