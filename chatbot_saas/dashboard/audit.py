"""The audit trail of a workspace: who did what, when and from where; searched, and as a table to keep."""

from collections.abc import AsyncIterator, Iterable
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from chatbot_saas.dashboard.audit_words import KINDS, said, search_actions
from chatbot_saas.web.listing import address, date_in, query_of, text_in, uuid_in
from chatbot_saas.web.pages import page, streamed_page
from chatbot_saas.web.requests import MemberRequest
from chatbot_saas.web.spreadsheet import csv_stream
from tenants.context import in_tenant
from tenants.workspace.selectors import (
    EventFilter,
    EventPage,
    EventView,
    list_actors,
    list_events,
)

PER_PAGE = 50
# Of the table, read at once: half a megabyte.
PART = 1000
_COLUMNS = (
    *("time", "action", "what", "by", "name", "address", "ip", "target", "target_id", "changes"),
    "id",
)
_FILTERS = ("q", "who", "kind", "since", "until")


@page("workspace:write")
def audit(request: MemberRequest) -> HttpResponse:
    """Filters in the query: `q`, `who` (an id, or `platform`), `kind`, `since` and `until` (days)."""
    after, wanted = uuid_in(request, "after"), _wanted(request)
    listed = list_events(limit=PER_PAGE, after=after, wanted=wanted)
    query = query_of(request, _FILTERS)
    context = {
        "events": [(event, said(event.action)) for event in listed.events],
        "wanted": wanted,
        "actors": list_actors(),
        "kinds": KINDS.items(),
        "csv_url": reverse("audit_csv") + (f"?{query}" if query else ""),
        "first_url": address(request, after=None) if after is not None else "",
        "next_url": address(request, after=listed.next_cursor) if listed.next_cursor else "",
    }
    return render(request, "tenants/audit.html", context)


@streamed_page("workspace:write")
async def audit_csv(request: MemberRequest) -> StreamingHttpResponse:
    """What the page's filters find, whole, newest first."""
    tenant_id, wanted = request.member.tenant_id, _wanted(request)
    # Before the answer begins: what is away is told as an error and not as a broken file.
    first = await in_tenant(tenant_id, list_events, limit=PART, wanted=wanted)
    name = f"audit-{timezone.now():%Y-%m-%d}.csv"
    return csv_stream(name, _COLUMNS, _parts(tenant_id, wanted, first))


async def _parts(
    tenant_id: UUID, wanted: EventFilter, listed: EventPage
) -> AsyncIterator[Iterable[list[str]]]:
    while True:
        yield map(_row, listed.events)
        if listed.next_cursor is None:
            return
        # A step of its own: nobody who reads slowly holds a connection.
        listed = await in_tenant(
            tenant_id, list_events, limit=PART, after=listed.next_cursor, wanted=wanted
        )


def _wanted(request: MemberRequest) -> EventFilter:
    text = text_in(request, "q")
    kind = text_in(request, "kind")
    return EventFilter(
        text=text,
        actions=search_actions(text),
        actor=text_in(request, "who"),
        kind=kind if kind in KINDS else "",
        since=date_in(request, "since"),
        until=date_in(request, "until"),
    )


def _row(event: EventView) -> list[str]:
    return [
        event.created_at.isoformat(timespec="seconds"),
        event.action,
        str(said(event.action)),
        event.who.kind,
        event.who.name,
        event.who.address,
        event.ip,
        event.target_name,
        event.target,
        "; ".join(f"{each.name}: {each.before} → {each.after}" for each in event.changes),
        str(event.id),
    ]
