"""T16: who signs up with somebody's address keeps no way in once its owner has proved it.

The attack: a stranger signs up as Ann, keeps keys, sessions and tokens, and waits. Ann sets a password by
mail and uploads. Nothing that the stranger kept may answer with what she uploaded.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from django.utils import timezone

from conversations.chatbots.onboarding import Workspace, create_workspace
from core.errors import Unauthenticated
from tenants.context import platform_context
from tenants.keys import api_keys
from tenants.models import APIKey, Invitation, Membership, Tenant
from tenants.people.accounts import create_account, prepare_password
from tenants.people.memberships import add_member
from tests.conversations.client import Chat, ingest
from tests.identity.test_confirmation import new_email, sign_up
from tests.live import Process
from tests.mailbox import newest_account, reset_path
from tests.pages import PASSWORD, PLATFORM, PageClient, Person, make_member, ticket_path

NEW = "another battery 8 horse"
QUESTION = "What is the access code of the Zorblatt depot?"


@dataclass(frozen=True, slots=True)
class Squatter:
    """What a stranger has who signed up with somebody's address."""

    tenant_id: UUID
    host: str
    keys: tuple[str, ...]
    publishable: str
    platform: PageClient
    dashboard: PageClient
    tokens: dict[str, str]
    ticket: str
    chatbot_id: UUID


def squat(web: Process, email: str, stack: ExitStack) -> Squatter:
    platform = stack.enter_context(PageClient(web, PLATFORM))
    slug = sign_up(platform, email)
    with platform_context():
        tenant = Tenant.objects.get(slug=slug)
        key = APIKey.objects.get(tenant_id=tenant.pk)
        publishable, chatbot_id = key.plain, key.chatbot_id
    assert chatbot_id is not None
    host = f"{slug}.localhost"
    dashboard = stack.enter_context(PageClient(web, host))
    dashboard.enter(platform, tenant.pk)
    form = {"name": "first", "scopes": sorted(api_keys.SCOPES), "days": ""}
    assert dashboard.post("/keys/create", form).status_code == 302
    shown = dashboard.get("/keys").text
    first = f"cb_sk_live_{shown.partition('cb_sk_live_')[2].partition('<')[0]}"
    # A key that was made with a key, as programs do.
    made = httpx.post(
        f"{web.url}/v1/keys",
        json={"scopes": ["chat", "documents:read"], "name": "made"},
        headers={"Authorization": f"Bearer {first}"},
        trust_env=False,
    )
    assert made.status_code == 201, made.text
    obtained = httpx.post(
        f"{web.url}/v1/auth/token",
        json={"email": email, "password": PASSWORD},
        headers={"Host": host},
        trust_env=False,
    )
    assert obtained.status_code == 200, obtained.text
    return Squatter(
        tenant_id=tenant.pk,
        host=host,
        keys=(first, made.json()["secret"]),
        publishable=publishable,
        platform=platform,
        dashboard=dashboard,
        tokens=obtained.json(),
        ticket=ticket_path(platform.post(f"/workspaces/{tenant.pk}/enter")),
        chatbot_id=chatbot_id,
    )


def ask(web: Process, key: str, chatbot_id: UUID) -> httpx.Response:
    messages = [{"role": "user", "content": QUESTION}]
    return httpx.post(
        f"{web.url}/v1/chat/completions",
        json={"model": str(chatbot_id), "messages": messages},
        headers={"Authorization": f"Bearer {key}"},
        trust_env=False,
        timeout=30,
    )


def statuses(web: Process, held: Squatter) -> list[int]:
    """How what the stranger holds is answered: keys, token, refresh, sessions, ticket."""
    reached = [
        ask(web, held.keys[0], held.chatbot_id).status_code,
        ask(web, held.keys[1], held.chatbot_id).status_code,
        httpx.get(
            f"{web.url}/v1/documents",
            headers={"Host": held.host, "Authorization": f"Bearer {held.tokens['access']}"},
            trust_env=False,
        ).status_code,
        httpx.post(
            f"{web.url}/v1/auth/token/refresh",
            json={"refresh": held.tokens["refresh"]},
            headers={"Host": held.host},
            trust_env=False,
        ).status_code,
        held.platform.get("/workspaces").status_code,
        held.dashboard.get("/keys").status_code,
    ]
    with PageClient(web, held.host) as fresh:
        reached.append(fresh.get(held.ticket).status_code)
        if reached[-1] == 302:
            reached.append(fresh.get("/keys").status_code)
    return reached


