"""The first page: the last thirty days, the month against its limits, and what is left to set up."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing.selectors import plan_limits
from billing.usage import month_within
from chatbot_saas.web.charts import Chart, stacked_bars
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from conversations.history.checklist import read_checklist
from conversations.history.overview import Overview, summarize
from conversations.history.unanswered import list_unanswered
from knowledge.document_list import documents_within

# A month is what plans count by.
DAYS = 30


@page("overview:read")
def overview(request: MemberRequest) -> HttpResponse:
    found, plan = summarize(DAYS), plan_limits(request.member.tenant_id)
    context = {
        "overview": found,
        "days": DAYS,
        "month": month_within(plan),
        "checklist": read_checklist(),
    }
    if found.messages:
        context |= {"unanswered": list_unanswered(days=DAYS), "chart": _chart(found)}
    else:
        documents = documents_within(plan)
        # Then figures say nothing, and there is one thing to do.
        is_new = not documents.documents and "documents:write" in request.member.permissions
        context |= {"document_usage": documents, "is_new": is_new}
    return render(request, "conversations/overview.html", context)


def _chart(found: Overview) -> Chart:
    return stacked_bars(
        labels=[date_format(each.day, "j M") for each in found.days],
        series=[
            (_("Answered"), [each.answered for each in found.days]),
            (_("Not answered"), [each.not_answered for each in found.days]),
        ],
    )
