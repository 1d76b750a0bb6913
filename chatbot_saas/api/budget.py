"""`/v1/budget`."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import budgets
from billing.models import ALERT_THRESHOLDS
from chatbot_saas.api.serializing import (
    AmountField,
    ClosedSerializer,
    KindField,
    MoneyField,
    ShortList,
    TextField,
)
from chatbot_saas.api.views import APIView


class BudgetSerializer(serializers.Serializer[budgets.BudgetView]):
    """The most that the workspace wants to spend in a calendar month (UTC), and what it has used of it by
    now. `amount` is null without a budget; `alert_thresholds` are percentages; without `alert_recipients`
    the owners and admins are alerted. `updated_by` is what whoever set it was called then."""

    object = KindField("budget")
    amount = MoneyField(allow_null=True)
    alert_thresholds = serializers.ListField(child=serializers.IntegerField())
    alert_recipients = serializers.ListField(child=TextField())
    cost_used = MoneyField()
    resets_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(allow_null=True)
    updated_by = TextField(allow_null=True)


class BudgetToSetSerializer(ClosedSerializer):
    """A budget in the place of the one that was. What is left out is as it was before anybody set one."""

    amount = AmountField(
        allow_null=True,
        help_text="US dollars as text, from `0.01` to `1000000`, in whole cents; null for no budget.",
    )
    alert_thresholds = ShortList(
        child=serializers.IntegerField(min_value=1, max_value=100),
        longest=budgets.MAX_THRESHOLDS,
        default=list(ALERT_THRESHOLDS),
        help_text="Percentages of the amount; none: nobody is alerted.",
    )
    alert_recipients = ShortList(
        child=TextField(min_length=1, max_length=254),
        longest=budgets.MAX_RECIPIENTS,
        default=[],
        help_text="E-mail addresses of members; none: the owners and admins.",
    )


_SENT = OpenApiExample(
    "Fifty dollars a month",
    {
        "amount": "50.00",
        "alert_thresholds": [50, 80, 100],
        "alert_recipients": ["robin@example.org"],
    },
    request_only=True,
)
_ANSWERED = OpenApiExample(
    "A budget of which a quarter is used",
    {
        "object": "budget",
        "amount": "50.00",
        "alert_thresholds": [50, 80, 100],
        "alert_recipients": ["robin@example.org"],
        "cost_used": "12.500000000",
        "resets_at": "2030-02-01T00:00:00Z",
        "updated_at": "2030-01-03T09:30:00Z",
        "updated_by": "Robin",
    },
    response_only=True,
)


@extend_schema(tags=["Usage"])
class Budget(APIView):
    """The workspace's own."""

    required_scopes = {"GET": "usage:read", "PUT": "usage:write", "DELETE": "usage:write"}
    serializer_class = BudgetSerializer

    @extend_schema(
        operation_id="read_budget",
        summary="Read the workspace's own budget, and what is used of it.",
        examples=[_ANSWERED],
    )
    def get(self, request: Request) -> Response:
        return self.answer(budgets.read_budget())

    @extend_schema(
        operation_id="set_budget",
        summary="Set the workspace's own budget.",
        description="It counts with the next turn: below what is used already, turns are refused with "
        "`budget_exceeded` at once; raised, they are let in again. What runs is charged to its end.",
        request=BudgetToSetSerializer,
        examples=[_SENT, _ANSWERED],
    )
    def put(self, request: Request) -> Response:
        body: dict[str, Any] = self.read_body(BudgetToSetSerializer)
        recipients = budgets.find_recipients(body.pop("alert_recipients"))
        return self.answer(
            budgets.set_budget(actor=self.actor, alert_recipients=recipients, **body)
        )

    @extend_schema(
        operation_id="delete_budget",
        summary="Remove the budget: the plan's limits alone count.",
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        budgets.remove_budget(actor=self.actor)
        return Response(status=204)


urlpatterns = [path("v1/budget", Budget.as_view())]
