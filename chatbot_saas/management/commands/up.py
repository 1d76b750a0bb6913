"""Lists `up` among the commands; manage.py runs it before Django is loaded."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatbot_saas.mode import BASE_DIR
from chatbot_saas.supervision.up import add_arguments


class Command(BaseCommand):
    help = "Run the whole product: PostgreSQL, Redis, web, worker and beat, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        flags = [
            f"--{name.replace('_', '-')}" for name in ("no_demo", "with_parent") if options[name]
        ]
        os.execv(sys.executable, [sys.executable, str(BASE_DIR / "manage.py"), "up", *flags])  # noqa: S606
