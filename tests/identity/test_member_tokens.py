"""Tokens for programs: obtained, rotated, ended, and worth nothing in another workspace."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from django.conf import settings

from tenants.context import platform_context
from tenants.models import Membership, Tenant
from tenants.people.accounts import change_password
from tenants.people.member_tokens import identify
from tenants.schemas.provisioning import TenantRef
from tests.live import Process
from tests.pages import Person, make_member, user_of

NEW = "another battery 8 horse"


def post(web: Process, host: str, path: str, **body: Any) -> httpx.Response:
    return httpx.post(
        f"{web.url}/v1/auth/{path}", json=body, headers={"Host": host}, trust_env=False, timeout=30
    )


def obtain(web: Process, tenant: TenantRef, person: Person) -> dict[str, Any]:
    answer = post(web, tenant.host, "token", email=person.email, password=person.password)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def documents(web: Process, access: str, host: str = "localhost") -> int:
    return httpx.get(
        f"{web.url}/v1/documents",
        headers={"Host": host, "Authorization": f"Bearer {access}"},
        trust_env=False,
    ).status_code


def test_a_member_works_with_a_token_as_far_as_the_role_reaches(
    web: Process, tenant: TenantRef
) -> None:
    viewer = obtain(web, tenant, make_member(tenant, "viewer"))
    assert viewer["token_type"] == "Bearer"
    assert viewer["expires_in"] == 300
    assert documents(web, viewer["access"]) == 200
    headers = {"Authorization": f"Bearer {viewer['access']}"}
    file = {"file": ("a.txt", b"Text.")}
    refused = httpx.post(f"{web.url}/v1/documents", headers=headers, files=file, trust_env=False)
    assert refused.status_code == 403
    agent = obtain(web, tenant, make_member(tenant, "agent"))
    headers = {"Authorization": f"Bearer {agent['access']}"}
    kept = httpx.post(f"{web.url}/v1/documents", headers=headers, files=file, trust_env=False)
    assert kept.status_code == 202


def test_a_member_is_no_key_and_chats_like_a_secret_one(web: Process, tenant: TenantRef) -> None:
    person = make_member(tenant, "agent")
    access = obtain(web, tenant, person)["access"]
    who = identify(access, tenant_id=tenant.id)
    assert (who.kind, who.user_id, who.key_id) == ("member", person.id, person.id)
    assert not who.is_public
    asked = {"model": str(uuid4()), "messages": [{"role": "user", "content": "Hello?"}]}
    for origin, status in ({}, 404), ({"Origin": "https://shop.example"}, 403):
        answer = httpx.post(
            f"{web.url}/v1/chat/completions",
            headers={"Authorization": f"Bearer {access}", **origin},
            json=asked,
            trust_env=False,
        )
        assert answer.status_code == status, answer.text


def test_a_token_is_unknown_in_another_workspace(
    web: Process, tenant: TenantRef, other_tenant: TenantRef
) -> None:
    person = make_member(tenant)
    tokens = obtain(web, tenant, person)
    assert documents(web, tokens["access"], tenant.host) == 200
    assert documents(web, tokens["access"], other_tenant.host) == 401
    for path in ("token/refresh", "token/revoke"):
        assert post(web, other_tenant.host, path, refresh=tokens["refresh"]).status_code == 401
    refused = post(web, other_tenant.host, "token", email=person.email, password=person.password)
    assert refused.status_code == 401
    assert post(web, "localhost", "token", email="x", password="y").status_code == 404
    assert post(web, tenant.host, "token/refresh", refresh=tokens["refresh"]).status_code == 200


@pytest.mark.parametrize("spoil", [{"aud": "visitor"}, {"exp": 1}, {"tid": None}, {"pwd": "x"}])
def test_a_token_with_a_wrong_claim_is_refused(
    web: Process, tenant: TenantRef, spoil: dict[str, Any]
) -> None:
    access = obtain(web, tenant, make_member(tenant))["access"]
    key: Any = settings.SIMPLE_JWT["SIGNING_KEY"]
    claims = jwt.decode(access, key, algorithms=["HS256"], audience="member")
    assert documents(web, jwt.encode(claims, key, algorithm="HS256")) == 200
    assert documents(web, jwt.encode({**claims, **spoil}, key, algorithm="HS256")) == 401
    assert documents(web, jwt.encode(claims, "", algorithm="none")) == 401


def test_a_refresh_token_is_no_access_token_and_the_reverse(
    web: Process, tenant: TenantRef
) -> None:
    tokens = obtain(web, tenant, make_member(tenant))
    assert documents(web, tokens["refresh"]) == 401
    assert post(web, tenant.host, "token/refresh", refresh=tokens["access"]).status_code == 401


def test_of_twenty_uses_of_a_refresh_token_one_succeeds_and_the_reuse_ends_them_all(
    web: Process, tenant: TenantRef
) -> None:
    tokens = obtain(web, tenant, make_member(tenant))

    def use(_: int) -> httpx.Response:
        return post(web, tenant.host, "token/refresh", refresh=tokens["refresh"])

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(use, range(20)))
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.status_code for answer in answers} == {200, 401}
    descendant = good[0].json()["refresh"]
    assert post(web, tenant.host, "token/refresh", refresh=descendant).status_code == 401


def test_tokens_end_with_the_membership_the_password_and_the_workspace(
    web: Process, tenant: TenantRef
) -> None:
    removed, changed, suspended = (make_member(tenant) for _ in range(3))
    pairs = [obtain(web, tenant, person) for person in (removed, changed, suspended)]
    with platform_context():
        Membership.objects.filter(user_id=removed.id).delete()
    change_password(user=user_of(changed), current=changed.password, password=NEW)
    for tokens in pairs[:2]:
        assert documents(web, tokens["access"]) == 401
        refresh = post(web, tenant.host, "token/refresh", refresh=tokens["refresh"])
        assert refresh.status_code == 401
    with platform_context():
        Tenant.objects.filter(pk=tenant.id).update(status="suspended")
    assert documents(web, pairs[2]["access"]) == 403


def test_a_log_in_can_be_revoked(web: Process, tenant: TenantRef) -> None:
    tokens = obtain(web, tenant, make_member(tenant))
    assert post(web, tenant.host, "token/revoke", refresh=tokens["refresh"]).status_code == 204
    assert post(web, tenant.host, "token/refresh", refresh=tokens["refresh"]).status_code == 401


@pytest.mark.parametrize("body", [{}, {"email": 1, "password": "x"}, {"email": "x" * 300}])
def test_a_bad_body_is_a_problem(web: Process, tenant: TenantRef, body: dict[str, Any]) -> None:
    answer = post(web, tenant.host, "token", **body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
