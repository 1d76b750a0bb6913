"""Whether a process is up is read from what it says, however that is cut into pieces."""

import os
import threading
from collections.abc import Iterator

import pytest

from tests.live import read_port


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


@pytest.mark.parametrize(
    "pieces",
    [
        [b'{"port": 81}\n'],
        [b'A banner\nof two lines\n{"port": 81}\n'],
        [b"A banner\nof two", b' lines\n{"po', b'rt": 81}\nand more\n'],
    ],
)
def test_the_port_is_found_in_what_is_said(pipe: tuple[int, int], pieces: list[bytes]) -> None:
    reading, writing = pipe
    for piece in pieces[:-1]:
        os.write(writing, piece)
    # The last one comes while it is waited for.
    later = threading.Timer(0.05, os.write, (writing, pieces[-1]))
    later.start()
    assert read_port(reading, within=30, is_alive=lambda: True) == 81
    later.join()
    os.close(writing)


def test_nobody_waits_for_a_process_that_has_ended(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b'A banner\n{"port": 8')
    # A child of it may hold the pipe open.
    assert read_port(reading, within=30, is_alive=lambda: False) is None
    os.close(writing)
    assert read_port(reading, within=30, is_alive=lambda: True) is None
