"""A form whose service may refuse it: shown, checked, done or shown again with what is wrong."""

from abc import abstractmethod
from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.generic import FormView

from chatbot_saas.web.unsent import take_unsent
from core.errors import AppError, problem_headers
from tenants.requests import TenantRequest


class ServiceForm(forms.Form):
    """A form whose service may still refuse it."""

    def add_refusal(self, error: AppError) -> None:
        """Beside the field that the error names, or above the form."""
        # A refusal may name something that this form does not ask for.
        field = error.param if error.param in self.fields else None
        self.add_error(field, error.message)


F = TypeVar("F", bound=ServiceForm)


class ServiceFormView(FormView, Generic[F]):
    """GET shows the form. POST checks it and calls `perform`; what that refuses stands beside the field
    it names, with the refusal's status and headers, and nothing that was typed is lost."""

    request: TenantRequest
    form_name = "form"

    @abstractmethod
    def perform(self, form: F) -> HttpResponse:
        """Does what the form asks for; raises what its service raises."""

    def form_valid(self, form: F) -> HttpResponse:
        try:
            return self.perform(form)
        except AppError as error:
            form.add_refusal(error)
            shown = self.show(form, status=error.status)
            for name, value in problem_headers(error).items():
                shown.headers[name] = value
            return shown

    def form_invalid(self, form: F) -> HttpResponse:
        return self.show(form, status=400)

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), **self.unsent()}

    def unsent(self) -> dict[str, Any]:
        """What was typed here when the session had ended, with a word that it is not saved yet."""
        form = self.form_class
        if self.request.method != "GET" or form is None or not hasattr(self.request, "session"):
            return {}
        found = take_unsent(self.request, form)
        if found:
            messages.warning(
                self.request, _("This is not saved yet: you were logged out. Send it again.")
            )
        return found

    def show(self, form: F, *, status: int = 200, **shown: Any) -> HttpResponse:
        """The page again. `shown` is for its template alone."""
        context = self.get_context_data(form=form, **shown)
        return self.render_to_response(context, status=status)

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """What the template is given: the form under `form_name`."""
        # Two forms on a page each have a name; templates of one form need none.
        found = super().get_context_data(**context)
        found[self.form_name] = found["form"]
        return found
