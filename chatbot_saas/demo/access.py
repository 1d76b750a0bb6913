"""Who may enter the demo workspace: its tenant, people and keys, kept in var/demo.json."""

import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing.catalog.models import Subscription
from chatbot_saas.embedded.credentials import write_private
from conversations.chatbots.onboarding import create_workspace, own_origins
from conversations.chatbots.services import create_chatbot
from conversations.models import Chatbot
from core.errors import TenantSuspended, Unauthenticated
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import authenticate, mint_publishable_key, mint_secret_key, revoke_key
from tenants.models import APIKey, Domain, Membership, Tenant, User
from tenants.people.passwords import hash_password

SLUG = "demo"
PLAN = "demo"
KEY_NAME = "Demo"
ADMIN = "admin@demo.example"
OPERATOR = "operator@demo.example"


@dataclass(frozen=True)
class Access:
    """The members of var/demo.json. Programs connect to `base_url` and send `tenant_host` as
    Host."""

    base_url: str
    tenant_host: str
    admin_email: str
    admin_password: str
    operator_email: str
    operator_password: str
    secret_key: str
    publishable_key: str
    chatbot_id: str


def access_file() -> Path:
    return Path(settings.VAR_DIR) / "demo.json"


def open_access() -> tuple[Access, UUID]:
    """The demo's access and tenant: those on file if they still work, else new keys and passwords.

    Not yet on file: `save_access` is the last thing that the demo does.
    """
    base_url = f"http://127.0.0.1:{settings.PORT}"
    known = _known_access()
    with platform_context(), transaction.atomic():
        if known is not None:
            access, tenant_id = _with_chatbot(replace(known[0], base_url=base_url), known[1])
        else:
            access, tenant_id = _new_access(base_url)
        _allow_own_pages(tenant_id, access)
    return access, tenant_id


def save_access(access: Access) -> None:
    """Write the file whole, mode 0600."""
    write_private(access_file(), json.dumps(asdict(access), indent=2) + "\n")


def known_key() -> str | None:
    """The demo's publishable key, once there is a demo."""
    try:
        return str(json.loads(access_file().read_text(encoding="utf-8"))["publishable_key"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _known_access() -> tuple[Access, UUID] | None:
    try:
        access = Access(**json.loads(access_file().read_text(encoding="utf-8")))
        return access, authenticate(access.secret_key).tenant_id
    except (FileNotFoundError, ValueError, TypeError, Unauthenticated, TenantSuspended):
        return None


def _with_chatbot(access: Access, tenant_id: UUID) -> tuple[Access, UUID]:
    """The same, with another chatbot where its own was deleted meanwhile, or another key."""
    with tenant_context(tenant_id):
        there = Chatbot.objects.filter(pk=access.chatbot_id).exists()
    chatbot_id = UUID(access.chatbot_id) if there else _first_chatbot(tenant_id)
    key = _publishable_key(tenant_id, chatbot_id)
    return replace(access, chatbot_id=str(chatbot_id), publishable_key=key), tenant_id


def _new_access(base_url: str) -> tuple[Access, UUID]:
    tenant = Tenant.objects.filter(slug=SLUG).first()
    tenant_id = create_workspace(slug=SLUG, name="Demo").tenant.id if tenant is None else tenant.pk
    Subscription.objects.update_or_create(tenant_id=tenant_id, defaults={"plan_id": PLAN})
    chatbot_id = _first_chatbot(tenant_id)
    admin_password, operator_password = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    admin = _person(ADMIN, admin_password, name="Robin Demo")
    Membership.objects.update_or_create(
        user=admin, tenant_id=tenant_id, defaults={"role": Membership.Role.OWNER}
    )
    _person(OPERATOR, operator_password, is_staff=True, is_superuser=True)
    access = Access(
        base_url=base_url,
        tenant_host=Domain.objects.get(tenant_id=tenant_id, is_primary=True).domain,
        admin_email=ADMIN,
        admin_password=admin_password,
        operator_email=OPERATOR,
        operator_password=operator_password,
        secret_key=_new_secret_key(tenant_id),
        publishable_key=_publishable_key(tenant_id, chatbot_id),
        chatbot_id=str(chatbot_id),
    )
    return access, tenant_id


def _new_secret_key(tenant_id: UUID) -> str:
    """The lost key must not go on living: only the demo's own ones and the first one are ended."""
    lost = APIKey.objects.filter(
        tenant_id=tenant_id,
        kind=APIKey.Kind.SECRET,
        revoked_at=None,
        name__in=[KEY_NAME, "First key"],
    )
    for key in lost:
        revoke_key(tenant_id=tenant_id, key_id=key.pk)
    return mint_secret_key(tenant_id=tenant_id, name=KEY_NAME)


def _publishable_key(tenant_id: UUID, chatbot_id: UUID) -> str:
    keys = APIKey.objects.filter(
        tenant_id=tenant_id,
        kind=APIKey.Kind.PUBLISHABLE,
        chatbot_id=chatbot_id,
        revoked_at=None,
    )
    key = keys.order_by("pk").first()
    return key.plain if key else mint_publishable_key(tenant_id=tenant_id, chatbot_id=chatbot_id)


def _first_chatbot(tenant_id: UUID) -> UUID:
    with tenant_context(tenant_id):
        first = Chatbot.objects.order_by("created_at").values_list("pk", flat=True).first()
        return first or create_chatbot(name="Assistant").id


def _person(email: str, password: str, **fields: bool | str) -> User:
    user = User.objects.with_email(email).first() or User(email=email, confirmed_at=timezone.now())
    for name, value in fields.items():
        setattr(user, name, value)
    # At each start: the file with the passwords may have been deleted.
    user.password = hash_password(password)
    user.save()
    return user


def _allow_own_pages(tenant_id: UUID, access: Access) -> None:
    """The pages of this machine at the port of this start, besides those that are there."""
    port = settings.PORT
    own = own_origins(access.tenant_host)
    wanted = [*own, f"http://localhost:{port}", f"http://127.0.0.1:{port}"]
    with tenant_context(tenant_id):
        chatbot = Chatbot.objects.get(pk=access.chatbot_id)
        missing = [origin for origin in wanted if origin not in chatbot.allowed_origins]
        if missing:
            chatbot.allowed_origins = [*chatbot.allowed_origins, *missing]
            chatbot.save(update_fields=["allowed_origins", "updated_at"])
