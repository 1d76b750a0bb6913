"""Copies uploaded files between a folder and a bucket."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from knowledge.files.base import StoreAway
from knowledge.files.moving import Moved, copy_all
from knowledge.storage import place


class Command(BaseCommand):
    help = "Copies all uploaded files from one place to another; both as MEDIA_URL names them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="file:///path or s3://bucket/prefix?region=…")
        parser.add_argument("target")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            source, target = place(options["source"]), place(options["target"])
        except ValueError as error:
            raise CommandError(f"{error}.") from error
        try:
            moved = copy_all(source, target, self._say)
        except StoreAway as error:
            raise CommandError(
                "The place does not answer, or does not let us in. Run it again: it goes on."
            ) from error
        self.stdout.write(f"{moved.copied} copied, {moved.there} were there before.")
        if moved.damaged:
            raise CommandError(f"{moved.damaged} files are not what was uploaded: see the backup.")

    def _say(self, tenant_id: UUID, moved: Moved) -> None:
        self.stdout.write(f"{tenant_id}: {moved.copied + moved.there} files so far")
