"""Pictures from strangers: what is one, what is kept of it, and that a broken one is never kept."""

import random
import struct
import zlib
from collections.abc import Iterator

import pytest

from conversations.chatbots.pictures import MAX_PICTURE_BYTES, NotAPicture, read_picture
from tests.conversations.pictures import ALPHA, JPG, WEBP, chunk, png

SECRET = b"GPS 48.2 16.3 <script>alert(1)</script>"
KINDS = {"png": png(), "jpg": JPG, "webp": WEBP, "webp with alpha": ALPHA}


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def _riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunks_of(webp: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at < len(webp):
        kind, length = struct.unpack_from("<4sI", webp, at)
        yield kind, webp[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_told_by_its_content_and_kept_the_same_twice(kind: str) -> None:
    picture = read_picture(KINDS[kind])
    assert picture.extension == kind.partition(" ")[0]
    assert read_picture(picture.content) == picture


@pytest.mark.parametrize(
    "spoilt",
    [
        png(extra=chunk(b"tEXt", b"Comment\0" + SECRET)),
        png() + SECRET,
        JPG[:2] + _segment(0xE1, b"Exif\0\0" + SECRET) + _segment(0xFE, SECRET) + JPG[2:] + SECRET,
        _riff(*_chunks_of(WEBP), (b"EXIF", SECRET), (b"XMP ", SECRET)) + SECRET,
        _riff(*_chunks_of(ALPHA), (b"EXIF", SECRET)),
    ],
    ids=["a text", "behind the PNG", "Exif and a comment", "Exif and XMP", "Exif beside alpha"],
)
def test_what_stands_around_the_image_is_not_kept(spoilt: bytes) -> None:
    assert SECRET in spoilt
    kept = read_picture(spoilt)
    assert SECRET not in kept.content
    assert len(kept.content) <= len(spoilt) - len(SECRET)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + b"\0" * 40,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\n<script>",
        b"\xff\xd8\xff\xd9",
        b"RIFF\x04\0\0\0WEBP",
        png() + b"\0" * MAX_PICTURE_BYTES,
        png(8, 32),
        png(32, 1025),
        png(interlaced=1),
        png().replace(b"IHDR", b"IDAT"),
        # Far more pixels than it says, packed well.
        png(extra=chunk(b"IDAT", zlib.compress(b"\0" * 40_000_000))),
        _riff((b"ANIM", b"\0" * 6), *_chunks_of(WEBP)),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        read_picture(data)


@pytest.mark.parametrize("kind", KINDS)
def test_no_broken_picture_is_more_than_refused(kind: str) -> None:
    whole, rolled = KINDS[kind], random.Random(kind)
    for length in range(len(whole)):
        try:
            assert len(read_picture(whole[:length]).content) <= len(whole)
        except NotAPicture:
            continue
        # What is missing stood behind the image.
        assert kind.startswith("png") is False
    for _ in range(2_000):
        spoilt = bytearray(whole)
        for _ in range(rolled.randint(1, 4)):
            spoilt[rolled.randrange(len(spoilt))] = rolled.randrange(256)
        try:
            picture = read_picture(bytes(spoilt))
        except NotAPicture:
            continue
        assert len(picture.content) <= len(whole) + 32
