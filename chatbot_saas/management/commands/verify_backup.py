"""Read a backup to its end and compare it with what it says it holds."""

from typing import Any

from django.core.management.base import CommandParser

from chatbot_saas.backup.command import BackupCommand, passphrase
from chatbot_saas.backup.files import reading
from chatbot_saas.backup.verify import try_restore, verify


class Command(BackupCommand):
    help = (
        "Reads a backup whole: every chunk, every checksum, every count. Needs no database, unless "
        "--restore is given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="a backup's file, or - for stdin")
        parser.add_argument(
            "--restore",
            action="store_true",
            help="load every table into a scratch schema as well, and compare what it then holds",
        )

    def work(self, *args: Any, **options: Any) -> None:
        key, check = passphrase(), try_restore if options["restore"] else verify
        with reading(options["source"]) as source:
            found = check(source, key, say=self.say)
        self.say(
            f"whole: {found.workspaces} workspaces, {found.rows} rows, {found.files} files, made "
            f"{found.head.made_at} by release {found.head.version}",
            always=True,
        )
