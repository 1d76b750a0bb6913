"""The requests that pages are given: after the middleware, and after a page's own check."""

from uuid import UUID

from tenants.middleware import TenantRequest
from tenants.models import User
from tenants.people.members import Member


class MemberRequest(TenantRequest):
    """A request of a member on their workspace's host: what a view inside `page` may rely on."""

    tenant_id: UUID
    user: User
    member: Member
