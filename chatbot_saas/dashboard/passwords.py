"""A forgotten password: asking for a link, and using it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import NewPasswordForm, ResetRequestForm
from chatbot_saas.web.pages import open_page, platform_url
from chatbot_saas.web.service_form import ServiceFormView
from tenants.limits.forms import throttle
from tenants.people.accounts import ResetLink, account_of_link, reset_password
from tenants.people.mail import ask_for_reset_mail


class ForgottenView(ServiceFormView[ResetRequestForm]):
    """Asks for the e-mail address. The answer is the same whether there is such an account or not."""

    form_class = ResetRequestForm
    template_name = "tenants/forgotten.html"

    def perform(self, form: ResetRequestForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        throttle(self.request, "reset", per_address="20/h", subject=email, per_subject="3/h")
        ask_for_reset_mail(email, platform_url(self.request))
        return render(self.request, "tenants/forgotten_sent.html", {"email": email})


class ResetView(ServiceFormView[NewPasswordForm]):
    """Sets a new password for the account that a mailed link was made for."""

    form_class = NewPasswordForm
    template_name = "tenants/reset.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # Before the link is looked at, so that guessing one is counted.
        throttle(request, "reset-link", per_address="60/5m")
        self._link = ResetLink(kwargs["account"], kwargs["token"])
        self._user = account_of_link(self._link)

    def perform(self, form: NewPasswordForm) -> HttpResponse:
        reset_password(link=self._link, password=form.cleaned_data["password"])
        messages.success(self.request, _("Your password is changed. Log in with the new one."))
        if self._user.confirmed_at is None:
            text = _("Your address is confirmed. API keys and invitations from before are revoked.")
            messages.info(self.request, text)
        return redirect("login")


forgotten = open_page("GET", "POST")(ForgottenView.as_view())
reset = sensitive_post_parameters("password")(open_page("GET", "POST")(ResetView.as_view()))
