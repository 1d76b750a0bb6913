"""Django's `makemigrations`, which reads the shared history and so needs a context for it."""

from typing import Any

from django.core.management.commands import makemigrations

from tenants.context import platform_context


class Command(makemigrations.Command):
    def handle(self, *app_labels: Any, **options: Any) -> None:
        with platform_context():
            super().handle(*app_labels, **options)
