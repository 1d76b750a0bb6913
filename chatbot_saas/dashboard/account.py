"""A person's own account: name, password and e-mail address."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import AddressForm, NameForm, PasswordChangeForm
from chatbot_saas.web.pages import member_page, platform_url
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import F, ServiceFormView
from core.errors import InvalidRequest, Unauthenticated
from tenants.limits.forms import throttle
from tenants.people.accounts import change_password, rename
from tenants.people.login import prove_holder
from tenants.people.mail import ask_for_confirmation_mail
from tenants.people.sessions import sign_in


class AccountView(ServiceFormView[F]):
    """The page with all forms; the one that was sent stands under its own name."""

    request: MemberRequest
    template_name = "tenants/account.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        shown = {
            "name_form": NameForm(initial={"name": self.request.user.name}),
            "password_form": PasswordChangeForm(),
            "address_form": AddressForm(),
        }
        return {**shown, **super().get_context_data(**context)}


class NameView(AccountView[NameForm]):
    form_class = NameForm
    form_name = "name_form"

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.request.user.name, **self.unsent()}

    def perform(self, form: NameForm) -> HttpResponse:
        rename(user=self.request.user, name=form.cleaned_data["name"])
        messages.success(self.request, _("Your name is changed."))
        return redirect("account")


class PasswordView(AccountView[PasswordChangeForm]):
    """Ends every other session: only this one goes on."""

    form_class = PasswordChangeForm
    form_name = "password_form"

    def perform(self, form: PasswordChangeForm) -> HttpResponse:
        request = self.request
        user_id = str(request.user.pk)
        throttle(request, "password", per_address="60/5m", subject=user_id, per_subject="10/5m")
        change_password(user=request.user, **form.cleaned_data)
        # The old session ended with the old password; this one is meant to stay.
        sign_in(request, request.user, again=True)
        messages.success(request, _("Your password is changed. Other devices are signed out."))
        return redirect("account")


class AddressView(AccountView[AddressForm]):
    """A new address counts once a mail to it was read. The answer is the same whether or not it is
    another account's."""

    form_class = AddressForm
    form_name = "address_form"

    def perform(self, form: AddressForm) -> HttpResponse:
        request, email = self.request, form.cleaned_data["email"]
        throttle(request, "address", per_address="20/h", subject=email, per_subject="5/h")
        try:
            prove_holder(request, user=request.user, password=form.cleaned_data["own_password"])
        except Unauthenticated as error:
            raise InvalidRequest("This is not your password.", param="own_password") from error
        base_url = platform_url(request)
        ask_for_confirmation_mail(user_id=request.user.pk, base_url=base_url, email=email.lower())
        text = _("A link is on its way to %s. The address counts once you have confirmed it there.")
        messages.success(request, text % email)
        return redirect("account")


account = member_page("GET")(NameView.as_view())
change_name = member_page("POST")(NameView.as_view())
move = sensitive_post_parameters("own_password")(member_page("POST")(AddressView.as_view()))
set_password = sensitive_post_parameters("current", "password")(
    member_page("POST")(PasswordView.as_view())
)
