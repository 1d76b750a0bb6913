"""What each role may do in a workspace. Pure."""

from typing import Literal, get_args

Role = Literal["viewer", "agent", "admin", "owner"]
Permission = Literal[
    "overview:read",
    "conversations:read",
    "documents:read",
    "chatbots:read",
    "usage:read",
    "members:read",
    "documents:write",
    "conversations:write",
    "conversations:export",
    "chatbots:write",
    "usage:write",
    "keys:read",
    "keys:write",
    "members:write",
    "workspace:write",
]

# Weakest first: each role may do what those before it may.
ROLES: tuple[Role, ...] = get_args(Role)
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
# The weakest role that may.
_NEEDS: dict[Permission, Role] = {
    "overview:read": "viewer",
    "conversations:read": "viewer",
    "documents:read": "viewer",
    "chatbots:read": "viewer",
    "usage:read": "viewer",
    "members:read": "viewer",
    "documents:write": "agent",
    "conversations:write": "agent",
    "conversations:export": "admin",
    "chatbots:write": "admin",
    "usage:write": "admin",
    "keys:read": "admin",
    "keys:write": "admin",
    "members:write": "admin",
    "workspace:write": "owner",
}


def may(role: Role, permission: Permission) -> bool:
    """
    >>> may("agent", "documents:write"), may("agent", "keys:read")
    (True, False)
    """
    return ROLES.index(role) >= ROLES.index(_NEEDS[permission])


def may_manage(actor: Role, *, of: Role, to: Role | None = None) -> bool:
    """Whether one who manages members may change or remove a member of role `of`, or give role `to`.

    An admin neither makes nor unmakes owners; an owner may do all.

    >>> may_manage("admin", of="agent", to="admin"), may_manage("admin", of="owner")
    (True, False)
    """
    if not may(actor, "members:write"):
        return False
    return actor == "owner" or "owner" not in (of, to)
