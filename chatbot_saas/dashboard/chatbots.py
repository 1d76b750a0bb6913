"""Chatbots: the list, creating one, its settings with a preview, deleting it."""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from billing.selectors import list_priced_models
from chatbot_saas.dashboard.forms import (
    AvatarForm,
    ChatbotForm,
    DeleteChatbotForm,
    NewChatbotForm,
    initial_of,
)
from chatbot_saas.dashboard.install import publishable_key
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import F, ServiceFormView
from conversations.chatbots import avatars
from conversations.chatbots import services as service
from conversations.chatbots.services import ChatbotSettings
from knowledge.document_list import list_sources
from tenants.keys.visitor_tokens import issue_preview_token


class ChatbotsView(ServiceFormView[NewChatbotForm]):
    """The list, with the form to create one."""

    request: MemberRequest
    form_class = NewChatbotForm
    template_name = "conversations/chatbots.html"

    def perform(self, form: NewChatbotForm) -> HttpResponse:
        actor = self.request.member.actor
        made = service.create_chatbot(name=form.cleaned_data["name"], actor=actor)
        messages.success(self.request, _("“%s” is created. Set it up here.") % made.name)
        return redirect("chatbot", made.id)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(chatbots=service.list_chatbots(), **context)


class ChatbotPage(ServiceFormView[F]):
    """One chatbot: its settings, and the form that deletes it."""

    request: MemberRequest
    template_name = "conversations/chatbot.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._id: UUID = kwargs["chatbot_id"]

    @cached_property
    def chatbot(self) -> ChatbotSettings:
        return service.get(self._id)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        key = publishable_key(self.request.member.tenant_id, self._id)
        token = issue_preview_token(self.request.member.tenant_id, self._id)
        shown = super().get_context_data(chatbot=self.chatbot, key=key, token=token, **context)
        # The other forms, whichever were not sent.
        if "settings_form" not in shown:
            shown["settings_form"] = _settings_form(initial=initial_of(self.chatbot))
        if "delete_form" not in shown:
            shown["delete_form"] = DeleteChatbotForm(**_deleting(self.chatbot))
        shown.setdefault("avatar_form", AvatarForm())
        return shown


class SettingsView(ChatbotPage[ChatbotForm]):
    form_class = ChatbotForm
    form_name = "settings_form"

    def get_form(self, form_class: type[ChatbotForm] | None = None) -> ChatbotForm:
        # What was typed is shown again after an error, and not what is saved.
        if self.request.method == "POST":
            return _settings_form(self.request.POST)
        unsent = self.unsent()
        form = _settings_form(initial={**initial_of(self.chatbot), **unsent})
        form.is_unsaved = bool(unsent)
        return form

    def perform(self, form: ChatbotForm) -> HttpResponse:
        actor = self.request.member.actor
        service.update_chatbot(chatbot_id=self._id, actor=actor, **form.fields_of_service())
        messages.success(self.request, _("Saved. Visitors see it with their next visit."))
        return redirect("chatbot", self._id)


class AvatarView(ChatbotPage[AvatarForm]):
    """A new picture, or with `remove` none."""

    form_class = AvatarForm
    form_name = "avatar_form"

    def perform(self, form: AvatarForm) -> HttpResponse:
        content = None if form.removes else form.cleaned_data["avatar"].read()
        avatars.set_avatar(chatbot_id=self._id, content=content, actor=self.request.member.actor)
        messages.success(self.request, _("Saved. Visitors see it with their next visit."))
        return redirect("chatbot", self._id)


class DeleteView(ChatbotPage[DeleteChatbotForm]):
    """Asks for the name, because its conversations are deleted with it."""

    form_class = DeleteChatbotForm
    form_name = "delete_form"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), **_deleting(self.chatbot)}

    def perform(self, form: DeleteChatbotForm) -> HttpResponse:
        found = self.chatbot
        service.delete_chatbot(chatbot_id=self._id, actor=self.request.member.actor)
        messages.success(self.request, _("“%s” is deleted.") % found.name)
        return redirect("chatbots")


def _settings_form(data: object = None, **options: object) -> ChatbotForm:
    return ChatbotForm(data, models=list_priced_models(), sources=list_sources(), **options)


def _deleting(chatbot: ChatbotSettings) -> dict[str, Any]:
    return {"expected": chatbot.name, "prefix": "delete"}


chatbots = page("chatbots:read")(ChatbotsView.as_view())
create_chatbot = page("chatbots:write", "POST")(ChatbotsView.as_view())
chatbot = page("chatbots:read")(SettingsView.as_view())
save_chatbot = page("chatbots:write", "POST")(SettingsView.as_view())
save_avatar = page("chatbots:write", "POST")(AvatarView.as_view())
delete_chatbot = page("chatbots:write", "POST")(DeleteView.as_view())
