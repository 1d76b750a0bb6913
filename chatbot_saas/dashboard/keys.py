"""API keys of a workspace: made, shown once, revoked."""

from datetime import datetime, timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from chatbot_saas.web.forms import ServiceForm
from chatbot_saas.web.pages import actor_of, member_of, page
from core.errors import AppError
from tenants.keys import api_keys
from tenants.keys.api_keys import SCOPES, IssuedKey

_LIVES = [
    ("", gettext_lazy("Never")),
    ("30", gettext_lazy("In 30 days")),
    ("90", gettext_lazy("In 90 days")),
    ("365", gettext_lazy("In a year")),
]


class KeyForm(ServiceForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("What will use it, so that you know it again."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("May"),
        choices=[(scope, scope) for scope in sorted(SCOPES)],
        widget=forms.CheckboxSelectMultiple,
        initial=["chat", "documents:read", "documents:write"],
    )
    days = forms.ChoiceField(label=gettext_lazy("Ends"), choices=_LIVES, required=False)

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


@page("keys:read")
def keys(request: HttpRequest) -> HttpResponse:
    return _page(request)


@sensitive_variables("issued")
@page("keys:write", "POST")
def create_key(request: HttpRequest) -> HttpResponse:
    """Shows the new key, this once."""
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=400)
    try:
        issued = api_keys.issue_secret_key(
            tenant_id=member_of(request).tenant_id,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(),
            actor=actor_of(request),
        )
    except AppError as error:
        form.add_refusal(error)
        return _page(request, form=form, status=error.status)
    return _page(request, issued=issued, status=201)


@page("keys:write", "POST")
def revoke_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    tenant_id = member_of(request).tenant_id
    api_keys.revoke_key(tenant_id=tenant_id, key_id=key_id, actor=actor_of(request))
    messages.success(request, _("The key is revoked: it opens nothing any more."))
    return redirect("keys")


def _page(
    request: HttpRequest,
    *,
    form: KeyForm | None = None,
    issued: IssuedKey | None = None,
    status: int = 200,
) -> HttpResponse:
    found = api_keys.list_keys(member_of(request).tenant_id).keys
    context = {
        "secret_keys": [key for key in found if key.kind == "secret"],
        "publishable_keys": [key for key in found if key.kind == "publishable"],
        "form": form or KeyForm(),
        "issued": issued,
    }
    return render(request, "tenants/keys.html", context, status=status)
