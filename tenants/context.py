"""The tenant context: the only file that says whose data the next statement may see.

A context is a ContextVar, so it belongs to one coroutine or thread. The database wrapper
(`tenants.backend`) reads it at every cursor and refuses to work without one. Contexts are for short
synchronous blocks; coroutines carry a tenant's id and call `in_tenant`, because a context held
across an `await` is read by whatever runs in between.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import lru_cache
from types import GeneratorType
from typing import Literal, ParamSpec, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary, WeakValueDictionary

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.db.models import QuerySet

from tenants.backend.shares import RESERVED, WAIT_SECONDS, reserved, share_of_one
from tenants.names import quote, role_name, schema_name

P = ParamSpec("P")
T = TypeVar("T")


# What a database that is away, or overloaded, raises; anything else is a fault of ours.
DATABASE_AWAY = (OperationalError, InterfaceError)


class ScopeError(RuntimeError):
    """Code touched the database with no context, or with one that may not be used that way."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a connection is set to: a role and the first schema of its search path."""

    kind: Literal["tenant", "platform", "owner"]
    schema: str
    tenant_id: UUID | None = None

    def role(self, database: str) -> str:
        return role_name(database, self.schema if self.kind == "tenant" else self.kind)


PLATFORM = Scope("platform", "public")
_scope: ContextVar[Scope | None] = ContextVar("tenant_scope", default=None)


@lru_cache(maxsize=4096)
def scope_sql(scope: Scope, database: str) -> str:
    """Both walls in one message. `public` is on no tenant's path: a missing table is an error."""
    path = ", ".join(quote(name) for name in (scope.schema, settings.EXTENSION_SCHEMA))
    return f"SET search_path = {path}; SET ROLE {quote(scope.role(database))}"


def current_scope() -> Scope:
    """The open scope. Raises `ScopeError` when there is none: closed is the safe side."""
    scope = _scope.get()
    if scope is None:
        raise ScopeError("no tenant or platform context is open")
    return scope


def open_scope() -> Scope | None:
    return _scope.get()


def current_tenant_id() -> UUID:
    """The open tenant. Raises `ScopeError` outside a tenant's context."""
    scope = current_scope()
    if scope.tenant_id is None:
        raise ScopeError(f"a tenant context is needed here, not the {scope.kind} context")
    return scope.tenant_id


@contextmanager
def enter(scope: Scope) -> Iterator[Scope]:
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def tenant_scope(tenant_id: UUID) -> Scope:
    return Scope("tenant", schema_name(tenant_id), tenant_id)


@contextmanager
def tenant_context(tenant_id: UUID) -> Iterator[None]:
    """Statements in the block see this tenant's schema alone, under its own role."""
    with enter(tenant_scope(tenant_id)):
        yield


@contextmanager
def platform_context() -> Iterator[None]:
    """Statements in the block see the shared tables alone."""
    with enter(PLATFORM):
        yield


@contextmanager
def owner_context(schema: str = "public") -> Iterator[None]:
    """For migrations: the owner of every table. Only the migration login may become it."""
    with enter(Scope("owner", schema)):
        yield


def move_owner(schema: str) -> None:
    """Point an open owner context at another schema (what django-tenants calls `set_schema`)."""
    scope = _scope.get()
    if scope is None or scope.kind != "owner":
        raise ScopeError("set_tenant and set_schema are for migrations; use tenant_context")
    _scope.set(Scope("owner", schema))


@lru_cache(maxsize=1)
def _executor() -> ThreadPoolExecutor:
    """As many threads as the pool has connections, so that no unit waits for one inside."""
    return ThreadPoolExecutor(settings.DATABASE_POOL_SIZE, thread_name_prefix="db")


@lru_cache(maxsize=1)
def _reserved_executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(RESERVED, thread_name_prefix="db-reserved")


def run_in_scope(scope: Scope, fn: Callable[[], T]) -> T:
    """Run `fn` in the scope, then give its connection back to the pool."""
    try:
        with enter(scope):
            value = fn()
    finally:
        connections.close_all()
    if isinstance(value, QuerySet | GeneratorType):
        raise ScopeError("a database step must return values: this one returned something lazy")
    return value


async def _unit(scope: Scope, fn: Callable[[], T]) -> T:
    # Copied, so that the log lines of the step carry the request's id.
    context = copy_context()
    loop = asyncio.get_running_loop()
    async with _place(loop, scope.schema):
        return await loop.run_in_executor(_executor(), context.run, run_in_scope, scope, fn)


# By loop, since a semaphore belongs to one; each tenant's lives as long as somebody waits or works.
_places: WeakKeyDictionary[
    asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Semaphore]
] = WeakKeyDictionary()


@asynccontextmanager
async def _place(loop: asyncio.AbstractEventLoop, holder: str) -> AsyncIterator[None]:
    """One of a tenant's share of the threads. Raises `OperationalError` when none gets free in time."""
    places = _places.setdefault(loop, WeakValueDictionary())
    place = places.get(holder)
    if place is None:
        place = places[holder] = asyncio.Semaphore(share_of_one(settings.DATABASE_POOL_SIZE))
    if place.locked():
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await place.acquire()
        except TimeoutError as error:
            raise OperationalError("too many steps of one tenant are waiting") from error
    else:
        await place.acquire()
    try:
        yield
    finally:
        place.release()


async def _reserved_unit(scope: Scope, fn: Callable[[], T]) -> T:
    def run() -> T:
        with reserved():
            return run_in_scope(scope, fn)

    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_reserved_executor(), copy_context().run, run)


async def in_tenant(tenant_id: UUID, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """One short synchronous database step of a coroutine, in a tenant's context."""
    return await _unit(tenant_scope(tenant_id), lambda: fn(*args, **kwargs))


async def in_platform(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """One short synchronous database step of a coroutine, in the platform's context."""
    return await _unit(PLATFORM, lambda: fn(*args, **kwargs))


async def in_tenant_reserved(
    tenant_id: UUID, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """The same by the threads and connections that no request may use: for what keeps turns alive."""
    return await _reserved_unit(tenant_scope(tenant_id), lambda: fn(*args, **kwargs))


async def in_platform_reserved(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for the platform: readiness, the sweep."""
    return await _reserved_unit(PLATFORM, lambda: fn(*args, **kwargs))
