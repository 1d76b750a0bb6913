"""`/v1/usage`."""

from datetime import UTC, date, timedelta
from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import usage
from chatbot_saas.api.pagination import Slice, WholeList
from chatbot_saas.api.serializing import KindField, MoneyField, TextField
from chatbot_saas.api.views import APIView, ListView
from core.errors import InvalidRequest

# A year and its leap day; more is the CSV's.
_MAX_DAYS = 366
_USUAL_DAYS = 30


class UsageSerializer(serializers.Serializer[Any]):
    """The running calendar month (UTC) against its limits. Money is in US dollars, as text;
    `budget` is the workspace's own bound, null without one."""

    object = KindField("usage")
    plan = TextField()
    starts_on = serializers.DateField()
    resets_at = serializers.DateTimeField()
    messages_used = serializers.IntegerField()
    messages_limit = serializers.IntegerField()
    cost_used = MoneyField()
    cost_limit = MoneyField()
    budget = MoneyField(allow_null=True)


class UsageDaySerializer(serializers.Serializer[Any]):
    """What one model was used on one day (UTC). `cost` is in US dollars, as text."""

    object = KindField("usage_day")
    day = serializers.DateField()
    model = TextField()
    turns = serializers.IntegerField()
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    cost = MoneyField()


class DaysQuery(serializers.Serializer[Any]):
    """Which days, both ends included."""

    since = serializers.DateField(
        required=False, help_text="The first day; 29 days before `until`."
    )
    until = serializers.DateField(required=False, help_text="The last day; today by UTC.")


@extend_schema(tags=["Usage"])
class Month(APIView):
    """This month."""

    required_scopes = {"GET": "usage:read"}
    serializer_class = UsageSerializer

    @extend_schema(operation_id="read_usage", summary="Read this month's use against its limits.")
    def get(self, request: Request) -> Response:
        return self.answer(usage.summarize_month(self.key.tenant_id))


@extend_schema(tags=["Usage"])
class Days(ListView):
    """Day by day."""

    required_scopes = {"GET": "usage:read"}
    serializer_class = UsageDaySerializer
    pagination_class = WholeList
    query = DaysQuery

    @extend_schema(
        operation_id="list_usage_days",
        summary="List what each model was used on each day, oldest first.",
        description="Days without use are left out. The list is always whole.",
        parameters=[DaysQuery],
        responses=UsageDaySerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.list(request)

    def fetch(self, limit: int, cursor: str) -> Slice:
        query = self.read_query()
        days = usage.list_usage_days(*_range(query.get("since"), query.get("until")))
        return Slice(days, None)


def _range(since: date | None, until: date | None) -> tuple[date, date]:
    until = until or timezone.now().astimezone(UTC).date()
    if not 2000 <= until.year <= 3000:
        raise InvalidRequest("until must be a day of our time.", param="until")
    since = since or until - timedelta(days=_USUAL_DAYS - 1)
    if not timedelta(0) <= until - since < timedelta(days=_MAX_DAYS):
        raise InvalidRequest(
            f"since must be before until, and at most {_MAX_DAYS} days of them.", param="since"
        )
    return since, until


urlpatterns = [
    path("v1/usage", Month.as_view()),
    path("v1/usage/days", Days.as_view()),
]
