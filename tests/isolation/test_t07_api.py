"""T7: every operation of the API × {own key, another workspace's, one without the scope, a publishable
one, a member's expired token, none} × {own, another's, nobody's} ids.

What is another's answers word for word like what does not exist, and whoever is refused changes
nothing. An operation without a row fails.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from django.conf import settings
from django.db.models import Model

from billing.models import Budget, QuotaPeriod, UsageRecord
from chatbot_saas.api.schema import description
from conversations import models
from conversations.chatbots import identity_secrets
from conversations.chatbots import services as chatbots
from conversations.chatbots.avatars import set_avatar
from conversations.chatbots.onboarding import Workspace, create_workspace
from core.ids import new_id
from knowledge.models import Document
from knowledge.services import create_document
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import SCOPES, authenticate, mint_secret_key
from tenants.models import APIKey
from tenants.people.member_tokens import issue_tokens
from tenants.workspace.models import AuditEvent
from tests.conversations.client import ingest
from tests.conversations.pictures import png
from tests.live import Process
from tests.pages import make_member, user_of

QUESTION = "What is the access code of the Zorblatt depot?"
HANDBOOK = "The access code of the Zorblatt depot is 48213."


@dataclass(frozen=True)
class Row:
    """What an operation answers its own key, what it is sent, and what the audit trail says then.
    `scope` is what it needs."""

    scope: str
    own: int
    sent: Callable[["Side"], dict[str, Any]] = lambda side: {}
    audited: tuple[str, ...] = ()


class Side:
    """One workspace in which something was said, and the ids of what is there."""

    def __init__(self, http: httpx.Client) -> None:
        self.workspace: Workspace = create_workspace(slug=f"w{uuid4().hex[:16]}", name="A side")
        self.tenant_id = self.workspace.tenant.id
        self.key = self.workspace.secret_key
        self.ids: dict[str, str] = {
            "chatbot_id": str(self.workspace.chatbot_id),
            "model": str(self.workspace.chatbot_id),
            "document_id": str(ingest(self.tenant_id, "handbook.md", HANDBOOK)),
            "key_id": str(authenticate(mint_secret_key(tenant_id=self.tenant_id)).key_id),
        }
        with tenant_context(self.tenant_id):
            set_avatar(chatbot_id=self.workspace.chatbot_id, content=png())
            made = identity_secrets.create_identity_secret(chatbot_id=self.workspace.chatbot_id)
        self.ids["secret_id"] = str(made.secret.id)
        asked = call(
            http, ("POST", f"/v1/chatbots/{self.ids['chatbot_id']}/turns"), self.key, turn(self)
        )
        self.ids["conversation_id"] = asked.headers["X-Conversation-ID"]
        self.ids["turn_id"] = asked.text.partition("id: ")[2].partition(":")[0]

    def victim(self, name: str) -> str:
        """The id of something new, which may be deleted."""
        with tenant_context(self.tenant_id):
            chatbot_id = self.workspace.chatbot_id
            make: dict[str, Callable[[], UUID]] = {
                "chatbot_id": lambda: chatbots.create_chatbot(name="Victim").id,
                "conversation_id": lambda: (
                    models.Conversation.objects.create(
                        chatbot_id=chatbot_id, visitor_id=new_id(), channel="api"
                    ).pk
                ),
                "document_id": lambda: (
                    create_document(filename="v.txt", content=uuid4().bytes.hex().encode())[0].id
                ),
                # There may be two of them: a second one that is there already will do.
                "secret_id": lambda: (
                    (
                        identity_secrets.list_identity_secrets(chatbot_id)[1:]
                        or [identity_secrets.create_identity_secret(chatbot_id=chatbot_id).secret]
                    )[0].id
                ),
                "key_id": lambda: authenticate(mint_secret_key(tenant_id=self.tenant_id)).key_id,
            }
            return str(make[name]())

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """All rows that a request could change, but how far a worker is with a document."""
        kept: list[type[Model]] = [
            *(models.Chatbot, models.Conversation, models.Turn, models.Message, models.Feedback),
            *(Budget, QuotaPeriod, UsageRecord, AuditEvent),
        ]
        with tenant_context(self.tenant_id):
            rows = [list(kind._default_manager.order_by("pk").values_list()) for kind in kept]
            documents = Document.objects.order_by("pk")
            rows.append(list(documents.values_list("pk", "filename", "content_hash", "version")))
        with platform_context():
            keys = APIKey.objects.filter(tenant_id=self.tenant_id).order_by("pk")
            return [
                *rows,
                list(keys.values_list("pk", "name", "scopes", "revoked_at", "expires_at")),
            ]

    def audited(self, key: str) -> list[tuple[str, str]]:
        """Action and target of what the trail says of a key."""
        with tenant_context(self.tenant_id):
            events = AuditEvent.objects.filter(actor=str(authenticate(key).key_id))
            return sorted(events.values_list("action", "target"))


def turn(side: Side) -> dict[str, Any]:
    return {"json": {"text": QUESTION, "client_turn_id": uuid4().hex}}


def completion(side: Side) -> dict[str, Any]:
    messages = [{"role": "user", "content": QUESTION}]
    return {"json": {"model": side.ids["model"], "messages": messages}}


def embeddings(side: Side) -> dict[str, Any]:
    return {"json": {"model": "all-MiniLM-L6-v2", "input": QUESTION}}


def upload(side: Side) -> dict[str, Any]:
    return {"files": {"file": ("a.txt", uuid4().bytes.hex().encode())}}


def picture(side: Side) -> dict[str, Any]:
    return {"files": {"file": ("me.png", png())}}


TABLE: dict[tuple[str, str], Row] = {
    ("GET", "/v1/models"): Row("chat", 200),
    ("GET", "/v1/models/{model}"): Row("chat", 200),
    ("POST", "/v1/chat/completions"): Row("chat", 200, completion),
    ("POST", "/v1/embeddings"): Row("chat", 200, embeddings),
    ("POST", "/v1/chatbots/{chatbot_id}/turns"): Row("chat", 200, turn),
    ("GET", "/v1/chatbots/{chatbot_id}/turns/{turn_id}/events"): Row("chat", 200),
    ("GET", "/v1/chatbots"): Row("chatbots:read", 200),
    ("POST", "/v1/chatbots"): Row(
        "chatbots:write",
        201,
        lambda _: {"json": {"name": "New"}},
        ("chatbot.created", "key.created"),
    ),
    ("GET", "/v1/chatbots/{chatbot_id}"): Row("chatbots:read", 200),
    ("PATCH", "/v1/chatbots/{chatbot_id}"): Row(
        "chatbots:write",
        200,
        lambda _: {"json": {"name": "Renamed", "allowed_origins": []}},
        ("chatbot.changed",),
    ),
    ("DELETE", "/v1/chatbots/{chatbot_id}"): Row(
        "chatbots:write", 204, audited=("chatbot.deleted",)
    ),
    ("GET", "/v1/chatbots/{chatbot_id}/avatar"): Row("chatbots:read", 200),
    ("PUT", "/v1/chatbots/{chatbot_id}/avatar"): Row(
        "chatbots:write", 204, picture, ("chatbot.changed",)
    ),
    ("DELETE", "/v1/chatbots/{chatbot_id}/avatar"): Row(
        "chatbots:write", 204, audited=("chatbot.changed",)
    ),
    ("GET", "/v1/chatbots/{chatbot_id}/identity_secrets"): Row("keys:read", 200),
    ("POST", "/v1/chatbots/{chatbot_id}/identity_secrets"): Row(
        "keys:write", 201, audited=("identity_secret.created",)
    ),
    ("DELETE", "/v1/chatbots/{chatbot_id}/identity_secrets/{secret_id}"): Row(
        "keys:write", 204, audited=("identity_secret.revoked",)
    ),
    ("GET", "/v1/conversations"): Row("conversations:read", 200),
    ("GET", "/v1/conversations/{conversation_id}"): Row("conversations:read", 200),
    ("DELETE", "/v1/conversations/{conversation_id}"): Row(
        "conversations:write", 204, audited=("conversation.deleted",)
    ),
    ("GET", "/v1/conversations/{conversation_id}/messages"): Row("conversations:read", 200),
    ("GET", "/v1/documents"): Row("documents:read", 200),
    ("POST", "/v1/documents"): Row("documents:write", 202, upload, ("document.created",)),
    ("GET", "/v1/documents/{document_id}"): Row("documents:read", 200),
    ("DELETE", "/v1/documents/{document_id}"): Row(
        "documents:write", 204, audited=("document.deleted",)
    ),
    ("GET", "/v1/usage"): Row("usage:read", 200),
    ("GET", "/v1/usage/days"): Row("usage:read", 200),
    ("GET", "/v1/budget"): Row("usage:read", 200),
    ("PUT", "/v1/budget"): Row(
        "usage:write", 200, lambda _: {"json": {"amount": "4.00"}}, ("budget.changed",)
    ),
    ("DELETE", "/v1/budget"): Row("usage:write", 204, audited=("budget.changed",)),
    ("GET", "/v1/keys"): Row("keys:read", 200),
    ("POST", "/v1/keys"): Row(
        "keys:write", 201, lambda _: {"json": {"scopes": ["chat"]}}, ("key.created",)
    ),
    ("DELETE", "/v1/keys/{key_id}"): Row("keys:write", 204, audited=("key.revoked",)),
}
# Asked without a key, and what they answer to who proves nothing: (on a workspace's host, elsewhere).
OPEN: dict[tuple[str, str], tuple[dict[str, Any], int, int]] = {
    ("POST", "/v1/auth/token"): ({"json": {"email": "a@b.example", "password": "x"}}, 401, 404),
    ("POST", "/v1/auth/token/refresh"): ({"json": {"refresh": "x"}}, 401, 404),
    ("POST", "/v1/auth/token/revoke"): ({"json": {"refresh": "x"}}, 401, 404),
    ("GET", "/v1/openapi.json"): ({}, 200, 200),
}


@pytest.fixture(scope="module")
def http(web: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def own(http: httpx.Client) -> Side:
    return Side(http)


@pytest.fixture(scope="module")
def other(http: httpx.Client) -> Side:
    return Side(http)


@pytest.fixture(scope="module")
def member_token(own: Side) -> Callable[..., str]:
    """An owner's access token that is good for so many minutes."""
    user = user_of(make_member(own.workspace.tenant, "owner"))
    access = issue_tokens(user=user, tenant_id=own.tenant_id).access
    claims = jwt.decode(access, options={"verify_signature": False})
    key: Any = settings.SIMPLE_JWT["SIGNING_KEY"]
    return lambda minutes: jwt.encode({**claims, "exp": time() + 60 * minutes}, key, "HS256")


