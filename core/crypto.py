"""Secrets at rest: AES-256-GCM, bound to the place they are stored in.

The place (tenant, table, row) is additional authenticated data, so a ciphertext copied to another
row or another tenant does not open (Fernet has no such binding).
"""

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
# What every key was called before there was more than one: any key of the ring may be meant.
_FIRST_KEY_ID = "k1"


class SealBroken(Exception):
    """The ciphertext was altered, moved, or sealed under a key that is not in the ring."""


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose; keys of different purposes tell nothing of each other."""
    return hashlib.blake2b(
        secret.encode(), digest_size=32, person=purpose.encode()[:16].ljust(16, b"\0")
    ).digest()


class KeyRing:
    """Keys of secrets at rest, made of the values that SECRET_KEY has and had, newest first: the first
    key seals, all of them open."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = [derive_key(secret, "sealing") for secret in secrets]
        self._keys = [(_key_id(key), key) for key in keys]

    def seal(self, plaintext: str, *, place: str) -> str:
        """`<key id>.<base64url(nonce + ciphertext)>`; `place` must be given again to open it."""
        key_id, key = self._keys[0]
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), f"{place}|{key_id}".encode())
        return f"{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, place: str) -> str:
        """The plaintext. Raises `SealBroken`."""
        named, _, body = sealed.partition(".")
        try:
            raw = base64.urlsafe_b64decode(body)
        except ValueError as error:
            raise SealBroken("a stored secret cannot be read") from error
        for key_id, key in self._keys:
            if named in (key_id, _FIRST_KEY_ID):
                aad = f"{place}|{named}".encode()
                try:
                    return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], aad).decode()
                except (ValueError, InvalidTag):
                    continue
        raise SealBroken("a stored secret cannot be opened with this server's keys")


def _key_id(key: bytes) -> str:
    """Tells which key sealed something, and nothing about the key."""
    return hashlib.blake2b(key, digest_size=6, person=b"key id").hexdigest()
