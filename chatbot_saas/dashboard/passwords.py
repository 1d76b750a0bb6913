"""A forgotten password: asking for a link, and using it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import NewPasswordForm, ResetRequestForm
from chatbot_saas.web.pages import open_page, own_url
from core.errors import AppError
from tenants.limits.forms import throttle
from tenants.people.accounts import ResetLink, account_of_link, reset_password
from tenants.people.mail import ask_for_reset_mail


@open_page("GET", "POST")
def forgotten(request: HttpRequest) -> HttpResponse:
    """Asks for the e-mail address. The answer is the same whether there is such an account or not."""
    form = ResetRequestForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                return _asked(request, form.cleaned_data["email"])
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    return render(request, "tenants/forgotten.html", {"form": form}, status=status)


def _asked(request: HttpRequest, email: str) -> HttpResponse:
    throttle(request, "reset", per_address="20/h", subject=email, per_subject="3/h")
    ask_for_reset_mail(email, own_url(request))
    return render(request, "tenants/forgotten_sent.html", {"email": email})


@sensitive_post_parameters("password")
@open_page("GET", "POST")
def reset(request: HttpRequest, account: str, token: str) -> HttpResponse:
    """Sets a new password for who holds the link of the mail."""
    throttle(request, "reset-link", per_address="60/5m")
    link = ResetLink(account, token)
    account_of_link(link)
    form = NewPasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        try:
            if form.is_valid():
                reset_password(link=link, password=form.cleaned_data["password"])
                messages.success(request, _("Your password is changed. Log in with the new one."))
                return redirect("login")
        except AppError as error:
            form.add_refusal(error)
            status = error.status
    response = render(request, "tenants/reset.html", {"form": form}, status=status)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
