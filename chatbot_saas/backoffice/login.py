"""The operator's log-in: e-mail and password, then a code of the second factor. Its cookie is its own.

Between the two steps the session names who is expected and nobody is logged in.
"""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import LogInForm, ServiceForm
from chatbot_saas.web.pages import open_page
from core.errors import AppError, Unauthenticated
from tenants.context import platform_context
from tenants.limits.forms import failures_counted, throttle
from tenants.models import User
from tenants.people import second_factor
from tenants.people.accounts import authenticate
from tenants.people.sessions import AREA, OPERATOR, sign_in, sign_out

_SURE = "second_factor"
_EXPECTED = "expected"
_STEP_SECONDS = 300
_SESSION_SECONDS = 8 * 3600


class CodeForm(ServiceForm):
    code = forms.CharField(
        label=_("Code of your authenticator app"),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


def is_sure(request: HttpRequest) -> bool:
    """Whether the session was opened with a code, or need not be."""
    return bool(request.session.get(_SURE)) or not settings.OPERATOR_SECOND_FACTOR


@sensitive_post_parameters("password")
@open_page("GET", "POST")
def log_in(request: HttpRequest) -> HttpResponse:
    """The first step."""
    form = LogInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                return _expect(request, _known(request, **form.cleaned_data))
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    context = {"form": form, "next": _next(request)}
    return render(request, "operator/log_in.html", context, status=status)


def _known(request: HttpRequest, *, email: str, password: str) -> User:
    throttle(request, "operator", per_address="100/5m")
    with failures_counted(request, "operator", email, here="5/5m", anywhere="50/5m"):
        user = authenticate(request, email=email, password=password)
        if not user.is_staff:
            # As for a wrong password: whether an account is an operator's is told to nobody.
            raise Unauthenticated("This e-mail address and password do not belong together.")
    return user


def _expect(request: HttpRequest, user: User) -> HttpResponse:
    enrolled = second_factor.is_enrolled(user.pk)
    if not enrolled and not settings.OPERATOR_SECOND_FACTOR:
        return _enter(request, user, sure=False, to=_next(request))
    request.session.flush()
    request.session[AREA] = OPERATOR
    request.session[_EXPECTED] = [str(user.pk), time.time(), _next(request)]
    return redirect("admin:login_code" if enrolled else "admin:second_factor")


def _enter(request: HttpRequest, user: User, *, sure: bool, to: str) -> HttpResponse:
    request.session.pop(_EXPECTED, None)
    sign_in(request, user)
    request.session[_SURE] = sure
    request.session.set_expiry(_SESSION_SECONDS)
    return redirect(to)


@open_page("GET", "POST")
def code(request: HttpRequest) -> HttpResponse:
    """The second step, with the factor that is set up."""
    expected = _expected(request)
    if expected is None:
        return redirect("admin:login")
    user, to = expected

    def check(given: str) -> HttpResponse:
        second_factor.check_code(user_id=user.pk, code=given)
        return _enter(request, user, sure=True, to=to)

    return _ask_code(request, user, check, "operator/code.html", {})


@open_page("GET", "POST")
def enrol(request: HttpRequest) -> HttpResponse:
    """Setting up the factor: of who is expected, or of an operator who is logged in without one."""
    expected = _expected(request)
    user = expected[0] if expected else request.user
    if not isinstance(user, User) or not user.is_staff:
        return redirect("admin:login")
    to = expected[1] if expected else "/admin/"

    def confirm(given: str) -> HttpResponse:
        second_factor.confirm_enrolment(user_id=user.pk, code=given)
        return _enter(request, user, sure=True, to=to)

    context = {"enrolment": second_factor.begin_enrolment(user)}
    return _ask_code(request, user, confirm, "operator/enrol.html", context)


def _ask_code(
    request: HttpRequest,
    user: User,
    take: Callable[[str], HttpResponse],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                return _take(request, user, take, form.cleaned_data["code"])
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    return render(request, template, {**context, "form": form}, status=status)


def _take(
    request: HttpRequest, user: User, take: Callable[[str], HttpResponse], given: str
) -> HttpResponse:
    # Who comes as far knows the password, so their wrong codes count from wherever they are sent.
    with failures_counted(request, "operator-code", str(user.pk), here="5/5m", anywhere="5/5m"):
        return take(given)


def _expected(request: HttpRequest) -> tuple[User, str] | None:
    """Whom the first step has let through, and where they wanted to go; for a few minutes."""
    account, at, to = request.session.get(_EXPECTED) or (None, 0.0, "")
    if account is None or time.time() - at > _STEP_SECONDS:
        return None
    with platform_context():
        user = User.objects.filter(pk=UUID(account), is_staff=True, is_active=True).first()
    return (user, to) if user is not None else None


@open_page("POST")
def log_out(request: HttpRequest) -> HttpResponse:
    sign_out(request)
    return redirect("admin:login")


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = wanted.startswith("/admin/") and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if ours else "/admin/"
