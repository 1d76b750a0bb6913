"""Whose widget a publishable key is for, when nothing is let in with it."""

from dataclasses import dataclass
from uuid import UUID

from tenants.context import platform_context
from tenants.keys.api_keys import digest_of, is_well_formed
from tenants.models import APIKey, Tenant


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """The chatbot of a key, and its tenant."""

    tenant_id: UUID
    chatbot_id: UUID


def is_publishable(raw: str) -> bool:
    """Whether it may be a publishable key, by its form and checksum."""
    return raw.startswith("cb_pk_") and is_well_formed(raw)


def find_owner(raw: str) -> KeyOwner | None:
    """None for a key that is no live publishable one, or whose tenant is not active. To ask is no use of
    the key, and is not noted as one."""
    if not is_publishable(raw):
        return None
    with platform_context():
        usable = APIKey.objects.live().filter(
            digest=digest_of(raw),
            kind=APIKey.Kind.PUBLISHABLE,
            tenant__status=Tenant.Status.ACTIVE,
        )
        # One row at most, so nothing is sorted.
        found = next(iter(usable.values_list("tenant_id", "chatbot_id")[:1]), (None, None))
    tenant_id, chatbot_id = found
    return KeyOwner(tenant_id, chatbot_id) if tenant_id and chatbot_id else None
