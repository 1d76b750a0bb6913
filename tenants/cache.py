"""The key function of Django's cache: every key carries the open tenant, or `platform`."""

from tenants.context import current_scope


def make_key(key: str, key_prefix: str, version: int) -> str:
    """`<tenant hex or platform>:<version>:<key>`. Raises `ScopeError` with no context open."""
    scope = current_scope()
    owner = scope.tenant_id.hex if scope.tenant_id else scope.kind
    return f"{key_prefix}:{owner}:{version}:{key}"
