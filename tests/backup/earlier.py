"""Run as a program in an installation of its own: takes a migration of a workspace back, as if its tables
were an earlier release's."""

import sys

import django

BEFORE = ("conversations", "0006_the_look_of_a_chatbot")


def main(slug: str) -> None:
    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from tenants.backend.login import migration_login
    from tenants.context import owner_context
    from tenants.models import Tenant

    with migration_login():
        with owner_context():
            schema = Tenant.objects.get(slug=slug).schema_name
        with owner_context(schema):
            MigrationExecutor(connection).migrate([BEFORE])


if __name__ == "__main__":
    main(*sys.argv[1:])
