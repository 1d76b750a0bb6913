"""Removes uploaded files that nothing names any more."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from knowledge.files.base import StoreAway
from knowledge.files.moving import sweep
from knowledge.storage import files


class Command(BaseCommand):
    help = (
        "Removes files of removed workspaces and those that no document names, a day old or older."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(f"{sweep(files())} files removed.")
        except StoreAway as error:
            raise CommandError("The place of MEDIA_URL does not answer.") from error
