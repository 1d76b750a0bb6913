"""Confirming an e-mail address: the link's page, and having the mail sent again."""

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import HolderForm
from chatbot_saas.web.pages import member_page, open_page, platform_url
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import ServiceForm, ServiceFormView
from core.errors import RateLimited, Unavailable
from tenants.limits.forms import throttle
from tenants.models import User
from tenants.people.confirmation import read_token, use_token
from tenants.people.login import prove_holder
from tenants.people.mail import ask_for_confirmation_mail, ask_for_moved_mail
from tenants.people.sessions import sign_in
from tenants.requests import TenantRequest


class ConfirmView(ServiceFormView[ServiceForm]):
    """A button for who is logged in as this account, and its password for everybody else: opening the
    link is nothing, because programs that look through mails open it too."""

    template_name = "tenants/confirm.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # Before the link is looked at, so that guessing one is counted.
        throttle(request, "confirm", per_address="60/5m")
        self._token: str = kwargs["token"]
        self._claim = read_token(self._token)
        self._is_holder = request.user.pk == self._claim.user.pk

    def get_form_class(self) -> type[ServiceForm]:
        return ServiceForm if self._is_holder else HolderForm

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(claim=self._claim, **context)

    def perform(self, form: ServiceForm) -> HttpResponse:
        before = self._claim.user
        if not self._is_holder:
            prove_holder(self.request, user=before, password=form.cleaned_data["password"])
        user = use_token(self._token)
        if before.confirmed_at is not None:
            with suppress(Unavailable):
                ask_for_moved_mail(before.email, user_id=user.pk)
        # Anew: a session's key changes with what it may do.
        sign_in(self.request, user)
        messages.success(self.request, _("Your e-mail address is confirmed."))
        return redirect("workspaces")


confirm = sensitive_post_parameters("password")(open_page("GET", "POST")(ConfirmView.as_view()))


def offer_confirmation(request: HttpRequest, user: User) -> None:
    """Has the mail sent for who has just begun; what they have made stands also when it has to wait,
    and the pages offer to send it again."""
    with suppress(RateLimited, Unavailable):
        send_confirmation(request, user)


def send_confirmation(request: HttpRequest, user: User) -> None:
    """Has the mail sent to the account's address. Raises what throttling does, and `Unavailable`."""
    subject = str(user.pk)
    throttle(request, "confirmation", per_address="20/h", subject=subject, per_subject="5/h")
    ask_for_confirmation_mail(user_id=user.pk, base_url=platform_url(request))


def _sent_again(request: TenantRequest, user: User) -> None:
    send_confirmation(request, user)
    messages.success(request, _("The mail is on its way. Its link works for three days, once."))


@member_page("POST")
def send_again(request: MemberRequest) -> HttpResponse:
    _sent_again(request, request.user)
    return redirect("account")


@open_page("POST")
def send_again_on_platform(request: TenantRequest) -> HttpResponse:
    if not isinstance(request.user, User):
        return redirect("login")
    _sent_again(request, request.user)
    return redirect("workspaces")
