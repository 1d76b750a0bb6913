"""A new workspace, ready to be used: tenant, first chatbot and its keys, all or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from conversations.chatbots.origins import refuse_origin
from conversations.models import Chatbot
from core import analytics
from core.errors import InvalidRequest
from core.ids import new_id
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import mint_publishable_key, mint_secret_key
from tenants.models import User
from tenants.people.accounts import create_account, prepare_password
from tenants.people.memberships import add_member
from tenants.schemas.moving import Move, moves_along
from tenants.schemas.provisioning import TenantRef, check_slug, create_tenant
from tenants.workspace.services import SYSTEM, record_event

_WELCOME = "Hello! Ask me anything about our documents."


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a new workspace's owner gets; the secret key exists nowhere else in clear, and is empty where
    none was asked for."""

    tenant: TenantRef
    chatbot_id: UUID
    secret_key: str
    publishable_key: str


def create_workspace(
    *,
    slug: str,
    name: str,
    chatbot_name: str = "Assistant",
    origins: Sequence[str] = (),
    owner_id: UUID | None = None,
    with_secret_key: bool = True,
) -> Workspace:
    """One transaction: whatever fails, neither rows nor role nor schema remain.

    `origins` are pages that may use the chatbot besides the workspace's own host; `owner_id` is whoever
    owns it, and makes the first keys: a publishable one, and a secret one for who will see it.
    Raises `InvalidRequest` (slug, origin) and `Conflict` (slug).
    """
    for origin in origins:
        check_origin_entry(origin)
    # Made here, because the key that names it is stored in another schema.
    chatbot_id = new_id()
    actor = SYSTEM if owner_id is None else str(owner_id)
    with platform_context(), transaction.atomic():
        tenant = create_tenant(slug=slug, name=name)
        if owner_id is not None:
            add_member(tenant_id=tenant.id, user_id=owner_id, role="owner")
        with tenant_context(tenant.id):
            Chatbot.objects.create(
                id=chatbot_id,
                name=chatbot_name,
                welcome=_WELCOME,
                allowed_origins=list(dict.fromkeys([*own_origins(tenant.host), *origins])),
            )
            record_event(
                action="chatbot.created", actor=actor, target=str(chatbot_id), name=chatbot_name
            )
            analytics.track("chatbot_created", tenant_id=tenant.id, chatbot_id=chatbot_id)
        return Workspace(
            tenant=tenant,
            chatbot_id=chatbot_id,
            secret_key=(
                mint_secret_key(tenant_id=tenant.id, name="First key", actor=actor)
                if with_secret_key
                else ""
            ),
            publishable_key=mint_publishable_key(
                tenant_id=tenant.id, chatbot_id=chatbot_id, name="Widget", actor=actor
            ),
        )


def sign_up(
    *,
    email: str,
    name: str,
    password: str,
    workspace: str,
    slug: str,
    own_origin: str,
    with_secret_key: bool = True,
) -> tuple[User, Workspace]:
    """An account and its first workspace; a refused slug leaves no account behind.

    `own_origin` is where the dashboard's preview runs. Raises `InvalidRequest` (password, slug) and
    `Conflict` (email, slug).
    """
    prepared = prepare_password(password, email=email, name=name)
    with platform_context(), transaction.atomic():
        user = create_account(email=email, name=name, password=prepared)
        analytics.track("signed_up", user_id=user.pk)
        return user, create_owned_workspace(
            user_id=user.pk,
            name=workspace,
            slug=slug,
            own_origin=own_origin,
            with_secret_key=with_secret_key,
        )


def create_owned_workspace(
    *, user_id: UUID, name: str, slug: str, own_origin: str, with_secret_key: bool = True
) -> Workspace:
    """One more workspace of somebody. Raises `InvalidRequest` (slug) and `Conflict` (slug)."""
    check_slug(slug)
    with platform_context(), transaction.atomic():
        made = create_workspace(
            slug=slug,
            name=name,
            origins=[own_origin],
            owner_id=user_id,
            with_secret_key=with_secret_key,
        )
        analytics.track("workspace_created", tenant_id=made.tenant.id, user_id=user_id)
    return made


def own_origins(host: str) -> list[str]:
    """The workspace's own pages: over TLS, and at the port that this platform serves."""
    # The same page has two origins where a proxy ends TLS and where none does.
    return [f"https://{host}", f"http://{host}:{settings.PORT}"]


@moves_along
def _allow_new_host(move: Move) -> list[str]:
    """A workspace that got another host shows its own chatbots there."""
    old = own_origins(move.old_host)
    for chatbot in Chatbot.objects.all():
        kept = [each for each in chatbot.allowed_origins if each not in old]
        if len(kept) < len(chatbot.allowed_origins):
            chatbot.allowed_origins = list(dict.fromkeys([*own_origins(move.new_host), *kept]))
            chatbot.save(update_fields=["allowed_origins"])
    return []


def check_origin_entry(origin: str) -> None:
    """Raises `InvalidRequest` for an entry that no page could ever match."""
    if refusal := refuse_origin(origin):
        raise InvalidRequest(refusal, param="allowed_origins")
