"""Secrets at rest: which key opens what, and where."""

import base64
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.crypto import KeyRing, SealBroken, derive_key

PLACE = "one tenant|a table|a row"


def test_what_is_sealed_opens_in_its_place() -> None:
    ring = KeyRing(["now"])
    sealed = ring.seal("whisper", place=PLACE)
    assert "whisper" not in sealed
    assert ring.open(sealed, place=PLACE) == "whisper"


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    ring = KeyRing(["now"])
    assert ring.seal("whisper", place=PLACE) != ring.seal("whisper", place=PLACE)


def test_a_seal_that_was_copied_to_another_place_does_not_open() -> None:
    ring = KeyRing(["now"])
    sealed = ring.seal("whisper", place=PLACE)
    with pytest.raises(SealBroken):
        ring.open(sealed, place="another tenant|a table|a row")


def test_an_earlier_secret_key_still_opens_and_seals_nothing_new() -> None:
    before = KeyRing(["before"]).seal("whisper", place=PLACE)
    ring = KeyRing(["now", "before"])
    assert ring.open(before, place=PLACE) == "whisper"
    assert KeyRing(["now"]).open(ring.seal("new", place=PLACE), place=PLACE) == "new"


def test_without_its_key_a_seal_does_not_open() -> None:
    sealed = KeyRing(["before"]).seal("whisper", place=PLACE)
    with pytest.raises(SealBroken):
        KeyRing(["now"]).open(sealed, place=PLACE)


@pytest.mark.parametrize("secrets", [["before"], ["now", "before"], ["now", "between", "before"]])
def test_seals_of_the_first_release_open(secrets: list[str]) -> None:
    """They name their key k1, whichever it was."""
    nonce = os.urandom(12)
    key = derive_key("before", "sealing")
    body = nonce + AESGCM(key).encrypt(nonce, b"whisper", f"{PLACE}|k1".encode())
    sealed = f"k1.{base64.urlsafe_b64encode(body).decode()}"
    assert KeyRing(secrets).open(sealed, place=PLACE) == "whisper"


@pytest.mark.parametrize("spoiled", ["", "k1", "k1.", "k1.%%%", "k1.AAAA", "other.AAAA"])
def test_what_is_no_seal_is_refused_alike(spoiled: str) -> None:
    with pytest.raises(SealBroken):
        KeyRing(["now"]).open(spoiled, place=PLACE)


def test_an_altered_seal_does_not_open() -> None:
    ring = KeyRing(["now"])
    key_id, _, body = ring.seal("whisper", place=PLACE).partition(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[-1] ^= 1
    with pytest.raises(SealBroken):
        ring.open(f"{key_id}.{base64.urlsafe_b64encode(bytes(raw)).decode()}", place=PLACE)


def test_keys_of_two_purposes_tell_nothing_of_each_other() -> None:
    keys = {derive_key("now", purpose) for purpose in ("sealing", "tokens", "member-tokens")}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
