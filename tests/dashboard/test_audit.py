"""What members do is in the audit trail: once, under their own id, and not when it was refused."""

import re
from uuid import UUID, uuid4

from conversations.chatbots.onboarding import Workspace
from conversations.models import Conversation
from knowledge.models import Document
from tenants.context import tenant_context
from tenants.keys import api_keys
from tenants.workspace.models import AuditEvent
from tenants.workspace.services import SYSTEM, record_event
from tests.dashboard.test_chatbots import FORM as CHATBOT
from tests.dashboard.test_keys_and_usage import FORM as KEY
from tests.live import Process
from tests.pages import PageClient, make_member

NOTE = {"files": ("note.md", b"# Opening\n\nThe depot opens at six.\n", "text/markdown")}


def trail(workspace: Workspace) -> list[tuple[str, str, str]]:
    """Action, actor and target of what was done since the workspace was set up."""
    with tenant_context(workspace.tenant.id):
        events = AuditEvent.objects.exclude(actor=SYSTEM).order_by("pk")
        events = events.exclude(action__startswith="login.")
        return list(events.values_list("action", "actor", "target"))


def start_conversation(workspace: Workspace) -> UUID:
    with tenant_context(workspace.tenant.id):
        return Conversation.objects.create(
            chatbot_id=workspace.chatbot_id, visitor_id=uuid4(), channel="api"
        ).pk


def test_what_members_do_is_written_once_with_who_it_was(
    web: Process, workspace: Workspace
) -> None:
    tenant, chatbot = workspace.tenant, workspace.chatbot_id
    person, talk = make_member(tenant, "owner"), start_conversation(workspace)
    with PageClient(web, tenant.host).log_in(person) as owner:
        owner.post("/knowledge/upload", files=NOTE)
        owner.post("/knowledge/upload", files=NOTE)
        with tenant_context(tenant.id):
            document = Document.objects.get().pk
        owner.post(f"/knowledge/{document}/delete")
        owner.post(f"/conversations/{talk}/delete")
        owner.post("/keys/create", KEY)
        key = api_keys.list_keys(tenant.id).keys[0].id
        owner.post(f"/keys/{key}/revoke")
        owner.post(f"/chatbots/{chatbot}/save", CHATBOT)
        owner.post(f"/chatbots/{chatbot}/delete", {"delete-name": CHATBOT["name"]})
    assert trail(workspace) == [
        (action, str(person.id), str(target))
        for action, target in (
            ("document.created", document),
            ("document.deleted", document),
            ("conversation.deleted", talk),
            ("key.created", key),
            ("key.revoked", key),
            ("chatbot.changed", chatbot),
            ("chatbot.deleted", chatbot),
        )
    ]


def test_a_new_chatbot_is_written_with_the_key_it_gets(web: Process, workspace: Workspace) -> None:
    person = make_member(workspace.tenant, "admin")
    with PageClient(web, workspace.tenant.host).log_in(person) as admin:
        made = admin.post("/chatbots/create", {"name": "Second"})
        chatbot = made.headers["location"].rpartition("/")[2]
        key = api_keys.list_keys(workspace.tenant.id).keys[0].id
    actor = str(person.id)
    assert sorted(trail(workspace)) == [
        ("chatbot.created", actor, chatbot),
        ("key.created", actor, str(key)),
    ]


def test_an_owner_reads_the_trail_page_by_page(web: Process, workspace: Workspace) -> None:
    tenant, person = workspace.tenant, make_member(workspace.tenant, "owner")
    key = api_keys.authenticate(workspace.secret_key).key_id
    with tenant_context(tenant.id):
        for n in range(55):
            actor = [str(person.id), str(key), "boss@platform.example"][n % 3]
            record_event(action="key.created", actor=actor, target=f"target-{n:02}")
    with PageClient(web, tenant.host).log_in(person) as owner:
        first = owner.get("/audit").text
        second = owner.get(re.findall(r'rel="next" href="([^"]+)"|$', first)[0]).text
        assert owner.get("/audit?after=x").status_code == 400
    targets = re.findall(r"target-\d\d", first + second)
    # Within a millisecond their order is left to chance.
    assert sorted(targets) == [f"target-{n:02}" for n in range(55)]
    assert person.email in first
    assert "The API key “First key”" in first
    assert "boss@platform.example" not in first + second


def test_what_is_refused_is_not_written(web: Process, workspace: Workspace) -> None:
    tenant, chatbot = workspace.tenant, workspace.chatbot_id
    with PageClient(web, tenant.host).log_in(make_member(tenant, "owner")) as owner:
        refused = [
            owner.post("/knowledge/upload"),
            owner.post(f"/knowledge/{uuid4()}/delete"),
            owner.post(f"/conversations/{uuid4()}/delete"),
            owner.post("/keys/create", {**KEY, "scopes": ["everything"]}),
            owner.post(f"/keys/{uuid4()}/revoke"),
            owner.post("/chatbots/create", {"name": ""}),
            owner.post(f"/chatbots/{chatbot}/save", {**CHATBOT, "allowed_origins": "nowhere"}),
            owner.post(f"/chatbots/{chatbot}/delete", {"delete-name": "Another"}),
        ]
    with PageClient(web, tenant.host).log_in(make_member(tenant, "viewer")) as viewer:
        refused.append(viewer.post("/keys/create", KEY))
        refused.append(viewer.post("/knowledge/upload", files=NOTE))
    assert [answer.status_code for answer in refused] == [
        *(400, 404, 404, 400, 404, 400, 400, 400),
        *(403, 403),
    ]
    assert trail(workspace) == []
