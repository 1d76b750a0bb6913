"""Where an invitation's link leads."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters

from chatbot_saas.dashboard.confirmation import offer_confirmation
from chatbot_saas.web.forms import JoinForm, LogInForm
from chatbot_saas.web.pages import open_page
from chatbot_saas.web.service_form import ServiceForm, ServiceFormView
from core.errors import NotFound, PermissionDenied, Unauthenticated
from tenants.limits.forms import throttle
from tenants.models import User
from tenants.people.failed_log_ins import report_failed_log_in
from tenants.people.invitations import accept_as, accept_as_new, read_invitation
from tenants.people.login import prove
from tenants.people.sessions import sign_in


class InvitationView(ServiceFormView[ServiceForm]):
    """New people choose a name and a password; who has an account proves it with the password."""

    template_name = "tenants/invitation.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        # Each address may be tried: the secret in it is what lets somebody in.
        throttle(request, "invitation", per_address="60/5m")
        if self.request.tenant_id is None:
            raise NotFound("There is nothing at this address.")
        self._tenant_id = self.request.tenant_id
        self._raw: str = kwargs["raw"]
        self._invitation = read_invitation(raw=self._raw, tenant_id=self._tenant_id)

    def get_form_class(self) -> type[ServiceForm]:
        return LogInForm if self._invitation.has_account else JoinForm

    def get_initial(self) -> dict[str, Any]:
        return {"email": self._invitation.email} if self._invitation.has_account else {}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(invitation=self._invitation, **context)

    def perform(self, form: ServiceForm) -> HttpResponse:
        user = self._join(form.cleaned_data)
        sign_in(self.request, user)
        if user.confirmed_at is None:
            offer_confirmation(self.request, user)
        return redirect("/")

    def _join(self, fields: dict[str, str]) -> User:
        if not self._invitation.has_account:
            return accept_as_new(raw=self._raw, tenant_id=self._tenant_id, **fields)
        user = self._prove(**fields)
        if user.email != self._invitation.email:
            raise PermissionDenied("This invitation is for another e-mail address.", param="email")
        accept_as(raw=self._raw, tenant_id=self._tenant_id, user=user)
        return user

    def _prove(self, *, email: str, password: str) -> User:
        try:
            return prove(self.request, email=email, password=password)
        except Unauthenticated:
            report_failed_log_in(
                email=email, tenant_id=self._tenant_id, invitation_id=self._invitation.id
            )
            raise


invitation = sensitive_post_parameters("password")(
    open_page("GET", "POST")(InvitationView.as_view())
)
