"""Roles: what each may do is what the page says, and nobody lifts themselves."""

import itertools
import re

import pytest

from tenants.people.roles import PERMISSIONS, ROLES, Permission, Role, may, may_manage
from tests.live import ROOT

# The rows of docs/dashboard.md, and the permissions that each stands for.
ROWS: dict[str, tuple[Permission, ...]] = {
    "look at": (
        "overview:read",
        "conversations:read",
        "documents:read",
        "chatbots:read",
        "usage:read",
        "members:read",
    ),
    "add and remove documents": ("documents:write", "conversations:write"),
    "change chatbots": (
        *("chatbots:write", "keys:write", "members:write", "keys:read"),
        *("conversations:export", "usage:write"),
    ),
    "make and unmake owners": ("workspace:write",),
}


def documented() -> dict[Permission, set[str]]:
    """Permission → the roles that have it, as the page's table says."""
    text = (ROOT / "docs" / "dashboard.md").read_text(encoding="utf-8")
    section = text.partition("## Roles")[2].partition("##")[0]
    header, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\|.*\|$", section, re.MULTILINE)
        if not line.startswith("|---")
    ]
    found: dict[Permission, set[str]] = {}
    for row in rows:
        granted = {role for role, cell in zip(header[1:], row[1:], strict=True) if cell == "yes"}
        start = next(start for start in ROWS if row[0].startswith(start))
        found.update(dict.fromkeys(ROWS[start], granted))
    return found


@pytest.mark.parametrize(("role", "permission"), list(itertools.product(ROLES, PERMISSIONS)))
def test_a_role_may_what_the_page_says(role: Role, permission: Permission) -> None:
    assert may(role, permission) is (role in documented()[permission])


def test_each_role_may_what_the_one_before_may() -> None:
    for weaker, stronger in itertools.pairwise(ROLES):
        allowed = {each for each in PERMISSIONS if may(weaker, each)}
        assert allowed < {each for each in PERMISSIONS if may(stronger, each)}


@pytest.mark.parametrize(
    ("actor", "of", "to", "allowed"),
    [
        ("owner", "owner", "viewer", True),
        ("owner", "viewer", "owner", True),
        ("admin", "agent", "admin", True),
        ("admin", "admin", None, True),
        ("admin", "owner", None, False),
        ("admin", "owner", "viewer", False),
        ("admin", "viewer", "owner", False),
        ("agent", "viewer", "viewer", False),
        ("agent", "agent", None, False),
        ("viewer", "viewer", None, False),
    ],
)
def test_owners_are_made_and_unmade_by_owners_alone(
    actor: Role, of: Role, to: Role | None, allowed: bool
) -> None:
    assert may_manage(actor, of=of, to=to) is allowed
