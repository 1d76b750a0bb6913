"""The recovery drill in small: a server's data is destroyed while it is written to, and comes back."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bench.drill.recovery import database
from bench.drill.recovery.database import Kept
from chatbot_saas import embedded
from tests.eventually import eventually

# The most that may be lost, in seconds.
RPO = 5.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the server's account may pass through, which pytest's own is not."""
    made = Path(tempfile.mkdtemp(prefix="recovery-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Writer(threading.Thread):
    """Writes row after row; `acknowledged` has the time of each that the server has confirmed."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self.acknowledged = url, dict[int, float]()

    def run(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                for number in range(1_000_000):
                    connection.execute("INSERT INTO written VALUES (%s)", [number])
                    self.acknowledged[number] = time.monotonic()
        except psycopg.Error:
            pass


def test_a_destroyed_server_comes_back_with_what_it_had_confirmed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDDED_WAL_STREAM", "1")
    layout, kept = embedded.layout(folder / "var"), Kept(folder)
    url = layout.superuser_url
    try:
        with embedded.exclusive_servers(layout, frozenset({"postgres"})) as owned:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE TABLE written (number integer)")
            with database.following(layout, kept):
                database.copy_base(layout, kept)
                writer = Writer(url)
                writer.start()
                eventually(lambda: len(writer.acknowledged) > 500)
                destroyed_at = time.monotonic()
                database.destroy(owned)
                writer.join()
            assert not layout.postgres_data.exists()
            database.recover(owned, kept)
            with psycopg.connect(url, autocommit=True) as connection:
                found = {row[0] for row in connection.execute("SELECT number FROM written")}
                connection.execute("INSERT INTO written VALUES (-1)")
        lost = [at for number, at in writer.acknowledged.items() if number not in found]
        assert destroyed_at - min(lost, default=destroyed_at) <= RPO
        # Without the log there would be nothing: the copy is from before the first row.
        assert len(found) > 400
    finally:
        embedded.remove_home(layout)
