"""The database wrapper: applies the open scope at every cursor, and refuses without one.

The scope is applied by one message, before BEGIN where possible, because a SET made inside a
transaction is undone by its rollback, and by the COMMIT of a failed one. What may have been undone
is forgotten, and applied anew at the next cursor.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import Any

import psycopg
from django.db import OperationalError
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQLWrapper
from django.db.utils import DatabaseErrorWrapper
from django_tenants.postgresql_backend import base as django_tenants_base
from psycopg.pq import TransactionStatus

from tenants.backend.sessions import SharedSessionError, sessions, set_limits
from tenants.backend.shares import is_reserved, shares
from tenants.context import Scope, current_scope, move_owner, open_scope, scope_sql

logger = logging.getLogger(__name__)


def reset_connection(connection: "psycopg.Connection[Any]") -> None:
    """What the pool does to a returned connection. Not RESET ALL: that would drop the time zone."""
    connection.execute("RESET ROLE; RESET search_path")


class ErrorWrapper(DatabaseErrorWrapper):
    """A server that takes no writes at the moment (a standby, a full disk) is away, and no fault of
    ours: it is told like one that cannot be reached."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            raise OperationalError(*error.args).with_traceback(traceback) from error
        super().__exit__(kind, error, traceback)


class DatabaseWrapper(django_tenants_base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # django-tenants sets a tenant while the wrapper is being made, before there is a context.
        self._built = False
        self._applied: str | None = None
        self._applied_in_transaction = False
        self._bare = False
        self._holder: str | None = None
        super().__init__(*args, **kwargs)
        pool = self.settings_dict.get("OPTIONS", {}).get("pool")
        if pool:
            # A connection goes back without role and path, so that none is lent with another's
            # rights.
            pool.setdefault("reset", reset_connection)
        self._built = True

    # --- What django-tenants calls the current tenant, answered from the context.

    @property
    def schema_name(self) -> str | None:
        scope = open_scope()
        return scope.schema if scope else None

    @schema_name.setter
    def schema_name(self, value: str | None) -> None:
        """Ignored: the context alone says where we are."""

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        if self._built:
            move_owner(tenant.schema_name)

    def set_schema_to_public(self) -> None:
        if self._built:
            move_owner("public")

    # --- The two walls.

    def _cursor(self, name: str | None = None) -> Any:
        if self._bare or self.alias == NO_DB_ALIAS:
            return super(django_tenants_base.DatabaseWrapper, self)._cursor(name)
        scope = current_scope()
        cursor = super(django_tenants_base.DatabaseWrapper, self)._cursor(name)
        self._apply(scope)
        return cursor

    def _apply(self, scope: Scope) -> None:
        statement = scope_sql(scope, self.settings_dict["NAME"])
        # Most cursors of a request: nothing is sent then.
        if statement == self._applied:
            return
        self._applied = None
        # Asked of libpq, which knows without a round trip.
        status = self.connection.pgconn.transaction_status
        if status == TransactionStatus.INERROR:
            # Only ROLLBACK can run now, and nothing can be read before it.
            return
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(statement)
        self._applied = statement
        # Without autocommit the driver sends BEGIN with the first statement: perhaps with this one.
        self._applied_in_transaction = not self.connection.autocommit

    def _set_autocommit(self, autocommit: bool) -> None:
        scope = open_scope()
        # Before BEGIN, so that no rollback can undo it.
        if not autocommit and scope is not None and not self._bare and self.alias != NO_DB_ALIAS:
            self._apply(scope)
        super()._set_autocommit(autocommit)

    def _forget_if_undone(self) -> None:
        if self._applied_in_transaction:
            self._applied = None
            self._applied_in_transaction = False

    def commit(self) -> None:
        super().commit()
        self._forget_if_undone()

    def rollback(self) -> None:
        PostgreSQLWrapper.rollback(self)
        self._forget_if_undone()

    def savepoint_rollback(self, sid: str) -> None:
        try:
            PostgreSQLWrapper.savepoint_rollback(self, sid)
        finally:
            self._forget_if_undone()

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        return ErrorWrapper(self)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self.pool or is_reserved():
            return super().get_new_connection(conn_params)
        scope = open_scope()
        holder = scope.schema if scope else ""
        shares().take(holder)
        try:
            connection = super().get_new_connection(conn_params)
        except BaseException:
            shares().give_back(holder)
            raise
        self._holder = holder
        return connection

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            if self._holder is not None:
                shares().give_back(self._holder)
                self._holder = None

    def connect(self) -> None:
        self._applied = None
        self._applied_in_transaction = False
        super().connect()

    def close(self) -> None:
        self._applied = None
        super().close()

    # --- Statements that need no scope, and some that may not have one.

    @contextmanager
    def bare(self) -> Iterator[None]:
        """As the login role: it sees no table, and may set the session's time zone."""
        before, self._bare = self._bare, True
        try:
            yield
        finally:
            self._bare = before

    def _configure_connection(self, connection: "psycopg.Connection[Any]") -> bool:
        """Called by Django once for each connection that is new."""
        try:
            has_pooler = sessions.check(connection)
        except SharedSessionError as error:
            # The pool tells whoever waits for a connection that there is none, and not why.
            logger.error("%s", error)
            raise
        if has_pooler:
            set_limits(connection, self.settings_dict["OPTIONS"].get("options", ""))
        return bool(super()._configure_connection(connection))

    def init_connection_state(self) -> None:
        # The version check opens a cursor, which would set the role before the time zone is set.
        with self.bare():
            super().init_connection_state()

    def _savepoint(self, sid: str) -> None:
        with self.bare():
            super()._savepoint(sid)

    def _savepoint_rollback(self, sid: str) -> None:
        with self.bare():
            super()._savepoint_rollback(sid)

    def _savepoint_commit(self, sid: str) -> None:
        with self.bare():
            super()._savepoint_commit(sid)

    def check_constraints(self, table_names: list[str] | None = None) -> None:
        with self.bare():
            super().check_constraints(table_names)
