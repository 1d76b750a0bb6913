"""T3: database code with no tenant open raises, wherever it runs."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from django.core.signals import request_started
from django.db import connection, transaction

from billing.models import Hold
from tenants.context import ScopeError, platform_context, run_in_scope, tenant_context
from tenants.models import Tenant
from tenants.schemas.provisioning import TenantRef


def count_holds() -> int:
    return Hold.objects.count()


async def test_on_the_event_loop_an_orm_call_raises() -> None:
    with pytest.raises(ScopeError):
        await asyncio.to_thread(count_holds)


def test_in_a_thread_an_orm_call_raises(tenant: TenantRef) -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            count_holds()
        except ScopeError as error:
            caught.append(error)

    with tenant_context(tenant.id):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_in_a_signal_receiver_an_orm_call_raises() -> None:
    def receiver(**_: object) -> None:
        count_holds()

    request_started.connect(receiver)
    try:
        results = request_started.send_robust(sender=None)
    finally:
        request_started.disconnect(receiver)
    assert [type(result) for called, result in results if called is receiver] == [ScopeError]


def test_in_an_on_commit_hook_that_outlives_the_context_an_orm_call_raises(
    tenant: TenantRef,
) -> None:
    with pytest.raises(ScopeError), transaction.atomic():
        with tenant_context(tenant.id):
            Hold.objects.count()
            transaction.on_commit(lambda: print(count_holds()))


def test_in_a_plain_function_an_orm_call_raises() -> None:
    with pytest.raises(ScopeError):
        count_holds()


@pytest.mark.parametrize("call", ["set_schema", "set_schema_to_public", "set_tenant"])
def test_the_connection_cannot_be_pointed_elsewhere_by_hand(call: str, tenant: TenantRef) -> None:
    with platform_context():
        row = Tenant.objects.get(pk=tenant.id)
    arguments: dict[str, tuple[object, ...]] = {
        "set_schema": (row.schema_name,),
        "set_tenant": (row,),
        "set_schema_to_public": (),
    }
    with tenant_context(tenant.id), pytest.raises(ScopeError):
        getattr(connection, call)(*arguments[call])


def test_a_lazy_value_may_not_leave_its_step(tenant: TenantRef) -> None:
    from tenants.context import tenant_scope

    steps: list[Callable[[], object]] = [
        lambda: Hold.objects.all(),
        lambda: (hold for hold in Hold.objects.all()),
    ]
    for step in steps:
        with pytest.raises(ScopeError):
            run_in_scope(tenant_scope(tenant.id), step)
