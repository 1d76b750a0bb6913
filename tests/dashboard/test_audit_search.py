"""The audit trail is searched, filtered and downloaded; it shows what changed, and no secret."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from billing.adjustments import change_plan, end_override, override_limits
from chatbot_saas.dashboard.audit import PART
from conversations.chatbots import services as chatbots
from conversations.chatbots.onboarding import Workspace
from core.ids import new_id
from knowledge.services import create_document, replace_document
from tenants.context import tenant_context
from tenants.keys import api_keys
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.changes import MAX_LENGTH, compare
from tenants.workspace.models import AuditEvent
from tenants.workspace.services import record_event
from tests.live import Process
from tests.pages import PageClient, Person, make_member

OPERATOR = "boss@platform.example"
FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "＝1"]
INNER = ["shop;=cmd|'/C calc'!A0;x", "shop; @x", "a\t+1", "a|-1", "a,=1", "a\n-1", 'a";=1', "a;＝1"]


@pytest.fixture
def owner(web: Process, tenant: TenantRef) -> Iterator[PageClient]:
    with PageClient(web, tenant.host).log_in(make_member(tenant)) as client:
        yield client


def write(tenant: TenantRef, action: str, actor: Person | str, name: str = "", **more: Any) -> None:
    with tenant_context(tenant.id):
        who = actor if isinstance(actor, str) else str(actor.id)
        record_event(action=action, actor=who, target=str(new_id()), name=name, **more)


def names(page: str) -> list[str]:
    """What the page's events are about."""
    return re.findall(r'class="about"><bdi>(.*?)</bdi>', page)


def table(client: PageClient, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/audit.csv{query}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(answer.text.splitlines()))


def test_it_is_found_by_text_person_kind_and_day(tenant: TenantRef, owner: PageClient) -> None:
    person, colleague = make_member(tenant, "admin"), make_member(tenant, "admin")
    write(tenant, "chatbot.changed", person, "Shop bot", changes={"color": ["red", "blue"]})
    write(tenant, "key.revoked", person, "Night import")
    write(tenant, "key.created", colleague, "100%")
    write(tenant, "limits.overridden", OPERATOR, "Our workspace", reason="confidential")
    queries = {
        "q=shop+BOT": ["Shop bot"],
        "q=blue": ["Shop bot"],
        "q=Revoked+an+API": ["Night import"],
        "q=key.revoked": ["Night import"],
        "q=100%25": ["100%"],
        "q=0%25": ["100%"],
        f"q={colleague.email}": ["100%"],
        f"who={person.id}": ["Night import", "Shop bot"],
        f"who={person.id}&kind=key": ["Night import"],
        "kind=key": ["100%", "Night import"],
        "who=platform": ["Our workspace"],
        f"kind=key&since={timezone.now():%Y-%m-%d}": ["100%", "Night import"],
        "kind=key&until=2020-01-31": [],
        f"kind=key&since={timezone.now() + timedelta(days=2):%Y-%m-%d}": [],
        # What is not shown is not found either.
        "q=confidential": [],
        "q=boss": [],
        "q=platform.example": [],
    }
    found = {query: names(owner.get(f"/audit?{query}").text) for query in queries}
    assert found == queries
    assert "Nothing was found" in owner.get("/audit?q=confidential").text


def test_the_events_own_name_and_the_exact_time_are_told(
    tenant: TenantRef, owner: PageClient
) -> None:
    person = make_member(tenant, "admin")
    write(tenant, "key.revoked", person, "Night import")
    write(tenant, "later.action", person)
    page = owner.get("/audit?kind=key").text
    assert '<span class="hint mono">key.revoked</span>' in page
    assert re.search(r'title="\d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC" data-ago>\s+0\s+minutes ago', page)
    # One that has no words yet is told once.
    assert owner.get("/audit").text.count("later.action") == 1


def test_an_operators_address_is_no_filter(tenant: TenantRef, owner: PageClient) -> None:
    write(tenant, "limits.overridden", OPERATOR, "Told")
    known, made_up = owner.get(f"/audit?who={OPERATOR}"), owner.get("/audit?who=x@platform.example")
    assert names(known.text) == names(made_up.text) == ["Told"]
    assert OPERATOR not in re.sub(r'href="[^"]*"', "", known.text)


@pytest.mark.parametrize(
    "query", ["since=x", "until=2026-02-30", "since=0001-01-01", "until=9999-12-31", "after=x"]
)
def test_a_made_up_link_is_refused(owner: PageClient, query: str) -> None:
    assert owner.get(f"/audit?{query}").status_code == 400
    if not query.startswith("after"):
        assert owner.get(f"/audit.csv?{query}").status_code == 400


