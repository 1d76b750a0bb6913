"""Plans, dated prices, and other limits for one workspace for a while."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from billing.adjustments import end_override
from billing.catalog.models import Plan, Price, QuotaOverride
from billing.selectors import OVERRIDABLE
from chatbot_saas.backoffice.base import OperatorAdmin, actor, moment, operation
from chatbot_saas.backoffice.site import site
from chatbot_saas.web.look import money

# A form takes a moment to fill in, and clocks differ.
_NOW = timedelta(minutes=10)


@admin.register(Plan, site=site)
class PlanAdmin(OperatorAdmin):
    list_display = (
        *("name", "code", "messages_per_month", "cost_per_month"),
        *("turns_per_minute", "visitor_turns_per_minute", "documents"),
        *("is_public", "position", "price"),
    )
    ordering = ("cost_per_month",)
    fieldsets = (
        (None, {"fields": ("code", "name")}),
        (
            "What it includes",
            {
                "fields": (
                    *("messages_per_month", "cost_per_month", "turns_per_minute"),
                    *("visitor_turns_per_minute", "documents"),
                )
            },
        ),
        (
            "What the start page says",
            {"fields": ("is_public", "position", "price_per_month", "currency", "description")},
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("catalog.add_plan"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("catalog.change_plan"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj is not None else ()

    @admin.display(description="a month", ordering="price_per_month")
    def price(self, row: Plan) -> str:
        return "–" if row.price_per_month is None else money(row.price_per_month, row.currency)


class PriceForm(forms.ModelForm):
    input_per_million = forms.DecimalField(
        min_value=0, max_digits=20, decimal_places=9, help_text="US dollars."
    )
    output_per_million = forms.DecimalField(
        min_value=0, max_digits=20, decimal_places=9, help_text="US dollars."
    )
    valid_from = moment(initial=timezone.now, help_text="UTC; now or later.")

    class Meta:
        model = Price
        fields = ("model", "input_per_million", "output_per_million", "valid_from")

    def clean_valid_from(self) -> Any:
        value = self.cleaned_data["valid_from"]
        if value < timezone.now() - _NOW:
            raise ValidationError("A price holds from now on or from later, not from the past.")
        return value


@admin.register(Price, site=site)
class PriceAdmin(OperatorAdmin):
    """A new price is a new row; those that are there stay as they were charged."""

    form = PriceForm
    list_display = ("model", "input_per_million", "output_per_million", "valid_from")
    list_filter = ("model",)
    ordering = ("model", "-valid_from")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("catalog.add_price"))


@admin.register(QuotaOverride, site=site)
class OverrideAdmin(OperatorAdmin):
    """Made on the page of the workspace that they are for."""

    list_display = ("reason", "workspace", *OVERRIDABLE, "expires_at", "is_in_force")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "reason")
    ordering = ("-created_at",)
    fields = ("workspace", *OVERRIDABLE, "reason", "expires_at", "created_by", "created_at")
    actions_detail = ("end",)

    def applies(self, row: QuotaOverride, name: str) -> bool:
        return self.is_in_force(row)

    @admin.display(boolean=True, description="in force")
    def is_in_force(self, row: QuotaOverride) -> bool:
        return row.expires_at > timezone.now()

    @operation("End now", url_path="end")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="End this override",
            text="The plan's limits, or an older override's, hold again at once.",
            act=lambda row, _: end_override(override_id=row.pk, actor=actor(request)),
        )
