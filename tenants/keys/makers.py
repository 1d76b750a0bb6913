"""Who made a key: a person, by themselves or with a key of theirs. In the platform's context."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.db.models import Exists, OuterRef

from core.errors import PermissionDenied, Unauthenticated
from tenants.models import APIKey, Membership, Tenant, User
from tenants.workspace.caller import is_unproven


@dataclass(frozen=True, slots=True)
class Origin:
    """What a new key remembers of its making; both are None for what the platform made."""

    maker_id: UUID | None = None
    made_with_id: UUID | None = None


class Made(Protocol):
    """A key, or what else somebody makes to let others in."""

    @property
    def pk(self) -> UUID: ...

    @property
    def maker_id(self) -> UUID | None: ...

    @property
    def made_with_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made a key, as they are today. Name and address are empty when their account is gone;
    `key_name` is the key that they made it with, empty for the dashboard."""

    user_id: UUID
    name: str
    email: str
    is_member: bool
    key_name: str = ""

    @property
    def display_name(self) -> str:
        return self.name or self.email


def lock_keys(tenant_id: UUID) -> None:
    """Until the transaction ends, nobody else makes or ends keys of this workspace, nor takes a member
    away. Before any other lock: members and keys come after it."""
    list(Tenant.objects.select_for_update(no_key=True).filter(pk=tenant_id).values_list("pk"))


def find_origin(tenant_id: UUID, actor: str) -> Origin:
    """Whose doing it is when this actor, a user's or key's id or neither, makes a key. Under `lock_keys`,
    so that whoever was let in a moment ago is looked at again.

    Raises `Unauthenticated` for a key that has ended, `PermissionDenied` for who is no member.
    """
    try:
        actor_id = UUID(actor)
    except ValueError:
        return Origin()
    key = APIKey.objects.filter(pk=actor_id, tenant_id=tenant_id).first()
    if key is None:
        _check_person(tenant_id, actor_id)
        return Origin(actor_id)
    if not APIKey.objects.live().filter(pk=key.pk).exists():
        raise Unauthenticated("This API key was revoked or has expired.")
    # A key that makes another one is a tool: the person behind it answers for both.
    return Origin(key.maker_id, key.pk)


def _check_person(tenant_id: UUID, user_id: UUID) -> None:
    own = Membership.objects.filter(tenant_id=tenant_id, user_id=user_id, user__is_active=True)
    found = list(own.values_list("user__confirmed_at", flat=True))
    # Somebody may have proved the address since: then the account is theirs, and this may be a stranger.
    taken_over = is_unproven() and any(found)
    if not found or taken_over:
        raise PermissionDenied("You are no longer let in as this member. Log in again.")


def describe_makers(tenant_id: UUID, keys: Iterable[Made]) -> dict[UUID, Maker]:
    """The makers of a workspace's keys, by the keys' ids; without those that the platform made."""
    made = [(key, key.maker_id) for key in keys if key.maker_id is not None]
    people = _people(tenant_id, {maker_id for _, maker_id in made})
    # Revoked ones as well: what they made is still there.
    tools = APIKey.objects.filter(
        tenant_id=tenant_id, pk__in={key.made_with_id for key, _ in made if key.made_with_id}
    )
    names = {pk: name or hint for pk, name, hint in tools.values_list("pk", "name", "hint")}
    return {
        key.pk: Maker(
            maker_id,
            *people.get(maker_id, _GONE),
            key_name=names.get(key.made_with_id, "") if key.made_with_id else "",
        )
        for key, maker_id in made
    }


# An account that is gone belongs to nobody's workspace.
_GONE = ("", "", False)


def _people(tenant_id: UUID, user_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str, bool]]:
    """Name, address and whether they are members."""
    own = Membership.objects.filter(tenant_id=tenant_id, user_id=OuterRef("pk"))
    found = User.objects.filter(pk__in=user_ids).annotate(is_member=Exists(own))
    rows = found.values_list("pk", "name", "email", "is_member")
    return {pk: (name, email, is_member) for pk, name, email, is_member in rows}
