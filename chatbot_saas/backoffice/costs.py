"""Cost per workspace × month × model: a page with totals, and all of it as CSV."""

from datetime import date, timedelta

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from billing.costs import (
    NOTHING_USED,
    CostLine,
    Usage,
    end_of,
    list_costs,
    list_models,
    this_month,
    total,
)
from chatbot_saas.web.spreadsheet import csv_response
from core.errors import InvalidRequest, PermissionDenied

_SHOWN = 200
_FIRST = date(2000, 1, 1)
# One month of 25,000 workspaces with four models each; more is asked of the database itself.
_EXPORTED = 100_000
_COLUMNS = "month workspace name model answers tokens_in tokens_out cost_usd".split()


def _require_right(request: HttpRequest) -> None:
    # Not every operator may see what customers pay.
    if not request.user.has_perm("catalog.view_tenantusageday"):
        raise PermissionDenied("Your account may not see costs.")


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """`?month=2026-11`; this month without it."""
    _require_right(request)
    month = _month(request)
    lines = list_costs(month, _SHOWN + 1)
    context = {
        **site.each_context(request),
        "title": f"Costs of {month:%B %Y}",
        "month": month,
        "before": (month - timedelta(days=1)).replace(day=1),
        "after": end_of(month) if month < this_month() else None,
        "lines": lines[:_SHOWN],
        "more": len(lines) > _SHOWN,
        "models": list_models(month),
        "total": total(month),
    }
    return TemplateResponse(request, "operator/costs.html", context)


def export(request: HttpRequest) -> HttpResponse:
    """The same lines, all of them, and a last one with the totals."""
    _require_right(request)
    month = _month(request)
    lines = list_costs(month, _EXPORTED)
    # Added up here: turns go on being booked, and the file is to agree with itself. One that is cut
    # off says what all of it comes to.
    is_whole = len(lines) < _EXPORTED
    summed = sum((line.used for line in lines), NOTHING_USED) if is_whole else total(month)
    rows = [_row(month, line) for line in lines]
    rows.append((f"{month:%Y-%m}", "total", "", "", *_figures(summed)))
    return csv_response(f"costs-{month:%Y-%m}.csv", _COLUMNS, rows)


def _row(month: date, line: CostLine) -> tuple[object, ...]:
    return f"{month:%Y-%m}", line.slug, line.name, line.model, *_figures(line.used)


def _figures(used: Usage) -> tuple[object, ...]:
    return used.turns, used.tokens_in, used.tokens_out, f"{used.cost:f}"


def _month(request: HttpRequest) -> date:
    given = request.GET.get("month")
    if not given:
        return this_month()
    try:
        month = date.fromisoformat(f"{given}-01")
    except ValueError:
        month = date.max
    if not _FIRST <= month <= this_month():
        raise InvalidRequest("A month is written as 2026-11, and is not to come.", param="month")
    return month
