"""ServiceFormView: shown, checked, done, or shown again with what is wrong and what was typed."""

from typing import Any

import pytest
from django import forms
from django.http import HttpResponse
from django.test import RequestFactory

from chatbot_saas.web.service_form import ServiceForm, ServiceFormView
from core.errors import AppError, Conflict, InvalidRequest, RateLimited


class NameForm(ServiceForm):
    name = forms.CharField(max_length=5)


class NameView(ServiceFormView[NameForm]):
    form_class = NameForm
    template_name = "_form_errors.html"
    refusal: AppError | None = None

    def perform(self, form: NameForm) -> HttpResponse:
        if self.refusal is not None:
            raise self.refusal
        return HttpResponse(f"done: {form.cleaned_data['name']}")


class NamedView(NameView):
    form_name = "name_form"


def send(view: type[NameView], data: dict[str, str] | None = None, **options: Any) -> Any:
    requests = RequestFactory()
    request = requests.get("/x") if data is None else requests.post("/x", data)
    response = view.as_view(**options)(request)
    if hasattr(response, "render"):
        response.render()
    return response


def test_get_shows_an_empty_form() -> None:
    shown = send(NameView)
    assert (shown.status_code, shown.context_data["form"].is_bound) == (200, False)


def test_what_fits_is_done_with_its_values() -> None:
    assert send(NameView, {"name": "Robin"}).content == b"done: Robin"


@pytest.mark.parametrize("data", [{}, {"name": ""}, {"name": "too long"}])
def test_what_does_not_fit_is_shown_again_and_the_service_is_not_asked(
    data: dict[str, str],
) -> None:
    shown = send(NameView, data, refusal=Conflict("never asked"))
    assert shown.status_code == 400
    form = shown.context_data["form"]
    assert form.errors["name"]
    assert form["name"].value() == data.get("name")


@pytest.mark.parametrize(
    ("refusal", "status", "field"),
    [
        (InvalidRequest("No.", param="name"), 400, "name"),
        (Conflict("Taken.", param="name"), 409, "name"),
        (RateLimited("Wait.", retry_after=7), 429, "__all__"),
        # What the form does not ask for stands above it.
        (InvalidRequest("No.", param="elsewhere"), 400, "__all__"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_nothing_typed_is_lost(
    refusal: AppError, status: int, field: str
) -> None:
    shown = send(NameView, {"name": "Robin"}, refusal=refusal)
    assert shown.status_code == status
    form = shown.context_data["form"]
    assert form.errors[field] == [refusal.message]
    assert form["name"].value() == "Robin"
    assert shown.headers.get("Retry-After") == (str(refusal.retry_after) if status == 429 else None)


def test_a_form_has_its_own_name_where_a_page_has_several() -> None:
    context = send(NamedView).context_data
    assert context["name_form"] is context["form"]
