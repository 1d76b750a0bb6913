"""The migration login, for the commands that change tables or read all. The web never has it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections

from tenants.backend.base import DatabaseWrapper

_NOT_SET = (
    "MIGRATION_DATABASE_URL is not set: it is the login that owns the tables (docs/bootstrap.sql "
    "creates it)."
)


@contextmanager
def migration_login() -> Iterator[None]:
    """Statements of this thread run over a connection of the migration login."""
    if settings.MIGRATION_DATABASE is None:
        raise ImproperlyConfigured(_NOT_SET)
    usual = connections[DEFAULT_DB_ALIAS]
    settings_dict = {**usual.settings_dict, **settings.MIGRATION_DATABASE}
    # In place of the usual one, so that Django's own commands use it without knowing.
    wrapper = DatabaseWrapper(settings_dict, alias=DEFAULT_DB_ALIAS)
    connections[DEFAULT_DB_ALIAS] = wrapper
    try:
        yield
    finally:
        wrapper.close()
        connections[DEFAULT_DB_ALIAS] = usual


@contextmanager
def open_migration_connection() -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A connection of that login beside Django's, outside of every context: it inherits what the owner of
    the tables may, so names are written with their schema."""
    if settings.MIGRATION_DATABASE is None:
        raise ImproperlyConfigured(_NOT_SET)
    usual = connections[DEFAULT_DB_ALIAS].settings_dict
    wrapper = DatabaseWrapper({**usual, **settings.MIGRATION_DATABASE}, alias=DEFAULT_DB_ALIAS)
    with psycopg.connect(**wrapper.get_connection_params(), autocommit=True) as connection:
        yield connection
