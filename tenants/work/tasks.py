"""Celery tasks that know whose they are.

A tenant's id travels in the message's header and is resolved again when the body is called: a
message with no tenant, or an unknown, suspended or deleted one, is rejected and its body never
runs. (Deciding that in a Celery signal is not safe: exceptions raised there are swallowed.)
Headers are not signed, so who can write to the broker is inside the wall.
"""

from functools import partial
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from celery import Task, current_task, shared_task
from celery.exceptions import Reject
from django.conf import settings

from tenants.context import (
    PLATFORM,
    ScopeError,
    current_tenant_id,
    enter,
    open_scope,
    platform_context,
    run_in_scope,
    tenant_scope,
)
from tenants.models import Tenant
from tenants.work import tickets
from tenants.work.waking import Waker

HEADER = "tenant_id"
# A file may take a minute. The worker's one thread more is for what takes a moment, as a mail does.
_at_once = BoundedSemaphore(settings.WORKER_CONCURRENCY)


def _publishing_tenant() -> UUID:
    scope = open_scope()
    if scope is not None and scope.tenant_id is not None:
        return scope.tenant_id
    # The callback of a chain is published by the worker after the body: it inherits.
    inherited = current_task and (current_task.request.headers or {}).get(HEADER)
    if not inherited:
        raise ScopeError("a tenant's task was published outside a tenant context")
    return UUID(inherited)


def is_active(tenant_id: UUID) -> bool:
    with platform_context():
        return bool(Tenant.objects.active().filter(pk=tenant_id).exists())


class TenantTask(Task):
    """Base of tasks that work in one tenant: `@shared_task(base=TenantTask)`."""

    abstract = True

    def apply_async(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        # Overwritten, not merged: a caller cannot name another tenant.
        headers = {**(options.pop("headers", None) or {}), HEADER: str(_publishing_tenant())}
        return super().apply_async(args, kwargs, headers=headers, **options)

    def apply(  # type: ignore[override]
        self, args: Any = None, kwargs: Any = None, **options: Any
    ) -> Any:
        headers = {HEADER: str(_publishing_tenant()), **(options.pop("headers", None) or {})}
        return super().apply(args, kwargs, headers=headers, **options)

    def _receiving_tenant(self) -> UUID:
        request = self.request
        named = (request.headers or {}).get(HEADER) or getattr(request, HEADER, None)
        try:
            tenant_id = UUID(str(named))
        except ValueError as error:
            raise Reject(f"{self.name}: the message names no tenant", requeue=False) from error
        # Looked up when it runs: the workspace may have gone while the message waited.
        if not is_active(tenant_id):
            raise Reject(f"{self.name}: the tenant is not active", requeue=False)
        return tenant_id

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        body = partial(super().__call__, *args, **kwargs)
        if self.request.called_directly:
            # An ordinary call, perhaps inside the caller's transaction: his context, his connection.
            current_tenant_id()
            return body()
        scope = tenant_scope(self._receiving_tenant())
        if self.request.is_eager:
            with enter(scope):
                return body()
        return run_in_scope(scope, body)


class PlatformTask(Task):
    """Base of tasks of the platform itself: they see the shared tables alone."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        body = partial(super().__call__, *args, **kwargs)
        if self.request.called_directly or self.request.is_eager:
            with enter(PLATFORM):
                return body()
        return run_in_scope(PLATFORM, body)


@shared_task(base=PlatformTask, name="tenants.work_tickets", ignore_result=True)
def work_tickets() -> int:
    """Do due tickets until none is left. Returns how many were done: 0 where enough are at it."""
    if not _at_once.acquire(blocking=False):
        return 0
    try:
        done = 0
        while tickets.run_next():
            done += 1
        return done
    finally:
        _at_once.release()


def _publish() -> None:
    # A ticket is stored already: one message that is lost costs seconds.
    work_tickets.apply_async(retry=False, expires=60)


_waker = Waker(_publish)


def wake_workers() -> None:
    """Tell a worker that a ticket waits. Returns at once, whatever the broker does."""
    _waker.wake()


def do_due_tickets() -> None:
    """The same as the task does, without a message."""
    run_in_scope(PLATFORM, work_tickets.run)
