"""The outermost layer of a backup: a stream in chunks, each sealed by AES-256-GCM.

The key is made of `BACKUP_KEY` and the file's own salt, so it seals this one file and nonces may count
from nought. A nonce holds the chunk's number and whether it is the last one: chunks that are left
out, repeated or swapped do not open, and neither does a stream that ends too early (STREAM, by Hoang,
Reyhanitabar, Rogaway and Vizár). Memory is that of two chunks, whatever the size.
"""

import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from chatbot_saas.backup.errors import Damaged

MAGIC = b"chatbot-saas backup 1\n"
CHUNK = 1024 * 1024
_SALT, _CHECK, _TAG, _KEY = 16, 16, 16, 32
HEADER = len(MAGIC) + _SALT + _CHECK


def _derive(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    """The file's key, and what tells a wrong passphrase from a damaged file. Slow on purpose: 32 MB of
    memory for each guess."""
    made = Scrypt(salt=salt, length=_KEY + _CHECK, n=2**15, r=8, p=1).derive(passphrase.encode())
    return made[:_KEY], made[_KEY:]


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


class SealedWriter:
    """Seals what is written to it. Without `finish` the stream is one that was cut off."""

    def __init__(self, target: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(_SALT)
        key, check = _derive(passphrase, salt)
        self._target, self._cipher = target, AESGCM(key)
        self._header = MAGIC + salt + check
        self._held, self._number = bytearray(), 0
        target.write(self._header)

    def write(self, piece: bytes) -> int:
        self._held += piece
        # One chunk is held back: the last one has to be known as such.
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), is_last=False)
            del self._held[:CHUNK]
        return len(piece)

    def finish(self) -> None:
        self._seal(bytes(self._held), is_last=True)

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._target.write(self._cipher.encrypt(nonce, chunk, self._header))
        self._number += 1


class SealedReader:
    """Opens what `SealedWriter` made. Reading raises `Damaged`."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        self._header = _read_exactly(source, HEADER)
        if not self._header.startswith(MAGIC) or len(self._header) < HEADER:
            raise Damaged("This is no backup of this product, or one of a later release.")
        salt = self._header[len(MAGIC) : -_CHECK]
        key, check = _derive(passphrase, salt)
        if check != self._header[-_CHECK:]:
            raise Damaged(
                "BACKUP_KEY is not the key that this backup was made with, or its first bytes were "
                "altered: set the key of that day."
            )
        self._cipher, self._number = AESGCM(key), 0
        self._opened = memoryview(b"")
        self._ahead = _read_exactly(source, CHUNK + _TAG)
        self._is_over = False

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        while not self._opened and not self._is_over:
            self._opened = memoryview(self._open_next())
        taken = bytes(self._opened[:size])
        self._opened = self._opened[len(taken) :]
        return taken

    def _open_next(self) -> bytes:
        sealed, self._ahead = self._ahead, _read_exactly(self._source, CHUNK + _TAG)
        is_last = not self._ahead
        opened = self._open(sealed, is_last=is_last)
        if opened is None:
            if is_last and (not sealed or self._open(sealed, is_last=False) is not None):
                raise Damaged("The backup is cut off: its end is missing. Take another copy of it.")
            raise Damaged(
                f"The backup was altered, about {self._number} MiB after its start. Take another copy."
            )
        self._number += 1
        self._is_over = is_last
        return opened

    def _open(self, sealed: bytes, *, is_last: bool) -> bytes | None:
        try:
            return self._cipher.decrypt(_nonce(self._number, is_last=is_last), sealed, self._header)
        except InvalidTag:
            return None


def _read_exactly(source: BinaryIO, size: int) -> bytes:
    """So many bytes, or what is left: a pipe gives as much as there is."""
    pieces = bytearray()
    while len(pieces) < size:
        piece = source.read(size - len(pieces))
        if not piece:
            break
        pieces += piece
    return bytes(pieces)
