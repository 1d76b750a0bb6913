"""Accounts whose address nobody proved go after a while, and every doubt keeps them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as usual
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from billing.catalog.models import QuotaOverride
from billing.catalog.services import subscribe
from chatbot_saas.celery import app
from conversations.chatbots.onboarding import Workspace, create_owned_workspace
from conversations.chatbots.unclaimed import (
    WARNED_DAYS,
    expire_unconfirmed,
    list_to_warn,
    remove_unclaimed,
)
from conversations.models import Conversation, Sighting
from knowledge.storage import tenant_folder
from tenants.context import platform_context, tenant_context
from tenants.models import APIKey, Domain, Invitation, Membership, Tenant, User
from tenants.names import schema_name
from tenants.people.accounts import create_account, prepare_password
from tenants.people.confirmation import read_token
from tenants.people.mail import send_expiry_mail
from tenants.people.memberships import add_member
from tests.conversations.client import ingest
from tests.eventually import wait_for_lock
from tests.mailbox import path_in
from tests.pages import PASSWORD, make_person
from tests.tenants.test_provisioning import traces_of

DAYS = usual.UNCONFIRMED_ACCOUNT_DAYS
NOW = timezone.now
Change = Callable[[UUID, Workspace], object]


def claim(days: float = DAYS + 1, *, warned: float | None = WARNED_DAYS + 1) -> UUID:
    """An account that nobody has confirmed or used for so many days, and was warned so many days ago."""
    email = f"p{uuid4().hex[:12]}@example.org"
    user = create_account(email=email, name="Ann", password=prepare_password(PASSWORD))
    begun = NOW() - timedelta(days=days)
    told = None if warned is None else NOW() - timedelta(days=warned)
    with platform_context():
        User.objects.filter(pk=user.pk).update(
            created_at=begun, last_login=begun, expiry_warned_at=told
        )
    return user.pk


def own(user_id: UUID) -> Workspace:
    """With a document that nobody has asked about."""
    made = create_owned_workspace(
        user_id=user_id,
        name="Kiln",
        slug=f"w{uuid4().hex[:16]}",
        own_origin="http://kiln.localhost",
    )
    ingest(made.tenant.id, "handbook.md", "# Depot\n\nIt opens at six.\n")
    return made


def is_there(user_id: UUID) -> bool:
    with platform_context():
        return User.objects.filter(pk=user_id).exists()


def workspace_is_there(made: Workspace) -> bool:
    with platform_context():
        there = Tenant.objects.filter(pk=made.tenant.id).exists()
    assert traces_of(schema_name(made.tenant.id)) == (2 if there else 0)
    assert tenant_folder(made.tenant.id).exists() == there
    return there


def test_an_unconfirmed_account_goes_with_what_it_alone_has_made(
    settings: Settings,
) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    user_id, lonely, fresh = claim(), claim(), claim(DAYS - 1)
    first, second, kept = own(user_id), own(user_id), own(fresh)
    assert expire_unconfirmed() >= 2
    assert not is_there(user_id)
    assert not is_there(lonely)
    assert not workspace_is_there(first)
    assert not workspace_is_there(second)
    assert is_there(fresh)
    assert workspace_is_there(kept)
    assert not remove_unclaimed(user_id)


@pytest.mark.parametrize("off", [{"EMAIL_URL": ""}, {"UNCONFIRMED_ACCOUNT_DAYS": 0}])
def test_where_nobody_can_be_warned_or_it_is_switched_off_all_stay(
    settings: Settings, off: dict[str, Any]
) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    for name, value in off.items():
        setattr(settings, name, value)
    user_id = claim()
    assert expire_unconfirmed() == 0
    assert is_there(user_id)
    with platform_context():
        User.objects.filter(pk=user_id).delete()


def update_user(**values: Any) -> Change:
    return lambda user_id, made: User.objects.filter(pk=user_id).update(**values)


def talk(user_id: UUID, made: Workspace) -> None:
    with tenant_context(made.tenant.id):
        Conversation.objects.create(
            chatbot_id=made.chatbot_id, visitor_id=uuid4(), last_message_at=NOW()
        )


def stand_in_a_page(user_id: UUID, made: Workspace) -> None:
    with tenant_context(made.tenant.id):
        Sighting.objects.create(
            chatbot_id=made.chatbot_id,
            origin="https://shop.example",
            first_seen_at=NOW() - timedelta(days=90),
            last_seen_at=NOW() - timedelta(days=90),
        )


def use_a_key(user_id: UUID, made: Workspace) -> None:
    used = NOW() - timedelta(days=DAYS - 1)
    APIKey.objects.filter(tenant_id=made.tenant.id, kind="secret").update(last_used_at=used)


def invite(user_id: UUID, made: Workspace) -> None:
    Invitation.objects.create(
        tenant_id=made.tenant.id,
        email="ann@example.org",
        role="viewer",
        digest=uuid4().hex,
        expires_at=NOW() + timedelta(days=1),
    )


def join(user_id: UUID, made: Workspace) -> None:
    add_member(tenant_id=made.tenant.id, user_id=make_person().id, role="viewer")


def belong_elsewhere(user_id: UUID, made: Workspace) -> None:
    elsewhere = own(make_person().id)
    add_member(tenant_id=elsewhere.tenant.id, user_id=user_id, role="viewer")


def log_a_program_in(user_id: UUID, made: Workspace) -> None:
    OutstandingToken.objects.create(
        user_id=user_id, jti=uuid4().hex, token="", expires_at=NOW() + timedelta(days=1)
    )


def agree_on_limits(user_id: UUID, made: Workspace) -> None:
    QuotaOverride.objects.create(
        tenant_id=made.tenant.id, documents=9, reason="a fair", expires_at=NOW()
    )


DOUBTS: dict[str, Change] = {
    "confirmed": update_user(confirmed_at=NOW()),
    "an operator": update_user(is_staff=True),
    "deactivated": update_user(is_active=False),
    "young": update_user(created_at=NOW() - timedelta(days=DAYS - 1)),
    "logged in lately": update_user(last_login=NOW() - timedelta(days=DAYS - 1)),
    "not warned": update_user(expiry_warned_at=None),
    "warned just now": update_user(expiry_warned_at=NOW() - timedelta(days=WARNED_DAYS - 1)),
    "came back after the warning": update_user(expiry_warned_at=NOW() - timedelta(days=DAYS + 5)),
    "served a visitor": talk,
    "stands in a page": stand_in_a_page,
    "a key is used": use_a_key,
    "a program is logged in": log_a_program_in,
    "somebody is invited": invite,
    "has another member": join,
    "belongs elsewhere": belong_elsewhere,
    "has agreed limits": agree_on_limits,
    "has a plan": lambda _, made: subscribe(tenant_id=made.tenant.id, plan="team"),
    "is suspended": lambda _, made: Tenant.objects.filter(pk=made.tenant.id).update(
        status="suspended"
    ),
    "is no owner": lambda user_id, _: Membership.objects.filter(user_id=user_id).update(
        role="admin"
    ),
    "has another host": lambda _, made: Domain.objects.create(
        domain=f"{uuid4().hex}.example", tenant_id=made.tenant.id, is_primary=False
    ),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_every_doubt_keeps_it(doubt: str) -> None:
    user_id = claim()
    made, other = own(user_id), own(user_id)
    with platform_context():
        DOUBTS[doubt](user_id, made)
    assert not remove_unclaimed(user_id)
    assert is_there(user_id)
    # All or nothing: not the one of two that nobody uses.
    assert workspace_is_there(made)
    assert workspace_is_there(other)


def test_a_visitor_who_asks_at_that_moment_keeps_it() -> None:
    user_id = claim()
    made = own(user_id)

    def remove() -> bool:
        try:
            return remove_unclaimed(user_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as executor:
        with tenant_context(made.tenant.id), transaction.atomic():
            talk(user_id, made)
            removing = executor.submit(remove)
            wait_for_lock()
        assert removing.result() is False
    assert workspace_is_there(made)


def test_it_is_told_a_week_before_once_and_by_a_link_that_confirms() -> None:
    soon, later = (claim(DAYS - WARNED_DAYS + more, warned=None) for more in (1, -1))
    made = own(soon)
    with platform_context():
        assert soon in list_to_warn()
        assert later not in list_to_warn()
        user = User.objects.get(pk=soon)
        assert send_expiry_mail(str(soon), "http://localhost") is True
        message = mail.outbox[-1]
        assert message.to == [user.email]
        text = str(message.body)
        assert f"in {WARNED_DAYS} days" in text
        assert user.name not in text
        assert made.tenant.slug not in text
        assert read_token(path_in(text).rpartition("/")[2]).user.pk == soon
        assert soon not in list_to_warn()
        assert send_expiry_mail(str(soon), "http://localhost") is False
        user.refresh_from_db()
    assert user.expiry_warned_at is not None
    assert not remove_unclaimed(soon)


def test_who_comes_back_is_warned_anew() -> None:
    user_id = claim(DAYS - WARNED_DAYS + 1, warned=DAYS)
    with platform_context():
        assert user_id in list_to_warn()


def test_whose_address_is_another_accounts_is_not_told_and_stays() -> None:
    user_id = claim(DAYS - WARNED_DAYS + 1, warned=None)
    with platform_context():
        email = User.objects.get(pk=user_id).email
        create_account(email=email, name="Ann", password=prepare_password(PASSWORD), confirmed=True)
        assert user_id not in list_to_warn()
        assert send_expiry_mail(str(user_id), "http://localhost") is False
        assert User.objects.get(pk=user_id).expiry_warned_at is None


def test_nobody_is_warned_whose_workspace_stays() -> None:
    user_id = claim(DAYS - WARNED_DAYS + 1, warned=None)
    talk(user_id, own(user_id))
    with platform_context():
        assert user_id not in list_to_warn()


def test_beat_looks_for_them() -> None:
    assert "conversations.expire_unconfirmed" in {
        each["task"] for each in app.conf.beat_schedule.values()
    }
