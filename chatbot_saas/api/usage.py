"""`/v1/usage`."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated

import msgspec
from django.utils import timezone

from billing import usage
from chatbot_saas.api.operations import Call, Operation, Page, Reply, as_json, page_of, routes
from core.errors import InvalidRequest

# A year and its leap day; more is the CSV's.
_MAX_DAYS = 366
_USUAL_DAYS = 30


class Usage(msgspec.Struct, tag_field="object", tag="usage", kw_only=True):
    """The running calendar month (UTC) against its limits. Money is in US dollars, as text;
    `budget` is the workspace's own bound, null without one."""

    plan: str
    starts_on: date
    resets_at: Annotated[datetime, msgspec.Meta(tz=True)]
    messages_used: int
    messages_limit: int
    cost_used: Decimal
    cost_limit: Decimal
    budget: Decimal | None


class UsageDay(msgspec.Struct, tag_field="object", tag="usage_day", kw_only=True):
    """What one model was used on one day (UTC). `cost` is in US dollars, as text."""

    day: date
    model: str
    turns: int
    tokens_in: int
    tokens_out: int
    cost: Decimal


class DaysQuery(msgspec.Struct):
    """Which days, both ends included."""

    since: Annotated[
        date | msgspec.UnsetType, msgspec.Meta(description="The first day; 29 days before `until`.")
    ] = msgspec.UNSET
    until: Annotated[
        date | msgspec.UnsetType, msgspec.Meta(description="The last day; today by UTC.")
    ] = msgspec.UNSET


def read_usage(call: Call) -> Reply:
    month = usage.summarize_month(call.key.tenant_id)
    return 200, msgspec.convert(month, Usage, from_attributes=True)


def list_days(call: Call) -> Reply:
    since, until = _range(call.query)
    days = usage.list_usage_days(since, until)
    rows = [msgspec.convert(day, UsageDay, from_attributes=True) for day in days]
    return 200, page_of(rows, None)


def _range(query: DaysQuery) -> tuple[date, date]:
    until = query.until or timezone.now().astimezone(UTC).date()
    if not 2000 <= until.year <= 3000:
        raise InvalidRequest("until must be a day of our time.", param="until")
    since = query.since or until - timedelta(days=_USUAL_DAYS - 1)
    if not timedelta(0) <= until - since < timedelta(days=_MAX_DAYS):
        raise InvalidRequest(
            f"since must be before until, and at most {_MAX_DAYS} days of them.", param="since"
        )
    return since, until


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/usage",
        name="read_usage",
        tag="Usage",
        summary="Read this month's use against its limits.",
        scope="usage:read",
        answers={200: as_json(Usage)},
        run=read_usage,
    ),
    Operation(
        method="GET",
        path="/v1/usage/days",
        name="list_usage_days",
        tag="Usage",
        summary="List what each model was used on each day, oldest first.",
        description="Days without use are left out. The list is always whole.",
        scope="usage:read",
        query=DaysQuery,
        answers={200: as_json(Page[UsageDay])},
        run=list_days,
    ),
)
urlpatterns = routes(OPERATIONS)
