"""Two backups to one name: the first that is whole has it, and neither spoils the other."""

from pathlib import Path

import pytest

from chatbot_saas.backup.errors import BackupError
from chatbot_saas.backup.files import writing


def test_the_first_that_is_whole_keeps_the_name(tmp_path: Path) -> None:
    target = tmp_path / "x.backup"
    with (
        pytest.raises(BackupError, match="Backups overwrite nothing"),
        writing(str(target), "x") as (slow, _),
    ):
        slow.write(b"slow")
        slow.flush()
        with writing(str(target), "x") as (quick, _):
            quick.write(b"quick")
        assert target.read_bytes() == b"quick"
        slow.write(b"er")
    assert target.read_bytes() == b"quick"
    assert [*tmp_path.iterdir()] == [target]
    assert target.stat().st_mode & 0o777 == 0o600
