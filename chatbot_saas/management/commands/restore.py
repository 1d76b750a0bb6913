"""Restore a backup: all of it into an empty installation, or one workspace beside the others."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from chatbot_saas.backup.command import BackupCommand, passphrase
from chatbot_saas.backup.files import reading
from chatbot_saas.backup.one import restore_workspace
from chatbot_saas.backup.whole import restore_installation


class Command(BackupCommand):
    help = (
        "Restores a backup into an empty installation, or one workspace of it beside the others. "
        "Nothing is seen of it before it is whole."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="a backup's file, or - for stdin")
        parser.add_argument("--tenant", metavar="SLUG", help="this workspace of the backup alone")
        parser.add_argument(
            "--as",
            dest="new_slug",
            metavar="NEW-SLUG",
            help="as a copy with this name and a new id",
        )

    def work(self, *args: Any, **options: Any) -> None:
        slug, new_slug = options["tenant"], options["new_slug"]
        if new_slug and not slug:
            raise CommandError("--as is of one workspace: name it with --tenant.", returncode=2)
        key = passphrase()
        with reading(options["source"]) as source:
            if slug is None:
                whole = restore_installation(source, key, say=self.say, stop=self.stop)
                what, made_at, notes = f"{whole.workspaces} workspaces", whole.made_at, whole.notes
            else:
                one = restore_workspace(
                    source, key, slug=slug, new_slug=new_slug, say=self.say, stop=self.stop
                )
                what, made_at, notes = f"“{one.slug}” at {one.host}", one.made_at, one.notes
        for sentence in notes:
            self.say(f"note: {sentence}", always=True)
        self.say(f"restored {what}, as of {made_at}", always=True)
