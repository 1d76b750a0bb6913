"""The operator's own logo: read and checked once, when a process starts. Imports nothing of Django's
that needs the settings, which read it."""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate

from django.core.exceptions import ImproperlyConfigured

MAX_LOGO_BYTES = 262_144
CONTENT_TYPES = {"png": "image/png", "webp": "image/webp", "svg": "image/svg+xml"}
_SVG = "http://www.w3.org/2000/svg svg"


class _NotALogo(ValueError):
    """Its text says what to do."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture under a name that is made of it, so that what has the name never changes."""

    name: str
    content: bytes
    content_type: str


def read_logo(setting: str, path: str) -> Logo | None:
    """The picture at the path; None without one. Raises `ImproperlyConfigured`, which names the setting
    and says what to do."""
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            # One more than there may be, so that too much is seen and not read.
            content = file.read(MAX_LOGO_BYTES + 1)
        extension = _kind_of(content)
    except OSError as error:
        reason = f"{error.strerror or error}: give the path of a file that this account may read"
        raise ImproperlyConfigured(f"{setting}={path}: {reason}.") from error
    except _NotALogo as error:
        raise ImproperlyConfigured(f"{setting}={path}: {error}.") from error
    name = f"{hashlib.sha256(content).hexdigest()[:32]}.{extension}"
    return Logo(name, content, CONTENT_TYPES[extension])


def _kind_of(content: bytes) -> str:
    """Told by the content alone, so that a browser is never told another type than it has."""
    if len(content) > MAX_LOGO_BYTES:
        raise _NotALogo(f"it is larger than {MAX_LOGO_BYTES // 1024} KiB: save it smaller")
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        if b"IEND" not in content:
            raise _NotALogo("the PNG is not whole: save it once more")
        return "png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        if struct.unpack_from("<I", content, 4)[0] + 8 > len(content):
            raise _NotALogo("the WebP is not whole: save it once more")
        return "webp"
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        _check_svg(content)
        return "svg"
    raise _NotALogo("it is no picture of a form that is taken: save it as PNG, SVG or WebP")


def _check_svg(content: bytes) -> None:
    """Well-formed XML whose root is an SVG that can be scaled. What else it may hold, such as scripts,
    is for browsers to leave: `chatbot_saas.web.brand` says how."""
    elements: list[tuple[str, dict[str, str]]] = []
    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda *element: elements.append(element)
    # Entities multiply; drawing programs write none that a picture needs.
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(content, True)
    except _NotALogo:
        raise
    except ExpatError as error:
        raise _NotALogo(f"the SVG is not well formed ({error}): export it once more") from error
    except (LookupError, ValueError) as error:
        # What Python says of the encoding that the first line names.
        raise _NotALogo(f"the SVG cannot be read ({error}): export it in UTF-8") from error
    root, attributes = elements[0]
    if root != _SVG:
        raise _NotALogo(
            "its root is no <svg> with SVG's namespace: export it as SVG, not as a page"
        )
    if "viewBox" not in attributes:
        raise _NotALogo("its <svg> has no viewBox, so it cannot be scaled: export it with one")


def _refuse_entity(*_declared: object) -> None:
    raise _NotALogo("the SVG declares entities: export it as plain SVG")
