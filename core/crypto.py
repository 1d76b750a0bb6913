"""Secrets at rest: AES-256-GCM, bound to the place they are stored in.

The place (tenant, table, row) is additional authenticated data, so a ciphertext copied to another
row or another tenant does not open (Fernet has no such binding).
"""

import base64
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class SealBroken(Exception):
    """The ciphertext was altered, moved, or sealed under a key that is not in the ring."""


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose; keys of different purposes tell nothing of each other."""
    return hashlib.blake2b(
        secret.encode(), digest_size=32, person=purpose.encode()[:16].ljust(16, b"\0")
    ).digest()


def seal(plaintext: str, *, key: bytes, key_id: str, place: str) -> str:
    """`<key id>.<base64url(nonce + ciphertext)>`; `place` must be given again to open it."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), f"{place}|{key_id}".encode())
    return f"{key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def open_sealed(sealed: str, *, keys: dict[str, bytes], place: str) -> str:
    """The plaintext. Raises `SealBroken`. `keys` is the ring: key id → key."""
    key_id, _, body = sealed.partition(".")
    try:
        raw = base64.urlsafe_b64decode(body)
        aad = f"{place}|{key_id}".encode()
        return AESGCM(keys[key_id]).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], aad).decode()
    except (KeyError, ValueError, InvalidTag) as error:
        raise SealBroken("a stored secret cannot be opened") from error
