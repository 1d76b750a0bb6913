"""The page of what was used: this month against its limits, with the workspace's own budget, by day and
model, and as CSV."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.budgets import BudgetView, list_people, read_budget, set_budget
from billing.usage import UsageDay, list_usage_days, summarize_month
from chatbot_saas.dashboard.budget import BudgetForm, initial_of
from chatbot_saas.web.charts import Chart, stacked_bars
from chatbot_saas.web.listing import number_in
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.service_form import ServiceFormView
from chatbot_saas.web.spreadsheet import csv_response
from core.errors import InvalidRequest

_SPANS = (7, 30, 90, 365)
# Columns of the chart, and rows of the table; the CSV has every day.
_MAX_COLUMNS, _MAX_ROWS = 92, 200
_COLUMNS = ("day", "model", "turns", "tokens_in", "tokens_out", "cost_usd")


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What one model was used in the whole span."""

    model: str
    turns: int
    tokens_in: int
    tokens_out: int
    cost: Decimal


class UsageView(ServiceFormView[BudgetForm]):
    """`days` in the query: how far back, one of 7, 30, 90 and 365. The form sets the budget."""

    request: MemberRequest
    form_class = BudgetForm
    template_name = "billing/usage.html"

    @cached_property
    def _budget(self) -> BudgetView:
        return read_budget()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "people": list_people()}

    def get_initial(self) -> dict[str, Any]:
        return {**initial_of(self._budget), **super().get_initial()}

    def perform(self, form: BudgetForm) -> HttpResponse:
        done = set_budget(actor=self.request.member.actor, **form.cleaned_data)
        if done.amount is None:
            said = _("There is no budget: the plan's limits alone count.")
        elif done.is_spent:
            said = _(
                "Saved. This month has used more than that, so questions are refused from now on."
            )
        else:
            said = _("Saved. The budget counts from the next question on.")
        messages.success(self.request, said)
        return redirect("usage")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        days, since, until = _span(self.request)
        found = list_usage_days(since, until)
        models = _by_model(found)
        return super().get_context_data(
            month=summarize_month(self.request.member.tenant_id),
            budget=self._budget,
            days=days,
            spans=_SPANS,
            usage_days=found[: -_MAX_ROWS - 1 : -1],
            left_out=max(0, len(found) - _MAX_ROWS),
            models=models,
            turns_chart=_chart(found, since, until, [each.model for each in models]),
            **context,
        )


usage = page("usage:read")(UsageView.as_view())
save_budget = page("usage:write", "POST")(UsageView.as_view())


@page("usage:read")
def usage_csv(request: MemberRequest) -> HttpResponse:
    """The table's rows, bounded by days and models."""
    _days, since, until = _span(request)
    rows = (
        [each.day, each.model, each.turns, each.tokens_in, each.tokens_out, f"{each.cost:f}"]
        for each in list_usage_days(since, until)
    )
    return csv_response(f"usage-{since}-{until}.csv", _COLUMNS, rows)


def _span(request: MemberRequest) -> tuple[int, date, date]:
    days = number_in(request, "days") or 30
    if days not in _SPANS:
        raise InvalidRequest(_("Usage is shown for 7, 30, 90 or 365 days."))
    until = timezone.now().date()
    return days, until - timedelta(days=days - 1), until


def _by_model(found: Sequence[UsageDay]) -> list[ModelUse]:
    """Dearest first, then most used."""
    # The dearest model gets the first colour, on every page alike.
    names = {each.model for each in found}
    sums = [_sum([each for each in found if each.model == name]) for name in names]
    return sorted(sums, key=lambda each: (-each.cost, -each.turns, each.model))


def _sum(found: Sequence[UsageDay]) -> ModelUse:
    return ModelUse(
        model=found[0].model,
        turns=sum(each.turns for each in found),
        tokens_in=sum(each.tokens_in for each in found),
        tokens_out=sum(each.tokens_out for each in found),
        cost=sum((each.cost for each in found), Decimal(0)),
    )


def _chart(found: Sequence[UsageDay], since: date, until: date, models: Sequence[str]) -> Chart:
    """By day, or by week where days would be too thin to see."""
    length = (until - since).days + 1
    # A year of days is 365 bars of two pixels.
    step = 1 if length <= _MAX_COLUMNS else 7
    starts = [since + timedelta(days=number) for number in range(0, length, step)]
    turns: Counter[tuple[int, str]] = Counter()
    for each in found:
        turns[(each.day - since).days // step, each.model] += each.turns
    return stacked_bars(
        labels=[date_format(start, "j M") for start in starts],
        series=[(model, [turns[place, model] for place in range(len(starts))]) for model in models],
    )
