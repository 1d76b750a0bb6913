"""The migration login, for the commands that change tables. The web never has it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections

from tenants.backend.base import DatabaseWrapper


@contextmanager
def migration_login() -> Iterator[None]:
    """Statements of this thread run over a connection of the migration login."""
    if settings.MIGRATION_DATABASE is None:
        raise ImproperlyConfigured(
            "MIGRATION_DATABASE_URL is not set: it is the login that owns the tables "
            "(docs/bootstrap.sql creates it)."
        )
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
