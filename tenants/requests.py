"""What the middleware makes of a request."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest

if TYPE_CHECKING:
    from tenants.access import Principal
    from tenants.people.members import Member


class TenantRequest(HttpRequest):
    """A request after the middleware. `member` is None for strangers and on the platform's hosts."""

    tenant_id: UUID | None
    api_key: "Principal | None"
    request_id: str
    member: "Member | None"
