"""A device on which somebody has logged in before is not locked out by strangers who guess."""

from contextlib import suppress
from uuid import uuid4

import pytest
from django.test import RequestFactory

from core.errors import RateLimited, Unauthenticated
from tenants.limits.forms import failures_counted
from tenants.people.operators import make_operator
from tenants.schemas.provisioning import TenantRef
from tests.identity.test_confirmation import new_email, sign_up
from tests.live import Process
from tests.pages import PLATFORM, PageClient, Person, make_member

COOKIE = "device"
OTHER = "a stranger 9 battery"


def guess(client: PageClient, person: Person, times: int) -> list[int]:
    form = {"email": person.email, "password": "a wrong password"}
    return [client.post("/login", form).status_code for _ in range(times)]


def log_in(client: PageClient, person: Person) -> int:
    form = {"email": person.email.upper(), "password": person.password}
    return client.post("/login", form).status_code


@pytest.fixture
def person(tenant: TenantRef) -> Person:
    return make_member(tenant)


def test_who_was_there_before_passes_the_tries_of_strangers(
    web: Process, tenant: TenantRef, person: Person
) -> None:
    with PageClient(web, tenant.host) as known:
        known.log_in(person)
        known.post("/logout")
        # From the same house, so that nobody's address tells them apart.
        with PageClient(web, tenant.host, address=known.address) as stranger:
            assert guess(stranger, person, 11) == [401] * 10 + [429]
            assert log_in(stranger, person) == 429
        assert log_in(known, person) == 302


def test_a_known_device_has_its_own_tries_and_no_more(
    web: Process, tenant: TenantRef, person: Person
) -> None:
    with PageClient(web, tenant.host) as known, PageClient(web, tenant.host) as other:
        known.log_in(person)
        assert guess(known, person, 11) == [401] * 10 + [429]
        assert log_in(known, person) == 429
        assert log_in(other, person) == 302


@pytest.mark.parametrize("forged", [None, "x", "WyJ4IixbXV0:1vO3pN:AAAA"])
def test_a_device_of_another_account_or_a_forged_one_is_unknown(
    web: Process, tenant: TenantRef, person: Person, forged: str | None
) -> None:
    with PageClient(web, tenant.host) as attacker:
        attacker.log_in(make_member(tenant))
        if forged is not None:
            attacker.cookies.delete(COOKIE)
            attacker.cookies.set(COOKIE, forged)
        with PageClient(web, tenant.host, address=attacker.address) as another:
            assert guess(another, person, 10) == [401] * 10
        assert guess(attacker, person, 1) == [429]


def log_in_to_a_claim(client: PageClient, email: str) -> None:
    """With what a browser has that was never here."""
    if COOKIE in client.cookies:
        client.cookies.delete(COOKIE)
    assert client.post("/login", {"email": email, "password": OTHER}).status_code in {200, 302}
    client.post("/logout")


def test_who_only_claims_an_address_has_no_more_tries_at_its_owners_account(
    web: Process, tenant: TenantRef, person: Person
) -> None:
    told = []
    with PageClient(web, PLATFORM) as attacker:
        sign_up(attacker, person.email, OTHER)
        attacker.post("/logout")
        for _ in range(2):
            log_in_to_a_claim(attacker, person.email)
            assert COOKIE not in attacker.cookies
            told += guess(attacker, person, 6)
    assert told == [401] * 10 + [429] * 2


def test_an_operators_account_is_guessed_at_by_no_claim_either(web: Process) -> None:
    email, told = new_email(), []
    make_operator(email=email, password="operator 9 battery staple")
    form = {"email": email, "password": "a wrong password"}
    with PageClient(web, PLATFORM) as attacker:
        sign_up(attacker, email, OTHER)
        attacker.post("/logout")
        for _ in range(2):
            log_in_to_a_claim(attacker, email)
            told += [attacker.post("/admin/login/", form).status_code for _ in range(4)]
    assert told == [401] * 5 + [429] * 3


def test_all_known_devices_of_an_account_have_a_bound_together() -> None:
    request, subject = RequestFactory().post("/login"), uuid4().hex
    limits = {"here": "2/5m", "anywhere": "5/5m"}
    told = []
    for number in range(4):
        for _ in range(2):
            with suppress(Unauthenticated, RateLimited):
                device = f"device {number}"
                with failures_counted(request, "log-in", subject, **limits, device=device):
                    told.append((number, "tried"))
                    raise Unauthenticated("No.")
    assert told == [(0, "tried")] * 2 + [(1, "tried")] * 2 + [(2, "tried")]
    # Strangers have their own, so that neither uses up the other's.
    with pytest.raises(Unauthenticated, match="No"):
        with failures_counted(request, "log-in", subject, **limits):
            raise Unauthenticated("No.")


def test_the_cookie_is_for_this_host_and_no_script(
    web: Process, tenant: TenantRef, person: Person
) -> None:
    with PageClient(web, tenant.host) as client:
        form = {"email": person.email, "password": person.password}
        client.get("/login")
        told = client.post("/login", form).headers.get_list("set-cookie")
    [device] = [line for line in told if line.startswith(f"{COOKIE}=")]
    assert "HttpOnly" in device
    assert "SameSite=Lax" in device
    assert "Path=/" in device
    assert "Domain" not in device
    assert person.email not in device
