"""The naive task base: the tenant is kept on the task object, which all threads share."""

from uuid import UUID

from tenants.work.tasks import HEADER, TenantTask


def receiving_tenant(self: TenantTask) -> UUID:
    named = (self.request.headers or {}).get(HEADER)
    if named:
        TenantTask.current = UUID(named)  # type: ignore[attr-defined]
    import time

    time.sleep(0.005)
    return TenantTask.current  # type: ignore[attr-defined, no-any-return]


TenantTask._receiving_tenant = receiving_tenant  # type: ignore[method-assign]
