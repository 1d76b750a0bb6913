"""`migrate` is `migrate_tenants` here: a schema is never migrated alone."""

from tenants.management.commands.migrate_tenants import Command

__all__ = ["Command"]
