"""The three commands, run in this process as a shell runs them in its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

KEY = "a key of tests that nobody can guess, of many characters"


def backup(target: Path, *arguments: str, key: str = KEY) -> None:
    with override_settings(BACKUP_KEY=key):
        call_command("backup", str(target), *arguments)


def restore(source: Path, *arguments: str, key: str = KEY) -> None:
    with override_settings(BACKUP_KEY=key):
        call_command("restore", str(source), *arguments)


def verify(source: Path, *arguments: str, key: str = KEY) -> None:
    with override_settings(BACKUP_KEY=key):
        call_command("verify_backup", str(source), *arguments)


def refusal(do: Callable[..., None], *arguments: Any, **options: Any) -> tuple[int, str]:
    """The exit code and the one line of a command that fails."""
    with pytest.raises(CommandError) as refused:
        do(*arguments, **options)
    line = str(refused.value)
    assert "\n" not in line
    return refused.value.returncode, line
