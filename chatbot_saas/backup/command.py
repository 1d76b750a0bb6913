"""What the three commands have in common: one line for what went wrong, and lines on the way."""

import sys
import time
from abc import abstractmethod
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from chatbot_saas.backup.errors import BackupError
from chatbot_saas.backup.files import disk_error
from chatbot_saas.backup.stopping import Stop
from tenants.schemas.template import FleetError

_PROGRESS_SECONDS = 2.0
LEAST_KEY = 32


def passphrase() -> str:
    """What backups are sealed with. Raises `BackupError`."""
    key: str = settings.BACKUP_KEY
    if len(key) < LEAST_KEY:
        raise BackupError(
            f"BACKUP_KEY must be set, to at least {LEAST_KEY} characters that nobody can guess, and kept "
            "apart from the backups: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return key


class BackupCommand(BaseCommand):
    """Exit codes: 1 it could not be done, 2 wrong arguments, 3 the file is damaged or of another key,
    4 it does not fit here."""

    requires_system_checks: list[str] = []
    _said_at = 0.0

    def handle(self, *args: Any, **options: Any) -> None:
        self.stop = Stop()
        with self.stop.listening():
            self._run(*args, **options)

    def _run(self, *args: Any, **options: Any) -> None:
        try:
            self.work(*args, **options)
        except BackupError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        except FleetError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database refused: {' '.join(str(error).split())}") from error
        except OSError as error:
            raise CommandError(str(disk_error(settings.MEDIA_ROOT, error))) from error
        except KeyboardInterrupt as error:
            raise CommandError(self.stop.message, returncode=130) from error

    @abstractmethod
    def work(self, *args: Any, **options: Any) -> None:
        """What the command does. Raises `BackupError`."""

    def say(self, line: str, *, always: bool = False) -> None:
        """A line of progress, every two seconds at most; `always` of a result."""
        now = time.monotonic()
        if always or now - self._said_at >= _PROGRESS_SECONDS:
            self._said_at = now
            # Standard output may be the backup.
            print(line, file=sys.stderr, flush=True)
