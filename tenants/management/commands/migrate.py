"""`migrate` is `migrate_tenants` here: a schema is never migrated alone."""

from django.db.migrations.autodetector import MigrationAutodetector

from tenants.management.commands import migrate_tenants


class Command(migrate_tenants.Command):
    # Django's system checks want the same one here as in `makemigrations`.
    autodetector = MigrationAutodetector
