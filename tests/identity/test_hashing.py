"""Passwords: one spelling of what looks the same, and hashed beside the database."""

import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db.models import Q

from core.errors import Unauthenticated
from tenants.context import platform_context
from tenants.people import accounts
from tenants.people.accounts import (
    authenticate,
    change_password,
    create_account,
    prepare_password,
)
from tenants.people.addresses import check_address
from tenants.people.passwords import hash_password, is_password
from tenants.schemas.provisioning import TenantRef
from tests.hashing import REAL
from tests.live import Process
from tests.pages import PASSWORD, PageClient, _prepared, make_person, user_of

COMPOSED = "Straße é ü 12345"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


def test_both_spellings_of_a_password_are_one() -> None:
    assert COMPOSED != DECOMPOSED
    for stored in (hash_password(COMPOSED), hash_password(DECOMPOSED)):
        assert is_password(COMPOSED, stored)
        assert is_password(DECOMPOSED, stored)
        assert not is_password(COMPOSED + " ", stored)


def test_what_was_stored_decomposed_still_opens() -> None:
    old = make_password(DECOMPOSED)
    assert is_password(DECOMPOSED, old)
    assert not is_password("another password", old)


def test_without_an_account_nothing_matches_and_a_hash_is_made_all_the_same() -> None:
    assert not is_password("anything", None)


def test_a_password_is_changed_by_either_spelling() -> None:
    person = make_person()
    with platform_context():
        user = user_of(person)
        change_password(user=user, current=person.password, password=DECOMPOSED)
        assert authenticate(None, email=person.email, password=COMPOSED).pk == user.pk  # type: ignore[arg-type]


def test_who_comes_later_with_an_address_does_not_lock_out_who_was_there() -> None:
    email = f"{uuid4().hex}@example.org"
    stranger = prepare_password("a stranger 9 battery")
    first = create_account(email=email, name="", password=_prepared())
    for _ in range(3):
        create_account(email=email, name="", password=stranger)
        assert authenticate(None, email=email, password=PASSWORD).pk == first.pk  # type: ignore[arg-type]
    own = prepare_password(COMPOSED)
    late = create_account(email=email, name="", password=own)
    assert authenticate(None, email=email, password=COMPOSED).pk == late.pk  # type: ignore[arg-type]
    with pytest.raises(Unauthenticated):
        authenticate(None, email=email, password="another password")  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_as_many_passwords_are_tried_however_many_name_the_address(count: int) -> None:
    email = f"{uuid4().hex}@example.org"
    for _ in range(count):
        create_account(email=email, name="", password=_prepared())
    assert len(accounts._candidates(email, Q(is_active=True))) == 3


def test_many_log_ins_at_once_hold_no_connection(tenant: TenantRef) -> None:
    """With one connection for everybody: each log-in held it for as long as it hashed."""
    environment = {"DATABASE_POOL_SIZE": "1", **REAL}
    with Process("web", environment=environment) as web, ThreadPoolExecutor(12) as pool:

        def try_one(_: int) -> int:
            form = {"email": f"{uuid4().hex}@example.org", "password": "wrong password"}
            with PageClient(web, tenant.host) as client:
                # Hashes have few places: who finds none is told to come again, and does.
                while (answer := client.post("/login", form)).status_code == 503:
                    time.sleep(int(answer.headers["retry-after"]))
            return answer.status_code

        codes = list(pool.map(try_one, range(24)))
        assert "Traceback" not in web.log()
    assert set(codes) == {401}


def test_of_many_wrong_tries_at_once_no_more_are_made_than_may_be(
    web: Process, tenant: TenantRef
) -> None:
    person = make_person()
    form = {"email": person.email, "password": "wrong password"}
    with PageClient(web, tenant.host) as client:
        client.get("/login")
        with ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(lambda _: client.post("/login", form).status_code, range(32)))
        # A slow machine lets some go that would wait too long for a hash; they count for nothing.
        assert set(codes) <= {401, 429, 503}
        assert 0 < codes.count(401) <= 10
        assert 429 in codes


def test_what_is_right_costs_no_try(web: Process, tenant: TenantRef) -> None:
    from tests.pages import make_member

    member = make_member(tenant)
    form = {"email": member.email, "password": member.password}
    with PageClient(web, tenant.host) as client:
        assert {client.post("/login", form).status_code for _ in range(15)} == {302}


@pytest.mark.parametrize(
    "address",
    [
        "ann@corp.example",
        "jörg@münchen.example",
        "用户@例子.example",
        "first.last+tag@sub.domain.example",
        "o'neil@example.org",
        "x@localhost",
    ],
)
def test_an_address_may_be_of_any_script(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "a b@example.org",
        "a\n@example.org",
        "ann@example.org\nBcc: x@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a@b@example.org",
        "<a>@example.org",
        "x" * 65 + "@example.org",
        "ann@-example.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        check_address(address)


def test_somebody_with_an_umlaut_signs_up(web: Process) -> None:
    slug = f"w{uuid4().hex[:16]}"
    form = {
        "name": "Jörg",
        "email": f"jörg-{slug}@münchen.example",
        "password": DECOMPOSED,
        "workspace": "Shop",
        "slug": slug,
    }
    with PageClient(web, "localhost") as person:
        assert person.post("/signup", form).status_code == 302
    with PageClient(web, f"{slug}.localhost") as again:
        form = {"email": form["email"], "password": COMPOSED}
        assert again.post("/login", form).status_code == 302
