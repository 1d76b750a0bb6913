"""A changed SECRET_KEY: what the old one sealed opens while it is named, and is refused clearly after."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import jwt
import pyotp
import pytest
from django.conf import settings

from conversations.chatbots.identity_secrets import seal_identity_secret
from conversations.chatbots.onboarding import Workspace
from conversations.models import Chatbot
from tenants.context import platform_context, tenant_context
from tenants.models import User
from tenants.people import second_factor
from tests.conversations.client import Chat
from tests.live import Process
from tests.operator.conftest import Operator, new_operator
from tests.pages import PLATFORM

CHANGED = {"SECRET_KEY": "another-secret-key-that-is-long-enough-to-be-one"}
SHARED_SECRET = "s" * 40


@pytest.fixture(scope="module")
def rotated() -> Iterator[Process]:
    """A web process with a new key that still knows the old one."""
    with Process(
        "web", environment={**CHANGED, "SECRET_KEY_FALLBACKS": settings.SECRET_KEY}
    ) as web:
        yield web


@pytest.fixture(scope="module")
def forgetful() -> Iterator[Process]:
    """A web process with a new key alone."""
    with Process("web", environment=CHANGED) as web:
        yield web


@pytest.fixture
def identified(workspace: Workspace) -> Workspace:
    """A workspace whose chatbot has an identity secret, sealed under the old key."""
    place = {"tenant_id": workspace.tenant.id, "chatbot_id": workspace.chatbot_id}
    with tenant_context(workspace.tenant.id):
        sealed = seal_identity_secret(SHARED_SECRET, **place)
        origins = ["https://shop.example"]
        Chatbot.objects.update(identity_secrets=[sealed], allowed_origins=origins)
    return workspace


def identity() -> str:
    claims = {"sub": "u1", "exp": datetime.now(UTC) + timedelta(minutes=5)}
    return jwt.encode(claims, SHARED_SECRET, algorithm="HS256")


def test_old_seals_open_while_the_old_key_is_named(rotated: Process, identified: Workspace) -> None:
    with Chat(rotated.socket_url, identified.publishable_key, identity_jwt=identity()) as chat:
        assert chat.ready["conversation_id"]


def test_a_visitors_token_outlives_the_change_of_the_key(
    web: Process, rotated: Process, identified: Workspace
) -> None:
    with Chat(web.socket_url, identified.publishable_key) as chat:
        token, conversation_id = chat.ready["visitor_token"], chat.ready["conversation_id"]
    known = {"visitor_token": token, "conversation_id": conversation_id}
    with Chat(rotated.socket_url, identified.publishable_key, **known) as chat:
        assert chat.ready["conversation_id"] == conversation_id


def test_a_seal_that_cannot_be_opened_is_refused_and_says_what_to_do(
    forgetful: Process, identified: Workspace
) -> None:
    with Chat(forgetful.socket_url) as chat:
        start = {"key": identified.publishable_key, "identity_jwt": identity()}
        chat.send("session.start", **start)
        error = chat.receive("error")
    assert error["code"] == "unavailable"
    assert "Create a new one" in error["message"]
    # Visitors whom nobody vouches for go on as before.
    with Chat(forgetful.socket_url, identified.publishable_key) as chat:
        assert chat.ready["conversation_id"]


def test_a_second_factor_that_cannot_be_opened_is_refused_and_says_what_to_do(
    forgetful: Process,
) -> None:
    email = new_operator()
    with platform_context():
        user = User.objects.get(email=email)
    secret = second_factor.begin_enrolment(user).secret
    earlier = datetime.now(UTC) - timedelta(seconds=30)
    second_factor.confirm_enrolment(user_id=user.pk, code=pyotp.TOTP(secret).at(earlier))
    with Operator(forgetful, PLATFORM) as browser:
        browser.log_in_as(email)
        answer = browser.post("/admin/login/code/", {"code": pyotp.TOTP(secret).now()})
        assert answer.status_code == 503
        assert "reset_second_factor" in answer.text
        assert browser.get("/admin/").status_code == 302