def test_odd_texts_find_nothing_and_break_nothing(owner: PageClient) -> None:
    for query in ("q=%00%27%22%5C%25_", "kind=no.such", "who=%27", f"q={'x' * 4000}"):
        assert owner.get(f"/audit?{query}").status_code == 200
        assert owner.get(f"/audit.csv?{query}").status_code == 200


def test_a_search_goes_on_from_page_to_page(tenant: TenantRef, owner: PageClient) -> None:
    person = make_member(tenant, "admin")
    for number in range(55):
        write(tenant, "document.created", person, f"file-{number}")
        write(tenant, "key.created", person, f"key-{number}")
    first = owner.get(f"/audit?kind=document&who={person.id}").text
    (link,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = owner.get(link.replace("&amp;", "&")).text
    found = names(first) + names(second)
    assert len(names(first)) == 50
    assert sorted(found) == sorted(f"file-{number}" for number in range(55))
    assert 'rel="next"' not in second


def test_another_workspaces_events_are_not_found(
    tenant: TenantRef, other_tenant: TenantRef, owner: PageClient
) -> None:
    foreign = make_member(other_tenant)
    write(other_tenant, "key.created", foreign, "Foreign")
    pages = [owner.get(path).text for path in ("/audit", f"/audit?who={foreign.id}")]
    assert "Foreign" not in "".join(pages)
    assert foreign.email not in "".join(pages)
    assert table(owner, f"?who={foreign.id}") == []


def test_the_table_has_all_that_the_filters_find(tenant: TenantRef, owner: PageClient) -> None:
    person = make_member(tenant, "admin")
    for number in range(60):
        write(tenant, "key.created", person, f"key-{number}")
    write(tenant, "plan.changed", OPERATOR, "Plan", changes={"plan": ["Free", "Team"]}, reason="x")
    rows = table(owner)
    assert len(rows) == 62
    assert rows[0] == {
        "time": rows[0]["time"],
        "action": "plan.changed",
        "what": "Changed the plan",
        "by": "platform",
        "name": "",
        "address": "",
        "ip": "",
        "target": "Plan",
        "target_id": rows[0]["target_id"],
        "changes": "plan: Free → Team",
        "id": rows[0]["id"],
    }
    assert abs(datetime.fromisoformat(rows[0]["time"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert rows[-1]["action"] == "login.succeeded"
    assert rows[-1]["ip"] == owner.address
    assert {row["address"] for row in table(owner, "?kind=key")} == {person.email}
    answer = owner.get("/audit.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.search(r'attachment; filename="audit-.*\.csv"', answer.headers["content-disposition"])
    assert OPERATOR not in answer.text


def test_the_page_leads_to_the_table_of_what_it_shows(owner: PageClient) -> None:
    page = owner.get("/audit?kind=login&q=Logged+in&after=ffffffff-ffff-7fff-bfff-ffffffffffff")
    assert 'href="/audit.csv?q=Logged+in&amp;kind=login"' in page.text


def test_nothing_in_the_table_is_a_formula(tenant: TenantRef, owner: PageClient) -> None:
    person = make_member(tenant, "admin")
    for formula in FORMULAS:
        write(tenant, "document.created", person, formula, changes={"=x": ["=y", "z"]})
    answer = owner.get("/audit.csv?kind=document")
    rows = list(csv.reader(answer.text.splitlines()))
    told = {row[7].replace("\t'", "\t") for row in rows[1:]}
    assert told == {f"'{formula}" for formula in FORMULAS}
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.strip().startswith(tuple("=+-@＝＋－＠"))]


def test_no_cell_has_a_formula_for_whoever_separates_otherwise(
    tenant: TenantRef, owner: PageClient
) -> None:
    person = make_member(tenant, "admin")
    plain = ["so, -1 - 2", "a-b; c=d", "mail ann@corp.example", "x | y"]
    for text in [*INNER, *plain]:
        write(tenant, "document.created", person, text)
    answer = owner.get("/audit.csv?kind=document").text
    # As they are read where a semicolon, a tab or a bar separates: quotes in the middle say nothing.
    for separator in (";", "\t", "|"):
        lines = answer.split("\n")
        cells = [cell for line in lines for cell in line.split(separator)]
        assert not [cell for cell in cells if cell.strip().startswith(tuple("=+-@＝＋－＠"))]
    assert answer.startswith('"time","action"')
    told = [row[7] for row in csv.reader(io.StringIO(answer))][1:]
    assert set(plain) < set(told)
    assert {text.replace("'", "") for text in told} == {
        text.replace("'", "") for text in [*INNER, *plain]
    }


def test_a_table_is_whole_however_long_it_is(tenant: TenantRef, owner: PageClient) -> None:
    """Part by part: what is written meanwhile is in none of them."""
    count = 12 * PART + 7
    with tenant_context(tenant.id):
        AuditEvent.objects.bulk_create(
            AuditEvent(action="key.created", actor=str(new_id())) for _ in range(count)
        )
    rows = table(owner, "?kind=key")
    assert len({row["id"] for row in rows}) == len(rows) == count
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert len(table(owner, "?kind=login")) == 1
    assert owner.get("/audit.csv").headers["cache-control"] == "private, no-store"


def changes(tenant: TenantRef, action: str) -> dict[str, Any]:
    with tenant_context(tenant.id):
        found: dict[str, Any] = AuditEvent.objects.filter(action=action).latest("id").data
    told: dict[str, Any] = found.get("changes", {})
    return told


def test_a_chatbots_change_says_before_and_after(web: Process, workspace: Workspace) -> None:
    person = make_member(workspace.tenant)
    with tenant_context(workspace.tenant.id):
        _, source_id = _document()
        chatbots.update_chatbot(
            chatbot_id=workspace.chatbot_id,
            actor=str(person.id),
            name="Front <desk>",
            suggested_questions=["When?", "Where?"],
            source_ids=[source_id],
        )
    assert changes(workspace.tenant, "chatbot.changed") == {
        "name": ["Assistant", "Front <desk>"],
        "suggested_questions": ["", "When?, Where?"],
        "sources": ["", "Uploads"],
    }
    with PageClient(web, workspace.tenant.host).log_in(person) as owner:
        page = owner.get("/audit?kind=chatbot").text
    assert "<del><bdi>Assistant</bdi></del>" in page
    assert "<ins><bdi>Front &lt;desk&gt;</bdi></ins>" in page
    assert "Suggested questions:" in page


def _document() -> tuple[UUID, UUID]:
    made, _ = create_document(filename="prices.txt", content=b"One.", queued=False)
    return made.id, made.source_id


def test_a_documents_replacement_says_what_it_was(tenant: TenantRef) -> None:
    with tenant_context(tenant.id):
        document_id, _ = _document()
        replace_document(
            document_id=document_id, content=b"Three.", filename="new.txt", queued=False
        )
        event = AuditEvent.objects.get(action="document.changed")
    assert event.target_name == "new.txt"
    assert changes(tenant, "document.changed") == {
        "filename": ["prices.txt", "new.txt"],
        "version": ["1", "2"],
        "bytes": ["4", "6"],
    }


def test_limits_say_what_holds_and_not_why(tenant: TenantRef, owner: PageClient) -> None:
    change_plan(tenant_id=tenant.id, plan="team", actor=OPERATOR)
    assert changes(tenant, "plan.changed")["plan"] == ["Free", "Team"]
    until = timezone.now() + timedelta(days=1)
    made = override_limits(
        tenant_id=tenant.id,
        reason="a favour",
        expires_at=until,
        actor=OPERATOR,
        cost_per_month=Decimal("77.50"),
    )
    before, after = changes(tenant, "limits.overridden")["cost_per_month"]
    assert after == "77.5"
    end_override(override_id=made, actor=OPERATOR)
    assert changes(tenant, "limits.override_ended") == {"cost_per_month": [after, before]}
    page = owner.get("/audit?who=platform").text + owner.get("/audit.csv?who=platform").text
    assert "77.5" in page
    assert "a favour" not in page
    assert OPERATOR not in page


def test_a_new_key_says_what_it_may_and_not_what_it_is(tenant: TenantRef) -> None:
    made = api_keys.issue_secret_key(tenant_id=tenant.id, scopes=["chat", "keys:read"])
    assert changes(tenant, "key.created") == {"scopes": ["", "chat, keys:read"]}
    with tenant_context(tenant.id):
        (event,) = AuditEvent.objects.filter(action="key.created").values()
    assert event["target_name"] == made.key.hint
    assert made.raw[11:-4] not in str(event)


def test_a_long_text_is_told_where_it_differs() -> None:
    before, after = "a" * 5000 + "one" + "b" * 5000, "a" * 5000 + "two" + "b" * 5000
    ((was, became),) = compare({"instructions": before}, {"instructions": after}).values()
    assert was.startswith("…aaa")
    assert "one" in was
    assert "two" in became
    assert became.endswith("bbb…")
    assert max(len(was), len(became)) <= MAX_LENGTH + 2
    ((was, became),) = compare({"x": "a" * 999}, {"x": "a" * 1000}).values()
    assert (was.strip("…"), became.strip("…")) == ("a" * 40, "a" * 41)
    assert compare({"x": [1, 2]}, {"x": (1, 2)}) == {}
