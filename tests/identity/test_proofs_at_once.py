"""Two who prove the same address at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from core.errors import NotFound
from tenants.context import platform_context
from tenants.models import User
from tenants.people.accounts import ResetLink, create_account, make_reset_link, reset_password
from tests.eventually import wait_for_locks
from tests.identity.test_confirmation import new_email
from tests.pages import _prepared


def use(link: ResetLink) -> str:
    try:
        reset_password(link=link, password="another battery 8 horse")
    except NotFound:
        return "too late"
    finally:
        connection.close()
    return "proved"


def test_of_two_resets_of_different_claims_one_is_first() -> None:
    """A third holds the newest claim until both wait, so that they meet."""
    email = new_email()
    claims = [create_account(email=email, name="", password=_prepared()) for _ in range(3)]
    links = [make_reset_link(claim) for claim in claims[:2]]
    with ThreadPoolExecutor(2) as pool:
        with platform_context(), transaction.atomic():
            assert User.objects.select_for_update().filter(pk=claims[2].pk).first()
            told = [pool.submit(use, link) for link in links]
            wait_for_locks(2)
        assert sorted(each.result() for each in told) == ["proved", "too late"]
    with platform_context():
        assert User.objects.get(email=email).confirmed_at is not None
