"""The operator's log-in: e-mail and password, then a code of the second factor. Its cookie is its own.

Between the two steps the session names who is expected and nobody is logged in.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.backoffice.failed_log_ins import report_failed_log_in
from chatbot_saas.web.devices import remember_device
from chatbot_saas.web.forms import LogInForm
from chatbot_saas.web.pages import open_page
from chatbot_saas.web.service_form import ServiceForm, ServiceFormView
from core.errors import Unauthenticated
from tenants.context import platform_context
from tenants.limits.forms import failures_counted, throttle
from tenants.models import User
from tenants.people import second_factor
from tenants.people.accounts import authenticate, find_account
from tenants.people.devices import find_device
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


class LogInView(ServiceFormView[LogInForm]):
    """The first step."""

    form_class = LogInForm
    template_name = "operator/log_in.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(next=_next(self.request), **context)

    def perform(self, form: LogInForm) -> HttpResponse:
        return _expect(self.request, _prove(self.request, **form.cleaned_data))


def _prove(request: HttpRequest, *, email: str, password: str) -> User:
    account = find_account(email)
    device = find_device(request.COOKIES, account.pk if account else None)
    if device is None:
        throttle(request, "operator", per_address="100/5m")
    with (
        _reported(email, "password"),
        failures_counted(request, "operator", email, here="5/5m", anywhere="50/5m", device=device),
    ):
        user = authenticate(request, email=email, password=password)
        if not user.is_staff:
            # As for a wrong password: whether an account is an operator's is told to nobody.
            raise Unauthenticated("This e-mail address and password do not belong together.")
    return user


@contextmanager
def _reported(email: str, wrong: str) -> Iterator[None]:
    try:
        yield
    except Unauthenticated:
        report_failed_log_in(email=email, wrong=wrong)
        raise


def _expect(request: HttpRequest, user: User) -> HttpResponse:
    enrolled = second_factor.is_enrolled(user.pk)
    if not enrolled and not settings.OPERATOR_SECOND_FACTOR:
        return _enter(request, user, sure=False, to=_next(request))
    # A new session for each log-in: nobody can plant one and wait.
    request.session.flush()
    request.session[AREA] = OPERATOR
    request.session[_EXPECTED] = [str(user.pk), time.time(), _next(request)]
    return redirect("admin:login_code" if enrolled else "admin:second_factor")


def _enter(request: HttpRequest, user: User, *, sure: bool, to: str) -> HttpResponse:
    request.session.pop(_EXPECTED, None)
    sign_in(request, user)
    request.session[_SURE] = sure
    # A working day: this session can suspend every workspace.
    request.session.set_expiry(_SESSION_SECONDS)
    response = redirect(to)
    remember_device(request, response, user)
    return response


class CodeView(ServiceFormView[CodeForm]):
    """The second step, with the factor that is set up."""

    form_class = CodeForm
    template_name = "operator/code.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self._expected = self.find_user()

    def find_user(self) -> tuple[User, str] | None:
        """Whose code is asked for, and where they want to go."""
        return _expected(self.request)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self._expected is None:
            return redirect("admin:login")
        return super().dispatch(request, *args, **kwargs)

    @property
    def user(self) -> User:
        assert self._expected is not None
        return self._expected[0]

    def perform(self, form: CodeForm) -> HttpResponse:
        assert self._expected is not None
        user, to = self._expected
        # Who comes as far knows the password, so their wrong codes count from wherever they are sent.
        with (
            _reported(user.email, "code"),
            failures_counted(
                self.request, "operator-code", str(user.pk), here="5/5m", anywhere="5/5m"
            ),
        ):
            self.take(form.cleaned_data["code"])
        return _enter(self.request, user, sure=True, to=to)

    def take(self, code: str) -> None:
        """Raises `Unauthenticated` for a wrong code."""
        second_factor.check_code(user_id=self.user.pk, code=code)


class EnrolView(CodeView):
    """Setting up the factor: of who is expected, or of an operator who is logged in without one."""

    template_name = "operator/enrol.html"

    def find_user(self) -> tuple[User, str] | None:
        # An operator who is logged in without a factor can set one up, too.
        expected, user = super().find_user(), self.request.user
        if expected is None and isinstance(user, User):
            expected = (user, "/admin/")
        return expected if expected is not None and expected[0].is_staff else None

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        enrolment = second_factor.begin_enrolment(self.user)
        return super().get_context_data(enrolment=enrolment, **context)

    def take(self, code: str) -> None:
        second_factor.confirm_enrolment(user_id=self.user.pk, code=code)


log_in = sensitive_post_parameters("password")(open_page("GET", "POST")(LogInView.as_view()))
code = open_page("GET", "POST")(CodeView.as_view())
enrol = open_page("GET", "POST")(EnrolView.as_view())


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
