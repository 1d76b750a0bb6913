"""A name is one line that can be seen, whoever gives it and to what."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.chatbots.onboarding import create_workspace
from conversations.chatbots.services import create_chatbot
from core.errors import InvalidRequest
from core.names import check_name, is_name
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import issue_secret_key
from tenants.models import APIKey, Tenant
from tenants.people.accounts import NewPassword, create_account, rename
from tenants.schemas.provisioning import TenantRef
from tests.pages import make_person, user_of

BAD = [
    "Ann\nBob",
    "Ann\x00",
    "Ann\x1b[2J",
    "Ann\u202eBob",
    "Ann\u2066Bob",
    "\u200b",
    "Ann\u2028Bob",
]
GOOD = ["", "Zoë O’Neil", "محمد‌رضا", "用户", "👩‍🚀 Crew", "R&D (Köln)", "a" * 150]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_of_any_script_is_one(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", [*BAD, "\u200d", "a\tb", "\ufeffAnn", "\u061cAnn", "\x85"])
def test_what_hides_or_breaks_is_no_name(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_name(name, param="workspace")
    assert refused.value.param == "workspace"


@given(st.text(max_size=20))
def test_no_name_has_two_lines_or_a_control_character(text: str) -> None:
    if is_name(text):
        assert len(text.splitlines()) <= 1
        assert not any(unicodedata.category(each) in ("Cc", "Zl", "Zp", "Cs") for each in text)


@pytest.mark.parametrize("name", BAD)
def test_no_service_takes_such_a_name(tenant: TenantRef, name: str) -> None:
    user = user_of(make_person("Robin"))
    with pytest.raises(InvalidRequest):
        rename(user=user, name=name)
    with pytest.raises(InvalidRequest):
        create_account(email="x@corp.example", name=name, password=NewPassword("unused"))
    with pytest.raises(InvalidRequest):
        create_workspace(slug="never-made", name=name)
    with pytest.raises(InvalidRequest):
        issue_secret_key(tenant_id=tenant.id, name=name)
    with platform_context():
        user.refresh_from_db()
        assert user.name == "Robin"
        assert not Tenant.objects.filter(slug="never-made").exists()
        assert not APIKey.objects.filter(tenant_id=tenant.id).exists()


@pytest.mark.parametrize("name", ["Bot\u202e", "\u200bBot", "Bot\x1b"])
def test_a_chatbots_name_is_one_too(tenant: TenantRef, name: str) -> None:
    with tenant_context(tenant.id), pytest.raises(InvalidRequest) as refused:
        create_chatbot(name=name)
    assert refused.value.param == "name"
