"""T8: what was issued by one tenant is unknown to another."""

from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from core.errors import PermissionDenied, TenantSuspended, Unauthenticated
from core.ids import new_id
from tenants.access import resolve_caller
from tenants.context import platform_context
from tenants.keys import api_keys
from tenants.keys.visitor_tokens import issue_visitor_token, read_visitor_token
from tenants.models import APIKey, Tenant
from tenants.schemas.provisioning import TenantRef


def test_a_secret_key_is_unknown_on_another_tenants_host(
    tenant: TenantRef, other_tenant: TenantRef
) -> None:
    raw = api_keys.mint_secret_key(tenant_id=tenant.id)
    at_home = resolve_caller(host=tenant.host, bearer=raw, has_origin=False)
    assert at_home.key is not None
    assert at_home.tenant_id == tenant.id
    with pytest.raises(Unauthenticated) as foreign:
        resolve_caller(host=other_tenant.host, bearer=raw, has_origin=False)
    with pytest.raises(Unauthenticated) as unknown:
        resolve_caller(host=other_tenant.host, bearer=api_keys.generate("secret"), has_origin=False)
    assert foreign.value.message == unknown.value.message


def test_a_secret_key_from_a_web_page_is_refused(tenant: TenantRef) -> None:
    raw = api_keys.mint_secret_key(tenant_id=tenant.id)
    with pytest.raises(PermissionDenied):
        resolve_caller(host=None, bearer=raw, has_origin=True)


def test_revoked_expired_malformed_and_unknown_keys_answer_alike(tenant: TenantRef) -> None:
    revoked = api_keys.mint_secret_key(tenant_id=tenant.id)
    identity = api_keys.authenticate(revoked)
    api_keys.revoke_key(tenant_id=tenant.id, key_id=identity.key_id)
    expired = api_keys.mint_secret_key(
        tenant_id=tenant.id, expires_at=timezone.now() - timedelta(seconds=1)
    )
    messages = set()
    for raw in (revoked, expired, api_keys.generate("secret"), "cb_sk_live_x", revoked + "x", ""):
        with pytest.raises(Unauthenticated) as refused:
            api_keys.authenticate(raw)
        messages.add(refused.value.message)
    assert len(messages) == 1


def test_another_tenant_cannot_revoke_a_key(tenant: TenantRef, other_tenant: TenantRef) -> None:
    from core.errors import NotFound

    raw = api_keys.mint_secret_key(tenant_id=tenant.id)
    key_id = api_keys.authenticate(raw).key_id
    with pytest.raises(NotFound):
        api_keys.revoke_key(tenant_id=other_tenant.id, key_id=key_id)
    assert api_keys.authenticate(raw).key_id == key_id


def test_a_suspended_tenants_key_says_so(tenant: TenantRef) -> None:
    raw = api_keys.mint_secret_key(tenant_id=tenant.id)
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status="suspended")
    with pytest.raises(TenantSuspended):
        api_keys.authenticate(raw)


def test_the_database_holds_no_secret_key(tenant: TenantRef) -> None:
    raw = api_keys.mint_secret_key(tenant_id=tenant.id)
    with platform_context():
        row = APIKey.objects.filter(tenant_id=tenant.id).values().get()
    assert raw not in str(row)
    assert raw[11:43] not in str(row)


def test_a_visitor_token_works_for_its_tenant_and_chatbot_alone() -> None:
    tenant_id, chatbot_id, visitor_id = new_id(), new_id(), new_id()
    raw = issue_visitor_token(tenant_id, chatbot_id, visitor_id)
    assert read_visitor_token(raw, tenant_id=tenant_id, chatbot_id=chatbot_id) == visitor_id
    for where in (
        {"tenant_id": new_id(), "chatbot_id": chatbot_id},
        {"tenant_id": tenant_id, "chatbot_id": new_id()},
    ):
        with pytest.raises(Unauthenticated):
            read_visitor_token(raw, **where)


@pytest.mark.parametrize(
    "spoil",
    [
        {"aud": "dashboard"},
        {"exp": 1},
        {"sub": "not-an-id"},
        {"tid": None},
    ],
)
def test_a_visitor_token_with_a_wrong_claim_is_refused(spoil: dict[str, object]) -> None:
    tenant_id, chatbot_id = new_id(), new_id()
    raw = issue_visitor_token(tenant_id, chatbot_id, new_id())
    claims = jwt.decode(raw, settings.TOKEN_KEYS[0], algorithms=["HS256"], audience="visitor")
    forged = jwt.encode({**claims, **spoil}, settings.TOKEN_KEYS[0], algorithm="HS256")
    with pytest.raises(Unauthenticated):
        read_visitor_token(forged, tenant_id=tenant_id, chatbot_id=chatbot_id)
    unsigned = jwt.encode(claims, "", algorithm="none")
    with pytest.raises(Unauthenticated):
        read_visitor_token(unsigned, tenant_id=tenant_id, chatbot_id=chatbot_id)
