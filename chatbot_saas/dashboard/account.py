"""A person's own account: name and password."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.web.forms import NameForm, PasswordChangeForm
from chatbot_saas.web.pages import member_page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import F, ServiceFormView
from tenants.limits.forms import throttle
from tenants.people.accounts import change_password, rename
from tenants.people.sessions import sign_in


class AccountView(ServiceFormView[F]):
    """The page with both forms; the one that was sent stands under its own name."""

    request: MemberRequest
    template_name = "tenants/account.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        shown = {
            "name_form": NameForm(initial={"name": self.request.user.name}),
            "password_form": PasswordChangeForm(),
        }
        return {**shown, **super().get_context_data(**context)}


class NameView(AccountView[NameForm]):
    form_class = NameForm
    form_name = "name_form"

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.request.user.name}

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
        sign_in(request, request.user)
        messages.success(request, _("Your password is changed. Other devices are signed out."))
        return redirect("account")


account = member_page("GET")(NameView.as_view())
change_name = member_page("POST")(NameView.as_view())
set_password = sensitive_post_parameters("current", "password")(
    member_page("POST")(PasswordView.as_view())
)
