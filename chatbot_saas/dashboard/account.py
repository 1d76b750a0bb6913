"""A person's own account: name and password."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import NameForm, PasswordChangeForm, ServiceForm
from chatbot_saas.web.pages import member_page
from core.errors import AppError
from tenants.limits.forms import throttle
from tenants.people.accounts import change_password, rename
from tenants.people.sessions import sign_in


@member_page("GET")
def account(request: HttpRequest) -> HttpResponse:
    return _page(request)


@member_page("POST")
def change_name(request: Any) -> HttpResponse:
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(request, name_form=form, status=400)
    rename(user=request.user, name=form.cleaned_data["name"])
    messages.success(request, _("Your name is changed."))
    return redirect("account")


@sensitive_post_parameters("current", "password")
@member_page("POST")
def set_password(request: Any) -> HttpResponse:
    """Ends every other session: only this one goes on."""
    form = PasswordChangeForm(request.POST)
    if not form.is_valid():
        return _page(request, password_form=form, status=400)
    try:
        throttle(
            request,
            "password",
            per_address="60/5m",
            subject=str(request.user.pk),
            per_subject="10/5m",
        )
        change_password(user=request.user, **form.cleaned_data)
    except AppError as error:
        form.add_refusal(error)
        return _page(request, password_form=form, status=error.status)
    sign_in(request, request.user)
    messages.success(request, _("Your password is changed. Other devices are signed out."))
    return redirect("account")


def _page(
    request: Any,
    *,
    name_form: ServiceForm | None = None,
    password_form: ServiceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "name_form": name_form or NameForm(initial={"name": request.user.name}),
        "password_form": password_form or PasswordChangeForm(),
    }
    return render(request, "tenants/account.html", context, status=status)
