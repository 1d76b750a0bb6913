"""Small pictures from strangers, taken apart and put together again: kept is the image, and nothing that
a camera, an editor or somebody with a plan has put around it. Told by the content alone. Pure.

PNG (www.w3.org/TR/png-3), JPEG (ITU-T T.81) and WebP (RFC 9649); no SVG, which is a page.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PICTURE_BYTES = 65_536
# By extension.
CONTENT_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
_SMALLEST, _LARGEST = 16, 1024
_PNG = b"\x89PNG\r\n\x1a\n"
# Colour type to samples of a pixel.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_SHOWN = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


class NotAPicture(ValueError):
    """Not whole, not of a form that is taken, or too large. Its text can be shown."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is what its `extension` says: `png`, `jpg` or `webp`."""

    extension: str
    content: bytes


def read_picture(data: bytes) -> Picture:
    """Raises `NotAPicture`."""
    if len(data) > MAX_PICTURE_BYTES:
        raise NotAPicture(f"The picture is larger than {MAX_PICTURE_BYTES // 1024} kB.")
    try:
        if data.startswith(_PNG):
            return Picture("png", _png(data))
        if data.startswith(b"\xff\xd8\xff"):
            return Picture("jpg", _jpeg(data))
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return Picture("webp", _webp(data))
    except (struct.error, IndexError, zlib.error) as error:
        raise NotAPicture("The picture is not whole. Save it again and try once more.") from error
    raise NotAPicture("Choose a PNG, JPEG or WebP picture.")


def _check_size(width: int, height: int) -> None:
    if not (_SMALLEST <= width <= _LARGEST and _SMALLEST <= height <= _LARGEST):
        raise NotAPicture(
            f"The picture is {width} × {height} pixels. Each side may have {_SMALLEST} to {_LARGEST}."
        )


def _broken() -> NotAPicture:
    return NotAPicture("The picture is not whole. Save it again and try once more.")


def _png(data: bytes) -> bytes:
    kept, pixels, header = [_PNG], b"", b""
    for kind, body in _png_chunks(data):
        if bool(header) == (kind == b"IHDR"):
            raise _broken()
        header = header or body
        if kind == b"IDAT":
            pixels += body
        if kind in _SHOWN:
            checksum = struct.pack(">I", zlib.crc32(kind + body))
            kept.append(struct.pack(">I", len(body)) + kind + body + checksum)
    width, height, depth, color, packing, filtering, interlaced = struct.unpack(">IIBBBBB", header)
    _check_size(width, height)
    if color not in _SAMPLES or depth not in {1, 2, 4, 8, 16} or packing or filtering:
        raise _broken()
    if interlaced:
        raise NotAPicture("The PNG is interlaced. Save it without, and try once more.")
    expected = height * (1 + (width * depth * _SAMPLES[color] + 7) // 8)
    unpacking = zlib.decompressobj()
    # One more than there may be, so that too much is seen and not unpacked.
    if len(unpacking.decompress(pixels, expected + 1)) != expected or not unpacking.eof:
        raise _broken()
    return b"".join(kept)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Up to the end; what follows it is left."""
    at, kind = len(_PNG), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if checksum != zlib.crc32(kind + body):
            raise _broken()
        yield kind, body
        at += 12 + length


def _jpeg(data: bytes) -> bytes:
    kept, at, has_size = [b"\xff\xd8"], 2, False
    while True:
        if data[at] != 0xFF:
            raise _broken()
        marker = data[at + 1]
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if end > len(data) or length < 2:
            raise _broken()
        # Baseline, extended and progressive frames, the ones that browsers show.
        if marker in {0xC0, 0xC1, 0xC2}:
            depth, height, width, parts = struct.unpack_from(">BHHB", data, at + 4)
            if depth != 8 or parts not in {1, 3, 4} or has_size:
                raise _broken()
            _check_size(width, height)
            has_size = True
        elif marker == 0xDA:
            if not has_size:
                raise _broken()
            end = _end_of_scan(data, end)
        elif marker not in {0xC4, 0xDB, 0xDD} and not 0xE0 <= marker <= 0xEF and marker != 0xFE:
            raise _broken()
        # Of what applications write, that which says how the colours are stored.
        if not (0xE0 < marker < 0xEE or marker in {0xEF, 0xFE}):
            kept.append(data[at:end])
        at = end
    if len(kept) < 3 or not has_size:
        raise _broken()
    return b"".join([*kept, b"\xff\xd9"])


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the next marker stands: not a stuffed byte, and none that starts the decoder anew."""
    while True:
        at = data.index(b"\xff", at) if b"\xff" in data[at:] else len(data)
        following = data[at + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2


def _webp(data: bytes) -> bytes:
    parts = dict(_webp_chunks(data))
    if b"ANIM" in parts or b"ANMF" in parts:
        raise NotAPicture("The picture moves. Choose one that does not.")
    if b"VP8L" in parts:
        image = parts[b"VP8L"]
        (bits,) = struct.unpack_from("<I", image, 1)
        size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if image[0] != 0x2F or bits >> 29:
            raise _broken()
        kept = [_chunk(b"VP8L", image)]
    else:
        image = parts.get(b"VP8 ", b"")
        signature, width, height = struct.unpack_from("<3sHH", image, 3)
        size = width & 0x3FFF, height & 0x3FFF
        # A key frame that is shown.
        if signature != b"\x9d\x01\x2a" or image[0] & 1:
            raise _broken()
        kept = [_chunk(b"VP8 ", image)]
        if alpha := parts.get(b"ALPH"):
            sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
            kept = [_chunk(b"VP8X", b"\x10\0\0\0" + sides), _chunk(b"ALPH", alpha), *kept]
    _check_size(*size)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    (length,) = struct.unpack_from("<I", data, 4)
    end, at = 8 + length, 12
    if end > len(data):
        raise _broken()
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise _broken()
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
