"""Write one sealed file with the whole installation, or with one workspace."""

from typing import Any

from django.core.management.base import CommandParser

from chatbot_saas.backup.command import BackupCommand, passphrase
from chatbot_saas.backup.dump import write_backup
from chatbot_saas.backup.files import default_name, writing
from chatbot_saas.backup.trail import record_backup


class Command(BackupCommand):
    help = "Writes a backup: one file, sealed with BACKUP_KEY, of everything or of one workspace."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "target", help="a file that is not there yet, a folder, or - for stdout"
        )
        parser.add_argument("--tenant", metavar="SLUG", help="this workspace alone")

    def work(self, *args: Any, **options: Any) -> None:
        slug = options["tenant"]
        key = passphrase()
        with writing(options["target"], default_name(slug)) as (file, name):
            made = write_backup(file, key, slug=slug, say=self.say)
        record_backup(made, slug, name)
        self.say(
            f"{name}: {made.workspaces} workspaces, {made.rows} rows, {made.files} files",
            always=True,
        )
        if made.files_gone:
            self.say(
                f"{made.files_gone} files were removed while the backup was made.", always=True
            )
