"""T7: what each role may is the same in the product, the tests, the docs and for members' tokens."""

import re
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from conversations.chatbots.onboarding import create_workspace
from tenants.people.member_tokens import issue_tokens
from tenants.people.roles import PERMISSIONS, ROLES, may, may_manage
from tests.isolation.rights import IN_WORDS, MAY
from tests.isolation.test_t07_api import TABLE
from tests.isolation.world import World, build, snapshot
from tests.live import Process
from tests.pages import user_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "dashboard.md"


def test_the_product_gives_each_role_what_is_written_here() -> None:
    assert set(ROLES) == MAY.keys()
    for role in ROLES:
        assert {each for each in PERMISSIONS if may(role, each)} == MAY[role], role


def test_only_owners_make_and_unmake_owners() -> None:
    allowed = {
        (actor, of, to)
        for actor in ROLES
        for of in ROLES
        for to in (None, *ROLES)
        if may_manage(actor, of=of, to=to)
    }
    below = ("viewer", "agent", "admin")
    assert allowed == {("owner", of, to) for of in ROLES for to in (None, *ROLES)} | {
        ("admin", of, to) for of in below for to in (None, *below)
    }


def documented() -> dict[str, list[str]]:
    """Rows of the table "Roles": who may, by what."""
    section = DOCS.read_text(encoding="utf-8").partition("## Roles\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|") and not re.match(r"\|[-|]+$", line)
    ]
    heading, *body = rows
    return {
        row[0]: [role for role, cell in zip(heading[1:], row[1:], strict=True) if cell == "yes"]
        for row in body
    }


def test_the_docs_say_the_same() -> None:
    found = documented()
    assert found.keys() == IN_WORDS.keys()
    for words, roles in found.items():
        assert roles == [role for role in MAY if IN_WORDS[words] <= MAY[role]], words
    assert set().union(*IN_WORDS.values()) == set(PERMISSIONS)


@pytest.fixture(scope="module")
def world() -> World:
    return build(create_workspace(slug=f"w{uuid4().hex[:16]}", name="Tried"))


@pytest.mark.parametrize("role", MAY)
def test_a_members_token_may_what_its_role_may(web: Process, world: World, role: str) -> None:
    person = world.people[role]  # type: ignore[index]
    tenant = world.workspace.tenant
    access = issue_tokens(user=user_of(person), tenant_id=tenant.id).access
    before = snapshot(world)
    headers = {"Host": tenant.host, "Authorization": f"Bearer {access}"}
    with httpx.Client(base_url=web.url, headers=headers, trust_env=False, timeout=30) as http:
        for (method, template), row in TABLE.items():
            # Of nobody's thing, and without a body: nothing happens to who is let through either.
            path = re.sub(r"\{\w+\}", lambda _: str(uuid4()), template)
            answer = http.request(method, path)
            admitted = answer.status_code not in {401, 403}
            # Chatting is what everybody may.
            expected = row.scope == "chat" or row.scope in MAY[role]
            assert admitted == expected, (method, template, answer.text)
            assert answer.status_code < 500
    assert snapshot(world) == before
