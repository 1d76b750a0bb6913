"""T9: the same logical name in many tenants is never the same thing."""

import pytest
from django.core.cache import cache

from core.ids import new_id
from core.redis import key, sync_redis
from knowledge.files.base import key_of
from tenants.context import ScopeError, platform_context, tenant_context


def test_one_logical_key_in_twenty_tenants_is_twenty_cache_values_and_twenty_redis_names() -> None:
    tenants = [new_id() for _ in range(20)]
    for tenant_id in tenants:
        with tenant_context(tenant_id):
            cache.set("answer", f"CANARY-{tenant_id}", timeout=60)
        sync_redis("events").set(key(tenant_id, "lock", "ingest"), str(tenant_id), ex=60)
    for tenant_id in tenants:
        with tenant_context(tenant_id):
            assert cache.get("answer") == f"CANARY-{tenant_id}"
        stored = sync_redis("events").get(key(tenant_id, "lock", "ingest"))
        assert stored == str(tenant_id).encode()
    with platform_context():
        assert cache.get("answer") is None


def test_one_path_in_twenty_tenants_is_twenty_files_and_leads_to_no_other() -> None:
    tenants = [new_id() for _ in range(20)]
    assert len({key_of(tenant_id, "same/name") for tenant_id in tenants}) == 20
    one, other = tenants[:2]
    tricks = (
        "",
        ".",
        "..",
        "/",
        f"../{other.hex}/a",
        "a/../../b",
        "a//b",
        "a/",
        "a\\b",
        "a\0",
        "é",
    )
    for trick in (*tricks, f"/{other.hex}/a", "%2e%2e/a", "a\n", "x" * 201):
        with pytest.raises(ValueError, match="not a path"):
            key_of(one, trick)


def test_without_a_context_the_cache_has_no_keys() -> None:
    with pytest.raises(ScopeError):
        cache.get("answer")


def test_a_part_cannot_reach_into_another_path() -> None:
    tenant_id = new_id()
    for parts in (("turn", "a:b"), ("turn", ""), ()):
        with pytest.raises(ValueError, match="parts"):
            key(tenant_id, *parts)
