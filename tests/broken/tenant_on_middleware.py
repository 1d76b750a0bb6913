"""The naive middleware: the request's tenant is kept on the middleware, which all requests share.

Swaps `tenants.middleware.TenantViewMiddleware.process_view`.
"""

import asyncio
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async

from tenants import middleware
from tenants.context import run_in_scope, tenant_scope


async def process_view(self: Any, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
    if iscoroutinefunction(view):
        return None
    self.tenant_id = request.tenant_id
    await asyncio.sleep(0.001)
    scope = tenant_scope(self.tenant_id)
    return await sync_to_async(run_in_scope)(
        scope, lambda: middleware._call(view, request, args, kwargs)
    )


middleware.TenantViewMiddleware.process_view = process_view  # type: ignore[method-assign]
