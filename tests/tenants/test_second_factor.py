"""The operator's second factor: sealed, confirmed, each code once."""

import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.db import connections

from core.errors import InvalidRequest, Unauthenticated, Unavailable
from tenants.context import platform_context
from tenants.models import SecondFactor, User
from tenants.people import second_factor
from tests.pages import make_person, user_of


@pytest.fixture
def user() -> User:
    return user_of(make_person())


def code_of(secret: str, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def enrol(user: User) -> str:
    secret = second_factor.begin_enrolment(user).secret
    second_factor.confirm_enrolment(user_id=user.pk, code=code_of(secret, steps=-1))
    return secret


def test_it_counts_once_a_code_was_given_back(user: User) -> None:
    made = second_factor.begin_enrolment(user)
    assert second_factor.begin_enrolment(user) == made
    assert not second_factor.is_enrolled(user.pk)
    with pytest.raises(Unauthenticated):
        second_factor.check_code(user_id=user.pk, code=code_of(made.secret))
    second_factor.confirm_enrolment(user_id=user.pk, code=code_of(made.secret))
    assert second_factor.is_enrolled(user.pk)
    with pytest.raises(InvalidRequest):
        second_factor.begin_enrolment(user)
    assert made.uri.startswith("otpauth://totp/")


def test_the_secret_is_sealed_for_its_row(user: User) -> None:
    secret = second_factor.begin_enrolment(user).secret
    other = user_of(make_person())
    with platform_context():
        sealed = SecondFactor.objects.get(pk=user.pk).sealed
        SecondFactor.objects.create(user=other, sealed=sealed)
    assert secret not in sealed
    with pytest.raises(Unavailable, match="reset_second_factor"):
        second_factor.begin_enrolment(other)


def test_a_code_counts_once_however_many_send_it_at_once(user: User) -> None:
    secret = enrol(user)
    code = code_of(secret)
    taken: list[bool] = []

    def send() -> None:
        try:
            second_factor.check_code(user_id=user.pk, code=code)
            taken.append(True)
        except Unauthenticated:
            taken.append(False)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 5 + [True]


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "0000000"])
def test_what_is_no_code_is_refused(user: User, code: str) -> None:
    enrol(user)
    with pytest.raises(Unauthenticated) as refused:
        second_factor.check_code(user_id=user.pk, code=code)
    assert refused.value.param == "code"


def test_a_code_of_long_ago_is_refused(user: User) -> None:
    secret = second_factor.begin_enrolment(user).secret
    with pytest.raises(Unauthenticated):
        second_factor.confirm_enrolment(user_id=user.pk, code=code_of(secret, steps=-3))


def test_a_reset_forgets_it(user: User) -> None:
    secret = enrol(user)
    assert second_factor.reset(user.pk)
    assert not second_factor.reset(user.pk)
    assert not second_factor.is_enrolled(user.pk)
    assert second_factor.begin_enrolment(user).secret != secret
