"""Chatbots: the list, making one, its settings with a preview, deleting it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from billing.selectors import list_priced_models
from chatbot_saas.dashboard.forms import ChatbotForm, DeleteChatbotForm, NewChatbotForm, initial_of
from chatbot_saas.dashboard.install import publishable_key
from chatbot_saas.web.pages import actor_of, member_of, page
from conversations.chatbots import services as service
from core.errors import AppError
from knowledge.document_list import list_sources


@page("chatbots:read")
def chatbots(request: HttpRequest) -> HttpResponse:
    return _list(request)


@page("chatbots:write", "POST")
def create_chatbot(request: HttpRequest) -> HttpResponse:
    form = NewChatbotForm(request.POST)
    if not form.is_valid():
        return _list(request, form=form, status=400)
    try:
        made = service.create_chatbot(name=form.cleaned_data["name"], actor=actor_of(request))
    except AppError as error:
        form.add_refusal(error)
        return _list(request, form=form, status=error.status)
    messages.success(request, _("“%s” is made. Set it up here.") % made.name)
    return redirect("chatbot", made.id)


@page("chatbots:read")
def chatbot(request: HttpRequest, chatbot_id: UUID) -> HttpResponse:
    return _settings(request, chatbot_id)


@page("chatbots:write", "POST")
def save_chatbot(request: HttpRequest, chatbot_id: UUID) -> HttpResponse:
    form = _form(request.POST)
    if not form.is_valid():
        return _settings(request, chatbot_id, form=form, status=400)
    try:
        service.update_chatbot(
            chatbot_id=chatbot_id, actor=actor_of(request), **form.fields_of_service()
        )
    except AppError as error:
        if error.param is None:
            raise
        form.add_refusal(error)
        return _settings(request, chatbot_id, form=form, status=error.status)
    messages.success(request, _("Saved. Visitors see it with their next visit."))
    return redirect("chatbot", chatbot_id)


@page("chatbots:write", "POST")
def delete_chatbot(request: HttpRequest, chatbot_id: UUID) -> HttpResponse:
    """Asks for the name, because its conversations go as well."""
    found = service.get(chatbot_id)
    form = DeleteChatbotForm(request.POST, expected=found.name, prefix="delete")
    if not form.is_valid():
        return _settings(request, chatbot_id, deleting=form, status=400)
    service.delete_chatbot(chatbot_id=chatbot_id, actor=actor_of(request))
    messages.success(request, _("“%s” is deleted.") % found.name)
    return redirect("chatbots")


def _list(
    request: HttpRequest, *, form: NewChatbotForm | None = None, status: int = 200
) -> HttpResponse:
    context = {"chatbots": service.list_chatbots(), "form": form or NewChatbotForm()}
    return render(request, "conversations/chatbots.html", context, status=status)


def _form(data: object = None, **options: object) -> ChatbotForm:
    return ChatbotForm(data, models=list_priced_models(), sources=list_sources(), **options)


def _settings(
    request: HttpRequest,
    chatbot_id: UUID,
    *,
    form: ChatbotForm | None = None,
    deleting: DeleteChatbotForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = service.get(chatbot_id)
    context = {
        "chatbot": found,
        "form": form or _form(initial=initial_of(found)),
        "deleting": deleting or DeleteChatbotForm(expected=found.name, prefix="delete"),
        "key": publishable_key(member_of(request).tenant_id, chatbot_id),
    }
    return render(request, "conversations/chatbot.html", context, status=status)
