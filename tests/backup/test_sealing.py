"""The seal of a backup: what was altered, cut off, swapped or made with another key does not open."""

import io
import os
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chatbot_saas.backup.errors import Damaged
from chatbot_saas.backup.sealing import CHUNK, HEADER, SealedReader, SealedWriter
from tests.backup.commands import KEY

SEALED_CHUNK = CHUNK + 16


def seal(content: bytes) -> bytes:
    target = io.BytesIO()
    writer = SealedWriter(target, KEY)
    writer.write(content)
    writer.finish()
    return target.getvalue()


def unseal(sealed: bytes, key: str = KEY) -> bytes:
    reader, pieces = SealedReader(io.BytesIO(sealed), key), []
    while piece := reader.read(100_000):
        pieces.append(piece)
    return b"".join(pieces)


def flip(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


def chunks(sealed: bytes) -> list[bytes]:
    body = sealed[HEADER:]
    return [body[start : start + SEALED_CHUNK] for start in range(0, len(body), SEALED_CHUNK)]


def reordered(sealed: bytes, order: list[int]) -> bytes:
    have = chunks(sealed)
    return sealed[:HEADER] + b"".join(have[number] for number in order)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "the salt": lambda sealed: flip(sealed, 25),
    "a byte of the first chunk": lambda sealed: flip(sealed, HEADER),
    "a byte in the middle": lambda sealed: flip(sealed, len(sealed) // 2),
    "the last byte": lambda sealed: flip(sealed, len(sealed) - 1),
    "cut within a chunk": lambda sealed: sealed[:-1],
    "cut between two chunks": lambda sealed: reordered(sealed, [0, 1]),
    "cut behind the header": lambda sealed: sealed[:HEADER],
    "cut within the header": lambda sealed: sealed[: HEADER - 1],
    "two chunks swapped": lambda sealed: reordered(sealed, [1, 0, 2]),
    "a chunk twice": lambda sealed: reordered(sealed, [0, 0, 1, 2]),
    "a chunk left out": lambda sealed: reordered(sealed, [0, 2]),
    "something behind the end": lambda sealed: sealed + b"more",
    "a chunk behind the end": lambda sealed: reordered(sealed, [0, 1, 2, 2]),
}
CONTENT = os.urandom(2 * CHUNK + 1000)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_what_was_sealed_opens_as_it_was(size: int) -> None:
    assert unseal(seal(CONTENT[:size])) == CONTENT[:size]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_damaged_does_not_open(damage: str) -> None:
    with pytest.raises(Damaged):
        unseal(DAMAGES[damage](seal(CONTENT)))


def test_a_damage_is_told_by_what_it_is() -> None:
    sealed = seal(CONTENT)
    for damaged, told in (
        (DAMAGES["cut between two chunks"](sealed), "cut off"),
        (DAMAGES["a byte in the middle"](sealed), "altered, about 1 MiB"),
        (b"something else", "no backup of this product"),
    ):
        with pytest.raises(Damaged, match=told):
            unseal(damaged)
    with pytest.raises(Damaged, match="BACKUP_KEY is not the key"):
        unseal(sealed, "another key of tests, as long as that one is")


def test_nothing_of_the_content_or_the_key_stands_in_the_file() -> None:
    sealed = seal(b"CANARY" * 1000)
    assert b"CANARY" not in sealed
    assert KEY.encode() not in sealed
    # Each file has a key of its own.
    assert chunks(seal(CONTENT))[0] != chunks(seal(CONTENT))[0]


class EachChunkAlone:
    """The broken build: a random nonce for each chunk, and nothing that says where it belongs."""

    key = AESGCM(bytes(32))

    def seal(self, content: bytes) -> bytes:
        pieces = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
        sealed = (nonce + self.key.encrypt(nonce, each, None) for each, nonce in self._with(pieces))
        return bytes(HEADER) + b"".join(sealed)

    @staticmethod
    def _with(pieces: list[bytes]) -> list[tuple[bytes, bytes]]:
        return [(each, os.urandom(12)) for each in pieces]

    def opens(self, sealed: bytes) -> bool:
        size = CHUNK + 28
        body = sealed[HEADER:]
        try:
            for start in range(0, len(body), size):
                chunk = body[start : start + size]
                self.key.decrypt(chunk[:12], chunk[12:], None)
        except (InvalidTag, ValueError):
            return False
        return True


def test_chunks_that_are_sealed_alone_would_be_swapped_and_cut_unnoticed() -> None:
    """The check can fail: on this build whole chunks come, go and change their places."""
    broken, size = EachChunkAlone(), CHUNK + 28
    sealed = broken.seal(CONTENT)
    body = sealed[HEADER:]
    first, second, rest = body[:size], body[size : 2 * size], body[2 * size :]
    assert broken.opens(bytes(HEADER) + second + first + rest)
    assert broken.opens(bytes(HEADER) + first + second)
    assert not broken.opens(flip(sealed, HEADER + 20))
