"""T4: what is evaluated after its context has closed raises; it is never another tenant's."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from tenants.context import ScopeError, in_tenant, run_in_scope, tenant_context, tenant_scope
from tenants.middleware import _call
from tenants.schemas.provisioning import TenantRef
from tenants.workspace.models import AuditEvent
from tenants.workspace.services import record_event


@pytest.fixture
def two(tenant: TenantRef, other_tenant: TenantRef) -> tuple[TenantRef, TenantRef]:
    for made in (tenant, other_tenant):
        with tenant_context(made.id):
            record_event(action=f"CANARY-{made.slug}", actor="test")
    return tenant, other_tenant


def actions() -> "QuerySet[AuditEvent, str]":
    return AuditEvent.objects.values_list("action", flat=True)


def generated() -> Iterator[str]:
    yield from actions()


def lazies() -> list[Any]:
    """A queryset, a generator over one, and an iterator of one, none of them read yet."""
    return [actions(), generated(), actions().iterator()]


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_read_with_no_context_it_raises(kind: int, two: tuple[TenantRef, TenantRef]) -> None:
    with tenant_context(two[0].id):
        lazy = lazies()[kind]
    with pytest.raises(ScopeError):
        list(lazy)


@pytest.mark.parametrize("kind", [0, 1])
async def test_it_cannot_leave_a_coroutines_database_step(
    kind: int, two: tuple[TenantRef, TenantRef]
) -> None:
    with pytest.raises(ScopeError):
        await in_tenant(two[0].id, lambda: lazies()[kind])


def test_a_body_streamed_by_a_sync_view_is_refused(two: tuple[TenantRef, TenantRef]) -> None:
    def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(action for action in lazies()[0])

    with pytest.raises(ScopeError):
        run_in_scope(tenant_scope(two[0].id), lambda: _call(view, HttpRequest(), (), {}))


def test_a_template_is_rendered_while_its_tenant_is_open(
    two: tuple[TenantRef, TenantRef],
) -> None:
    class Late(HttpResponse):
        is_rendered = False

        def render(self) -> HttpResponse:
            return HttpResponse(",".join(lazies()[0]))

    response = run_in_scope(
        tenant_scope(two[0].id), lambda: _call(lambda _: Late(), HttpRequest(), (), {})
    )
    assert isinstance(response, HttpResponse)
    assert response.content.decode() == f"CANARY-{two[0].slug}"


def test_threads_that_start_and_end_contexts_meanwhile_change_nothing(
    two: tuple[TenantRef, TenantRef],
) -> None:
    wrong: list[str] = []

    def rows(of: TenantRef) -> Iterator[Callable[[], list[str]]]:
        for _ in range(25):
            yield lambda: run_in_scope(tenant_scope(of.id), lambda: list(lazies()[0]))

    def work(of: TenantRef) -> None:
        for read in rows(of):
            wrong.extend(action for action in read() if action != f"CANARY-{of.slug}")
        connection.close()

    threads = [threading.Thread(target=work, args=(two[number % 2],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
