"""API keys of a workspace: created, shown once, revoked."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from chatbot_saas.web.forms import NameField
from chatbot_saas.web.once import keep_once, take_once
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import ServiceForm, ServiceFormView
from tenants.keys import api_keys
from tenants.keys.api_keys import SCOPES

_LIVES = [
    ("", gettext_lazy("Never")),
    ("30", gettext_lazy("In 30 days")),
    ("90", gettext_lazy("In 90 days")),
    ("365", gettext_lazy("In a year")),
]


class KeyForm(ServiceForm):
    name = NameField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("What will use it, so that you know it again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Permissions"),
        choices=[(scope, scope) for scope in sorted(SCOPES)],
        widget=forms.CheckboxSelectMultiple,
        initial=["chat", "documents:read", "documents:write"],
    )
    days = forms.ChoiceField(label=gettext_lazy("Expires"), choices=_LIVES, required=False)

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        # By the server's clock, like the check: the browser's may be wrong.
        return timezone.now() + timedelta(days=int(days)) if days else None


class KeysView(ServiceFormView[KeyForm]):
    """The list with the form to create a key. The next page shows it whole, this once."""

    request: MemberRequest
    form_class = KeyForm
    template_name = "tenants/keys.html"

    @method_decorator(sensitive_variables("issued"))
    def perform(self, form: KeyForm) -> HttpResponse:
        issued = api_keys.issue_secret_key(
            tenant_id=self.request.member.tenant_id,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(),
            actor=self.request.member.actor,
        )
        keep_once(self.request, "key", {"name": issued.key.name, "raw": issued.raw})
        return redirect("keys")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        found = api_keys.list_keys(self.request.member.tenant_id).keys
        return super().get_context_data(
            issued=take_once(self.request, "key"),
            secret_keys=[key for key in found if key.kind == "secret"],
            orphans=sum(key.is_orphan for key in found),
            publishable_keys=[key for key in found if key.kind == "publishable"],
            **context,
        )


keys = page("keys:read")(KeysView.as_view())
create_key = page("keys:write", "POST")(KeysView.as_view())


@page("keys:write", "POST")
def revoke_key(request: MemberRequest, key_id: UUID) -> HttpResponse:
    tenant_id = request.member.tenant_id
    api_keys.revoke_key(tenant_id=tenant_id, key_id=key_id, actor=request.member.actor)
    messages.success(request, _("The key is revoked: it opens nothing any more."))
    return redirect("keys")
