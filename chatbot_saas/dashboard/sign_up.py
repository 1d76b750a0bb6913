"""Sign-up on the platform's host: an account, a workspace with its first chatbot, and its keys."""

from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import ServiceForm, email_field, name_field, new_password_field
from chatbot_saas.web.pages import host_url, open_page
from conversations.chatbots.onboarding import Workspace, create_workspace
from core.errors import AppError
from tenants.context import platform_context
from tenants.limits.forms import throttle
from tenants.models import User
from tenants.people.accounts import create_account
from tenants.people.memberships import add_member
from tenants.people.sessions import sign_in
from tenants.schemas.provisioning import check_slug


class WorkspaceForm(ServiceForm):
    workspace = forms.CharField(
        label=_("Company or team"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    slug = forms.CharField(
        label=_("Address"),
        max_length=39,
        help_text=_("Lower-case letters, digits and hyphens. Your dashboard will live there."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class SignUpForm(WorkspaceForm):
    name = name_field()
    email = email_field()
    password = new_password_field()

    field_order = ["name", "email", "password", "workspace", "slug"]


@sensitive_post_parameters("password")
@open_page("GET", "POST")
def sign_up(request: HttpRequest) -> HttpResponse:
    """Everything or nothing: a refused slug leaves no account behind."""
    form = SignUpForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                return _signed_up(request, **form.cleaned_data)
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    return render(request, "conversations/sign_up.html", {"form": form}, status=status)


def _signed_up(
    request: HttpRequest, *, email: str, name: str, password: str, workspace: str, slug: str
) -> HttpResponse:
    throttle(request, "sign-up", per_address="20/h", subject=email, per_subject="10/h")
    with platform_context(), transaction.atomic():
        user = create_account(email=email, name=name, password=password)
        made = _create_owned(request, user, workspace, slug)
    sign_in(request, user)
    return _made(request, made)


@open_page("GET", "POST")
def new_workspace(request: Any) -> HttpResponse:
    """One more workspace for who is signed in."""
    if not request.user.is_authenticated:
        return redirect("login")
    form = WorkspaceForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                throttle(request, "sign-up", per_address="20/h")
                name, slug = form.cleaned_data["workspace"], form.cleaned_data["slug"]
                return _made(request, _create_owned(request, request.user, name, slug))
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    return render(request, "conversations/new_workspace.html", {"form": form}, status=status)


def _create_owned(request: HttpRequest, user: User, name: str, slug: str) -> Workspace:
    check_slug(slug)
    # The chatbot's preview runs on the workspace's own pages, at the port that this request came to.
    own_origin = host_url(request, f"{slug}.{settings.TENANT_HOST_SUFFIX}", "")
    with platform_context(), transaction.atomic():
        made = create_workspace(slug=slug, name=name, origins=[own_origin])
        add_member(tenant_id=made.tenant.id, user_id=user.pk, role="owner")
    return made


def _made(request: HttpRequest, made: Workspace) -> HttpResponse:
    """Shows the keys: the only time that the secret one is seen."""
    return render(request, "conversations/workspace_made.html", {"made": made}, status=201)
