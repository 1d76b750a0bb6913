"""The requests that pages are given: after the middleware, and after a page's own check."""

from uuid import UUID

from tenants.models import User
from tenants.people.members import Member
from tenants.requests import TenantRequest


class MemberRequest(TenantRequest):
    """A request of a member on their workspace's host: what a view inside `page` may rely on."""

    tenant_id: UUID
    user: User
    member: Member