def test_ann_alone_reaches_what_ann_uploads(web: Process) -> None:
    email = new_email()
    with ExitStack() as stack:
        held = squat(web, email, stack)
        chat = stack.enter_context(
            Chat(web.socket_url, held.publishable, origin=f"http://{held.host}:{web.port}")
        )
        with PageClient(web, PLATFORM) as ann:
            link = reset_path(email)
            assert ann.post(link, {"password": NEW}).headers["location"] == "/login"
            ann.log_in(Person(newest_account(email).pk, email, NEW))
            assert chat.close_code() is not None
            code = uuid4().hex[:8]
            ingest(
                held.tenant_id,
                "depot.md",
                f"# Depot\n\nThe access code of the Zorblatt depot is {code}.",
            )
            assert statuses(web, held) == [401, 401, 401, 401, 302, 302, 404]
            with pytest.raises(Unauthenticated):
                api_keys.authenticate(held.publishable)
            # The workspace is hers, and what she makes in it works.
            with PageClient(web, held.host) as dashboard:
                dashboard.enter(ann, held.tenant_id)
                fields = {"name": "Ann's", "scopes": ["chat"], "days": ""}
                assert dashboard.post("/keys/create", fields).status_code == 302
                key = f"cb_sk_live_{dashboard.get('/keys').text.partition('cb_sk_live_')[2][:39]}"
        answered = ask(web, key, held.chatbot_id)
    assert code in answered.text, answered.text


def test_before_the_proof_all_of_it_works(web: Process) -> None:
    """So that the test above fails for the right reason when it fails."""
    with ExitStack() as stack:
        held = squat(web, new_email(), stack)
        assert statuses(web, held) == [200, 200, 200, 200, 200, 200, 302, 200]


def test_every_claim_of_the_address_falls_to_who_proves_it(web: Process) -> None:
    email = new_email()
    with ExitStack() as stack:
        hers, strangers = squat(web, email, stack), squat(web, email, stack)
        with PageClient(web, PLATFORM) as ann:
            ann.post(reset_path(email), {"password": NEW})
            owner = newest_account(email)
            ann.log_in(Person(owner.pk, email, NEW))
            listed = ann.get("/workspaces").text
        for held in (hers, strangers):
            assert held.host.partition(".")[0] in listed
            assert statuses(web, held) == [401, 401, 401, 401, 302, 302, 404]
    with platform_context():
        members = Membership.objects.filter(tenant_id__in=[hers.tenant_id, strangers.tenant_id])
        assert set(members.values_list("user_id", "role")) == {(owner.pk, "owner")}


def joined_by_a_copied_link(workspace: Workspace) -> tuple[Person, str]:
    """Somebody who named an address and proved nothing, as a member, with a key of their own."""
    email = new_email()
    password = prepare_password(PASSWORD)
    user = create_account(email=email, name="Ann", password=password)
    add_member(tenant_id=workspace.tenant.id, user_id=user.pk, role="admin")
    with platform_context():
        Invitation.objects.create(
            tenant_id=workspace.tenant.id,
            email="next@example.org",
            role="admin",
            digest=uuid4().hex,
            invited_by_id=user.pk,
            expires_at=timezone.now() + timedelta(days=1),
        )
    key = api_keys.issue_secret_key(tenant_id=workspace.tenant.id, actor=str(user.pk)).raw
    return Person(user.pk, email), key


def test_a_proof_ends_in_a_workspace_of_others_only_what_the_claim_made(web: Process) -> None:
    workspace = create_workspace(slug=f"w{uuid4().hex[:16]}", name="Acme")
    owner = make_member(workspace.tenant, "owner")
    person, key = joined_by_a_copied_link(workspace)
    of_owner = api_keys.issue_secret_key(tenant_id=workspace.tenant.id, actor=str(owner.id)).raw
    with PageClient(web, PLATFORM) as ann:
        ann.post(reset_path(person.email), {"password": NEW})
    with pytest.raises(Unauthenticated):
        api_keys.authenticate(key)
    for kept in (of_owner, workspace.secret_key, workspace.publishable_key):
        assert api_keys.authenticate(kept).tenant_id == workspace.tenant.id
    with platform_context():
        assert Invitation.objects.get(invited_by_id=person.id).revoked_at is not None
        roles = dict(
            Membership.objects.filter(tenant_id=workspace.tenant.id).values_list("user_id", "role")
        )
    assert roles == {owner.id: "owner", person.id: "admin"}


def test_a_second_reset_ends_no_keys(web: Process) -> None:
    workspace = create_workspace(slug=f"w{uuid4().hex[:16]}", name="Acme")
    owner = make_member(workspace.tenant, "owner")
    with PageClient(web, PLATFORM) as client:
        answer = client.post(reset_path(owner.email), {"password": NEW})
    assert answer.headers["location"] == "/login"
    assert api_keys.authenticate(workspace.secret_key).tenant_id == workspace.tenant.id
