"""Who is calling: the host's tenant and the bearer key's, resolved in one database step."""

from dataclasses import dataclass
from uuid import UUID

from core.errors import NotFound, PermissionDenied, Unauthenticated
from tenants.context import platform_context
from tenants.keys.api_keys import APIKeyIdentity, authenticate
from tenants.models import Domain
from tenants.people.member_tokens import MemberPrincipal, identify

Principal = APIKeyIdentity | MemberPrincipal


@dataclass(frozen=True, slots=True)
class Caller:
    """`tenant_id` is None on the platform's host without a key; `key` is whoever the bearer token speaks
    for, and None without one."""

    tenant_id: UUID | None
    key: Principal | None = None
    on_platform_host: bool = False


def tenant_of_host(host: str) -> UUID:
    """The tenant a host name leads to. Raises `NotFound` for a host we do not serve."""
    with platform_context():
        found: UUID | None = (
            Domain.objects.alive().filter(domain=host).values_list("tenant_id", flat=True).first()
        )
    if found is None:
        raise NotFound("There is no workspace at this address.")
    return found


def find_hosts(tenant_id: UUID) -> frozenset[str]:
    """The host names that lead to a tenant."""
    with platform_context():
        return frozenset(
            Domain.objects.filter(tenant_id=tenant_id).values_list("domain", flat=True)
        )


def resolve_caller(*, host: str | None, bearer: str | None, has_origin: bool) -> Caller:
    """The caller of an API request. `host` is None for the platform's own.

    On a tenant's host another tenant's key is an unknown one. A secret key is refused together with
    an Origin header, because then it stands in a web page. Raises `NotFound`, `Unauthenticated`,
    `PermissionDenied`, `TenantSuspended`.
    """
    host_tenant = tenant_of_host(host) if host else None
    if bearer is None:
        return Caller(host_tenant)
    key = _identify(bearer, host_tenant)
    # Told as unknown: that a key belongs to somebody else is nobody's business.
    if host_tenant is not None and key.tenant_id != host_tenant:
        raise Unauthenticated(
            "This API key is not known, was revoked or has expired. Create one in the dashboard."
        )
    # Only browsers send an Origin, and a browser's page can be read by anybody.
    if has_origin and not key.is_public:
        raise PermissionDenied(
            "A secret key was sent from a web page. Revoke it now, and use a publishable key there."
        )
    return Caller(key.tenant_id, key, on_platform_host=host is None)


def _identify(bearer: str, host_tenant: UUID | None) -> Principal:
    # A member's token is a JWT, which never begins like this.
    if bearer.startswith("cb_"):
        return authenticate(bearer)
    return identify(bearer, tenant_id=host_tenant)


def require_scope(key: Principal | None, scope: str) -> Principal:
    """The caller, when it is a secret key or a member that may do this.

    Raises `Unauthenticated`, `PermissionDenied`.
    """
    if key is None:
        raise Unauthenticated("Send an API key: “Authorization: Bearer cb_sk_live_…”.")
    if key.is_public:
        raise PermissionDenied("This needs a secret key; a publishable key may only chat.")
    if scope not in key.scopes:
        raise PermissionDenied(f"This API key lacks the scope “{scope}”.")
    return key