def call(
    http: httpx.Client,
    request: tuple[str, str],
    key: str | None,
    sent: dict[str, Any],
    host: str = "",
) -> httpx.Response:
    headers = {"Host": host or "localhost", **({"Authorization": f"Bearer {key}"} if key else {})}
    return http.request(*request, headers=headers, **sent)


def said(answer: httpx.Response, path: str) -> tuple[int, dict[str, Any]]:
    """An answer without what is of the request itself."""
    body = {name: value for name, value in answer.json().items() if name != "request_id"}
    assert body.pop("instance") == path
    return answer.status_code, body


def test_every_operation_has_a_row_and_the_scope_that_is_written() -> None:
    described = {
        (method.upper(), path): operation
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }
    assert described.keys() == {*TABLE, *OPEN}
    scopes = {where: one["x-scope"] for where, one in described.items() if one["security"]}
    assert scopes == {where: row.scope for where, row in TABLE.items()}


@pytest.mark.parametrize("where", TABLE, ids=" ".join)
def test_t07_who_may_not_is_refused_and_changes_nothing(
    where: tuple[str, str],
    http: httpx.Client,
    own: Side,
    other: Side,
    member_token: Callable[..., str],
) -> None:
    (method, template), row = where, TABLE[where]
    path, sent = template.format(**own.ids), row.sent(own)
    mine = own.workspace
    without = mint_secret_key(tenant_id=own.tenant_id, scopes=SCOPES - {row.scope})
    before = own.everything()
    unknown = dict.fromkeys((None, "cb_sk_live_nonsense", member_token(minutes=-1)), 401)
    refused = {**unknown, without: 403, mine.publishable_key: 403}
    for key, status in refused.items():
        answer = call(http, (method, path), key, sent)
        assert answer.status_code == status, (key, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    # On a workspace's own host, another's key is an unknown one.
    assert call(http, (method, path), other.key, sent, host=mine.tenant.host).status_code == 401
    stranger = call(http, (method, path), other.key, sent)
    if "{" in template or (method == "POST" and "completions" in template):
        nobodys = {name: str(uuid4()) for name in own.ids}
        nowhere = template.format(**nobodys)
        if "completions" in template:
            sent = {"json": {**sent["json"], "model": nobodys["model"]}}
        nothing = call(http, (method, nowhere), own.key, sent)
        assert said(stranger, path) == said(nothing, nowhere)
        assert stranger.status_code == 404
    else:
        assert stranger.status_code == row.own
        assert not any(known in stranger.text for known in own.ids.values())
    assert own.everything() == before


@pytest.mark.parametrize("where", TABLE, ids=" ".join)
def test_t07_who_may_does(where: tuple[str, str], http: httpx.Client, own: Side) -> None:
    (method, template), row = where, TABLE[where]
    ids = dict(own.ids)
    # What there is one of is told by nobody's id.
    deletes_one = method == "DELETE" and template.endswith("_id}")
    if deletes_one:
        name = template.rpartition("{")[2].removesuffix("}")
        ids[name] = own.victim(name)
    path = template.format(**ids)
    key = mint_secret_key(tenant_id=own.tenant_id, scopes={row.scope, "chat"})
    answer = call(http, (method, path), key, row.sent(own), host=own.workspace.tenant.host)
    assert answer.status_code == row.own, answer.text
    assert tuple(action for action, _ in own.audited(key)) == row.audited
    if deletes_one:
        assert call(http, (method, path), key, {}).status_code == 404
        assert own.audited(key) == [(*row.audited, ids[name])]


def test_a_members_token_reaches_until_it_expires(
    http: httpx.Client, member_token: Callable[..., str]
) -> None:
    listed = ("GET", "/v1/documents")
    assert call(http, listed, member_token(minutes=1), {}).status_code == 200
    assert call(http, listed, member_token(minutes=-1), {}).status_code == 401


@pytest.mark.parametrize("where", OPEN, ids=" ".join)
def test_t07_without_a_key_nothing_is_proved(
    where: tuple[str, str], http: httpx.Client, own: Side, other: Side
) -> None:
    (method, path), (sent, on_host, elsewhere) = where, OPEN[where]
    for side in (own, other):
        answer = call(http, (method, path), None, sent, host=side.workspace.tenant.host)
        assert answer.status_code == on_host
    assert call(http, (method, path), None, sent).status_code == elsewhere


def test_a_key_makes_no_key_that_may_do_more(http: httpx.Client, own: Side) -> None:
    maker = mint_secret_key(tenant_id=own.tenant_id, scopes=["keys:write", "chat"])
    before = own.everything()
    more = {"json": {"scopes": ["chat", "documents:write"]}}
    assert call(http, ("POST", "/v1/keys"), maker, more).status_code == 403
    assert own.everything() == before
    made = call(http, ("POST", "/v1/keys"), maker, {"json": {"scopes": ["chat"]}}).json()
    assert authenticate(made["secret"]).scopes == {"chat"}
    assert made["secret"] not in str(own.everything())
