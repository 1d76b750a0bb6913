"""A key that is asked for while what asks for it is being ended does not outlive it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from django.db import transaction

from conversations.chatbots.onboarding import Workspace
from tenants.context import platform_context, tenant_context
from tenants.keys import api_keys
from tenants.people.accounts import make_reset_link, reset_password
from tenants.people.members import find_member
from tenants.people.memberships import remove_member
from tenants.schemas.provisioning import TenantRef
from tests.dashboard.test_keys_and_usage import FORM
from tests.eventually import wait_for_locks
from tests.identity.test_confirmation import new_email
from tests.identity.test_members import membership_id
from tests.isolation.test_t16_claimed_addresses import NEW, squat
from tests.live import Process
from tests.mailbox import newest_account
from tests.pages import PageClient, make_member

_BODY = {"name": "Late", "scopes": ["chat"]}


def ask_for_key(web: Process, raw: str, host: str = "localhost") -> httpx.Response:
    headers = {"Authorization": f"Bearer {raw}", "Host": host}
    url = f"{web.url}/v1/keys"
    return httpx.post(url, json=_BODY, headers=headers, trust_env=False, timeout=30)


@contextmanager
def asked_meanwhile(*asks: Callable[[], httpx.Response]) -> Iterator[list[Future[httpx.Response]]]:
    """A transaction that ends when each of these, begun after the block, is answered or waits for it."""
    with ThreadPoolExecutor(len(asks)) as pool:
        told: list[Future[httpx.Response]] = []
        with platform_context(), transaction.atomic():
            yield told
            told += [pool.submit(ask) for ask in asks]
            wait_for_locks(len(asks), lambda: sum(each.done() for each in told))
        wait(told, timeout=60)


def names(tenant: TenantRef) -> list[str]:
    return [key.name for key in api_keys.list_keys(tenant.id).keys]


def test_a_key_that_a_stranger_asks_for_during_the_takeover_opens_nothing(web: Process) -> None:
    email = new_email()
    with ExitStack() as stack:
        held = squat(web, email, stack)
        link = make_reset_link(newest_account(email))
        with asked_meanwhile(
            lambda: ask_for_key(web, held.keys[1]),
            lambda: ask_for_key(web, held.tokens["access"], held.host),
            lambda: held.dashboard.post("/keys/create", FORM),
            lambda: held.dashboard.post("/chatbots/create", {"name": "Late"}),
        ) as told:
            reset_password(link=link, password=NEW)
    assert api_keys.list_keys(held.tenant_id).keys == ()
    assert {each.result().status_code for each in told} <= {401, 403, 503}


def test_a_key_that_is_revoked_makes_no_other_meanwhile(web: Process, workspace: Workspace) -> None:
    raw = workspace.secret_key
    key_id = api_keys.authenticate(raw).key_id
    with asked_meanwhile(lambda: ask_for_key(web, raw)) as told:
        api_keys.revoke_key(tenant_id=workspace.tenant.id, key_id=key_id)
    assert told[0].result().status_code == 401
    assert "Late" not in names(workspace.tenant)


@pytest.mark.parametrize("by_page", [True, False])
def test_who_is_removed_makes_no_key_meanwhile(
    web: Process, tenant: TenantRef, by_page: bool
) -> None:
    owner, person = make_member(tenant), make_member(tenant, "admin")
    actor = find_member(user_id=owner.id, tenant_id=tenant.id)
    assert actor is not None
    made = api_keys.issue_secret_key(tenant_id=tenant.id, name="Own", actor=str(person.id))
    assert ask_for_key(web, made.raw).status_code == 201
    api_keys.revoke_keys(
        tenant_id=tenant.id,
        key_ids=[key.id for key in api_keys.list_keys(tenant.id).keys if key.name == "Late"],
    )
    with PageClient(web, tenant.host).log_in(person) as client:
        form = {**FORM, "name": "Late"}
        ways = [lambda: ask_for_key(web, made.raw), lambda: client.post("/keys/create", form)]
        with asked_meanwhile(ways[by_page]) as told:
            with tenant_context(tenant.id):
                remove_member(
                    actor=actor,
                    membership_id=membership_id(tenant, person),
                    revoked_kinds=["secret"],
                )
    assert told[0].result().status_code in {401, 403}
    assert names(tenant) == []
