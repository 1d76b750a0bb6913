"""Workspaces: what each uses and costs against its limits; suspended, resumed, put on another plan."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import DecimalField, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.adjustments import change_plan, override_limits
from billing.catalog.models import Plan, QuotaOverride, TenantUsageDay
from billing.costs import list_tenant_months, this_month
from billing.selectors import FREE_PLAN
from chatbot_saas.backoffice.base import (
    ConfirmForm,
    OperatorAdmin,
    ReasonForm,
    actor,
    moment,
    once,
    operation,
)
from chatbot_saas.backoffice.site import site
from chatbot_saas.backoffice.tables import dollars, share, table
from tenants.models import Tenant
from tenants.schemas.lifecycle import resume_tenant, suspend_tenant

# Half a year shows a trend; the costs' page has every month.
_MONTHS_SHOWN = 6
_COST = DecimalField(max_digits=20, decimal_places=9)


def _this_month(field: str, kind: Any) -> Coalesce:
    days = TenantUsageDay.objects.filter(tenant=OuterRef("pk"), day__gte=this_month())
    # In the list's own statement: one query a row would be 25 for a page.
    total = days.order_by().values("tenant").annotate(total=Sum(field)).values("total")
    return Coalesce(Subquery(total, output_field=kind), 0, output_field=kind)


def _limit(field: str, kind: Any) -> Coalesce:
    """As `billing.selectors.plan_limits` decides: the newest override in force, else the plan."""
    in_force = QuotaOverride.objects.filter(tenant=OuterRef("pk"), expires_at__gt=timezone.now())
    free = Plan.objects.filter(pk=FREE_PLAN).values(field)
    newest = in_force.order_by("-created_at").values(field)[:1]
    return Coalesce(
        Subquery(newest), F(f"subscription__plan__{field}"), Subquery(free), output_field=kind
    )


class PlanFilter(admin.SimpleListFilter):
    title = "plan"
    parameter_name = "plan"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Plan.objects.order_by("cost_per_month").values_list("code", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> QuerySet[Tenant]:
        if self.value() is None:
            return queryset
        on_plan = Q(subscription__plan=self.value())
        # A workspace without a subscription is on it, too.
        if self.value() == FREE_PLAN:
            on_plan |= Q(subscription=None)
        return queryset.filter(on_plan)


_Number = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})


class PlanForm(ConfirmForm):
    plan = forms.ChoiceField(widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["plan"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(Plan.objects.order_by("cost_per_month").values_list("code", "name"))


class OverrideForm(ReasonForm):
    """Limits that stay empty are the plan's."""

    messages_per_month = forms.IntegerField(required=False, min_value=0, widget=_Number)
    cost_per_month = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=20,
        decimal_places=9,
        widget=_Number,
        help_text="US dollars.",
    )
    turns_per_minute = forms.IntegerField(required=False, min_value=0, widget=_Number)
    documents = forms.IntegerField(required=False, min_value=0, widget=_Number)
    expires_at = moment(label="Until", help_text="UTC. From then on the plan's limits hold again.")


@admin.register(Tenant, site=site)
class TenantAdmin(OperatorAdmin):
    list_display = ("slug", "name", "status", "plan", "messages", "cost", "created_at")
    list_filter = ("status", PlanFilter)
    search_fields = ("slug", "name", "domains__domain")
    search_help_text = "Address, name or host"
    ordering = ("slug",)
    fields = (
        *("name", "slug", "hosts", "status", "created_at"),
        *("plan", "messages", "cost", "overrides", "people", "months"),
    )
    actions_detail = ("suspend", "resume", "put_on_plan", "override")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        rows: QuerySet[Tenant] = super().get_queryset(request)
        known: QuerySet[Tenant] = rows.annotate(
            plan_name=Coalesce(
                F("subscription__plan__name"),
                Subquery(Plan.objects.filter(pk=FREE_PLAN).values("name")),
            ),
            turns_now=_this_month("turns", IntegerField()),
            cost_now=_this_month("cost", _COST),
            messages_limit=_limit("messages_per_month", IntegerField()),
            cost_limit=_limit("cost_per_month", _COST),
        )
        return known

    def applies(self, row: Tenant, name: str) -> bool:
        # What can be done from any state is in no row here.
        wanted = {"suspend": Tenant.Status.ACTIVE, "resume": Tenant.Status.SUSPENDED}.get(name)
        return wanted is None or row.status == wanted

    @admin.display(ordering="plan_name")
    def plan(self, row: Any) -> str:
        return str(row.plan_name)

    @admin.display(description="messages this month", ordering="turns_now")
    def messages(self, row: Any) -> str:
        used, limit = row.turns_now, row.messages_limit
        return f"{used:,} of {limit:,} ({share(used, limit)})"

    @admin.display(description="cost this month", ordering="cost_now")
    def cost(self, row: Any) -> str:
        used, limit = row.cost_now, row.cost_limit
        return f"{dollars(used)} of {dollars(limit)} ({share(used, limit)})"

    @admin.display(description="hosts")
    @once
    def hosts(self, row: Tenant) -> str:
        return ", ".join(row.domains.order_by("-is_primary").values_list("domain", flat=True))

    @admin.display(description="overrides in force")
    @once
    def overrides(self, row: Tenant) -> SafeString | str:
        found = row.quota_overrides.filter(expires_at__gt=timezone.now()).order_by("-created_at")
        lines = [(f"{each.expires_at:%Y-%m-%d %H:%M}", each.reason) for each in found[:20]]
        return table(("until (UTC)", "reason"), lines) if lines else "none"

    @admin.display(description="members")
    @once
    def people(self, row: Tenant) -> SafeString | str:
        found = row.memberships.select_related("user").order_by("created_at")
        lines = [(each.user.email, each.role) for each in found[:20]]
        return table(("e-mail address", "role"), lines) if lines else "nobody"

    @admin.display(description="use by month and model")
    @once
    def months(self, row: Tenant) -> SafeString | str:
        lines = [
            (f"{month:%Y-%m}", model, f"{used.turns:,}", dollars(used.cost))
            for month, model, used in list_tenant_months(row.pk, _MONTHS_SHOWN)
        ]
        return table(("month", "model", "answers", "cost"), lines) if lines else "nothing yet"

    @operation("Suspend", url_path="suspend")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Suspend this workspace",
            text=(
                "Its chats, pages and keys stop answering, and its open chats close within a minute. "
                "Nothing is deleted."
            ),
            form_class=ReasonForm,
            act=lambda row, given: suspend_tenant(tenant_id=row.pk, actor=actor(request), **given),
        )

    @operation("Resume", url_path="resume")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Resume this workspace",
            text="Its chats, pages and keys work again at once.",
            act=lambda row, given: resume_tenant(tenant_id=row.pk, actor=actor(request)),
        )

    @operation("Change plan", url_path="plan")
    def put_on_plan(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Change this workspace's plan",
            text="The new limits hold from now on, for what is used already this month too.",
            form_class=PlanForm,
            act=lambda row, given: change_plan(tenant_id=row.pk, actor=actor(request), **given),
        )

    @operation("Override limits", url_path="override")
    def override(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask(
            request,
            object_id,
            title="Override this workspace's limits",
            text="These hold instead of the plan's until the end. Leave empty what stays as it is.",
            form_class=OverrideForm,
            act=lambda row, given: override_limits(tenant_id=row.pk, actor=actor(request), **given),
        )
