"""Sign-up on the platform's host: an account, and a workspace with its first chatbot."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.dashboard.confirmation import offer_confirmation
from chatbot_saas.dashboard.login import entering_page
from chatbot_saas.web.forms import NameField, email_field, name_field, new_password_field
from chatbot_saas.web.once import keep_once, take_once
from chatbot_saas.web.pages import host_url, open_page
from chatbot_saas.web.service_form import ServiceForm, ServiceFormView
from conversations.chatbots import onboarding
from conversations.chatbots.onboarding import Workspace
from core.errors import InvalidRequest, RateLimited, Unavailable
from tenants.limits.forms import throttle
from tenants.models import User
from tenants.people.accounts import check_password_strength
from tenants.people.sessions import sign_in
from tenants.requests import TenantRequest
from tenants.schemas.provisioning import LONGEST_SLUG, check_slug, is_slug_taken, slug_taken

_RATE = "20/h"


class WorkspaceForm(ServiceForm):
    workspace = NameField(
        label=_("Company or team"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    slug = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_SLUG,
        help_text=_("Lower-case letters, digits and hyphens. Your dashboard will live there."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        try:
            check_slug(slug)
        except InvalidRequest as error:
            raise forms.ValidationError(error.message, code=error.code) from error
        return slug


class SignUpForm(WorkspaceForm):
    name = name_field()
    email = email_field()
    password = new_password_field()

    field_order = ["name", "email", "password", "workspace", "slug"]

    def clean(self) -> dict[str, Any]:
        """A weak password is told with everything else, not after it."""
        fields = {name: self.cleaned_data.get(name, "") for name in ("password", "email", "name")}
        if fields["password"]:
            try:
                check_password_strength(**fields)
            except InvalidRequest as error:
                self.add_refusal(error)
        return self.cleaned_data


class SignUpView(ServiceFormView[SignUpForm]):
    """Everything or nothing: a refused slug leaves no account behind. Whether the address has an account
    already is told to its owner alone, by mail; see docs/architecture.md."""

    form_class = SignUpForm
    template_name = "conversations/sign_up.html"

    def form_invalid(self, form: SignUpForm) -> HttpResponse:
        _tell_if_taken(self.request, form)
        return super().form_invalid(form)

    def perform(self, form: SignUpForm) -> HttpResponse:
        fields = form.cleaned_data
        email = fields["email"]
        throttle(self.request, "sign-up", per_address=_RATE, subject=email, per_subject="10/h")
        own_origin = _own_origin(self.request, fields["slug"])
        # Counted before: an account and a schema are the dearest things a stranger can have made.
        user, made = onboarding.sign_up(**fields, own_origin=own_origin, with_secret_key=False)
        sign_in(self.request, user)
        offer_confirmation(self.request, user)
        return _created(self.request, made)


class NewWorkspaceView(ServiceFormView[WorkspaceForm]):
    """One more workspace for somebody who is signed in."""

    form_class = WorkspaceForm
    template_name = "conversations/new_workspace.html"

    def perform(self, form: WorkspaceForm) -> HttpResponse:
        throttle(self.request, "sign-up", per_address=_RATE)
        slug = form.cleaned_data["slug"]
        user = self.request.user
        assert isinstance(user, User)
        made = onboarding.create_owned_workspace(
            user_id=user.pk,
            name=form.cleaned_data["workspace"],
            slug=slug,
            own_origin=_own_origin(self.request, slug),
            with_secret_key=False,
        )
        return _created(self.request, made)


sign_up = sensitive_post_parameters("password")(open_page("GET", "POST")(SignUpView.as_view()))
new_workspace = open_page("GET", "POST")(
    login_required(NewWorkspaceView.as_view(), redirect_field_name=None, login_url="login")
)


def _own_origin(request: HttpRequest, slug: str) -> str:
    """The workspace's own pages, where the preview runs, at the port that this request came to."""
    return host_url(request, f"{slug}.{settings.TENANT_HOST_SUFFIX}", "")


def _tell_if_taken(request: TenantRequest, form: WorkspaceForm) -> None:
    """With what else is wrong, as often as one may sign up: it must be no quick way to find out which
    workspaces there are."""
    slug = form.cleaned_data.get("slug")
    if not slug:
        return
    try:
        throttle(request, "sign-up-slug", per_address=_RATE)
    except (RateLimited, Unavailable):
        return
    if is_slug_taken(slug):
        form.add_refusal(slug_taken(slug))


def _created(request: TenantRequest, made: Workspace) -> HttpResponse:
    """Leads on to the workspace. A page of its own, because a form is answered with a redirect."""
    keep_once(request, "workspace", {"tenant_id": str(made.tenant.id)})
    return redirect("workspace_ready")


@open_page("GET")
def workspace_ready(request: TenantRequest) -> HttpResponse:
    """Opens a new workspace. Loaded again, it is the list of workspaces."""
    if not request.user.is_authenticated:
        return redirect("login")
    made = take_once(request, "workspace")
    if made is None:
        return redirect("workspaces")
    return entering_page(request, request.user, UUID(made["tenant_id"]))
