"""Bring the shared schema, the template and every tenant to this release's tables."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.backend.login import migration_login
from tenants.schemas import fleet
from tenants.schemas.template import FleetError

_PROGRESS_SECONDS = 2.0


class Command(BaseCommand):
    help = "Migrates the shared schema, then the template, then every tenant that is behind."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with migration_login():
                self._migrate()
        except FleetError as error:
            raise CommandError(str(error)) from error

    def _migrate(self) -> None:
        fleet.take_turn(waiting=self._say_that_it_waits)
        if fleet.migrate_public():
            self.stdout.write("shared tables: migrated")
        restored = fleet.restore_roles()
        if restored:
            self.stdout.write(f"roles of {restored} workspaces: made again")
        if fleet.migrate_template():
            self.stdout.write("template of new workspaces: migrated")
        shown, done = time.monotonic(), 0
        for step in fleet.migrate_fleet():
            done = step.number
            if time.monotonic() - shown > _PROGRESS_SECONDS:
                shown = time.monotonic()
                self.stdout.write(f"workspaces: {step.number} of {step.total}")
        self.stdout.write(f"workspaces: {done} migrated, all at head")

    def _say_that_it_waits(self) -> None:
        self.stdout.write("another run of migrate_tenants is at work: waiting for its end")
        self.stdout.flush()
