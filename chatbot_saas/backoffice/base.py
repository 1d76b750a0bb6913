"""What every list of the admin shares: nothing is edited in place, and what is done is asked first."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from core.errors import AppError, problem_headers

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., HttpResponse])


class ConfirmForm(forms.Form):
    """Asks for nothing but the click; others add what the service needs."""

    def add_refusal(self, error: AppError) -> None:
        self.add_error(error.param if error.param in self.fields else None, error.message)


class ReasonForm(ConfirmForm):
    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept in the workspace's audit trail. Its owner sees there what was done, not why.",
    )


class MomentWidget(UnfoldAdminTextInputWidget):
    """The browser's own picker; UTC."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        return f"{value:%Y-%m-%dT%H:%M}" if hasattr(value, "strftime") else value


def moment(**options: Any) -> forms.DateTimeField:
    return forms.DateTimeField(widget=MomentWidget, **options)


def _asked_by(list_filter: Any) -> set[str]:
    """The parameters of a filter's links."""
    if isinstance(list_filter, type):
        return {str(getattr(list_filter, "parameter_name", ""))}
    field = list_filter if isinstance(list_filter, str) else list_filter[0]
    return {field, f"{field}__exact", f"{field}__isnull", f"{field}__isempty"}


class OperatorAdmin(ModelAdmin):
    """Lists and pages to read. Actions ask on a page of their own and call one service."""

    list_per_page = 25
    # A count of all rows is a scan of the table for a number that nobody reads.
    show_full_result_count = False
    # No ticking of many rows: what is done here concerns one, with a reason.
    actions = None
    # The columns of a narrow screen scroll within the table.
    list_fullwidth = True

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Only what the list's own filters ask for. Django lets through every column of the table, and
        whoever may filter by a hash reads it letter by letter."""
        return any(lookup in _asked_by(each) for each in self.list_filter)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who may change such rows may do what is done to them here."""
        opts = self.opts
        return bool(request.user.has_perm(f"{opts.app_label}.change_{opts.model_name}"))

    def get_object(self, request: HttpRequest, object_id: Any, from_field: Any = None) -> Any:
        """Read once for a request, however many parts of the page ask for it."""
        # Unfold asks for the row in each part of the page.
        known = request.__dict__.setdefault("_rows", {})
        if (object_id, from_field) not in known:
            known[object_id, from_field] = super().get_object(request, object_id, from_field)
        return known[object_id, from_field]

    @admin.display(description="workspace", ordering="tenant__slug")
    def workspace(self, row: Any) -> SafeString:
        """Of rows that belong to one."""
        url = reverse("admin:tenants_tenant_change", args=[str(row.tenant_id)])
        return format_html('<a class="operator-link" href="{}">{}</a>', url, row.tenant.slug)

    def applies(self, row: Any, name: str) -> bool:
        """Whether the action of this name makes sense for a row; its service has the last word."""
        return True

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        row = self.get_object(request, object_id)
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return [
            each
            for each in offered
            if row is not None and self.applies(row, each.method.original_function_name)
        ]

    def ask(
        self,
        request: HttpRequest,
        object_id: Any,
        *,
        title: str,
        text: str,
        act: Callable[[Any, dict[str, Any]], object],
        form_class: type[ConfirmForm] = ConfirmForm,
        initial: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A page that says what will happen; its form does it, and the operators' log keeps it."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        form = form_class(request.POST if request.method == "POST" else None, initial=initial)
        status, headers = 200, dict[str, str]()
        if request.method == "POST":
            status = 400
            try:
                if form.is_valid():
                    act(row, form.cleaned_data)
                    return self._done(request, row, title)
            except AppError as error:
                form.add_refusal(error)
                status, headers = error.status, problem_headers(error)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": title,
            "text": text,
            "form": form,
            "back": self._page_of(row),
        }
        template = "operator/confirm.html"
        return TemplateResponse(request, template, context, status=status, headers=headers)

    def _done(self, request: HttpRequest, row: Any, title: str) -> HttpResponse:
        self.log_change(request, row, title)
        messages.success(request, f"Done: {title}.")
        return redirect(self._page_of(row))

    def _page_of(self, row: Any) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[str(row.pk)]
        )


def operation(description: str, *, url_path: str) -> Callable[[F], F]:
    """A button on a row's page, for those who may operate on such rows."""
    decorate: Any = action(description=description, url_path=url_path, permissions=["operate"])
    return decorate


def once(show: Callable[[Any, Any], T]) -> Callable[[Any, Any], T]:
    """Unfold asks for what a page shows several times; a row answers from its first time."""

    @wraps(show)
    def remembered(model_admin: Any, row: Any) -> T:
        shown = row.__dict__.setdefault("_shown", {})
        if show.__name__ not in shown:
            shown[show.__name__] = show(model_admin, row)
        return shown[show.__name__]

    return remembered


def actor(request: HttpRequest) -> str:
    """How the audit trail names who did it."""
    return str(getattr(request.user, "email", ""))
