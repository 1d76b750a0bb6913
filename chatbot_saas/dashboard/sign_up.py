"""Sign-up on the platform's host: an account, a workspace with its first chatbot, and its keys."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import ServiceForm, email_field, name_field, new_password_field
from chatbot_saas.web.pages import host_url, open_page
from conversations.chatbots import onboarding
from conversations.chatbots.onboarding import Workspace
from core.errors import AppError
from tenants.limits.forms import throttle
from tenants.people.sessions import sign_in


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
    user, made = onboarding.sign_up(
        email=email,
        name=name,
        password=password,
        workspace=workspace,
        slug=slug,
        own_origin=_own_origin(request, slug),
    )
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
                slug = form.cleaned_data["slug"]
                made = onboarding.create_owned_workspace(
                    user_id=request.user.pk,
                    name=form.cleaned_data["workspace"],
                    slug=slug,
                    own_origin=_own_origin(request, slug),
                )
                return _made(request, made)
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    return render(request, "conversations/new_workspace.html", {"form": form}, status=status)


def _own_origin(request: HttpRequest, slug: str) -> str:
    """The workspace's own pages, where the preview runs, at the port that this request came to."""
    return host_url(request, f"{slug}.{settings.TENANT_HOST_SUFFIX}", "")


def _made(request: HttpRequest, made: Workspace) -> HttpResponse:
    """Shows the keys: the only time that the secret one is seen."""
    return render(request, "conversations/workspace_made.html", {"made": made}, status=201)
