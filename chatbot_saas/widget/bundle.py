"""The widget's scripts, as they are served: minified, and the panel's modules joined to one file, so
that the first opening waits for one request.

They are read from `static/widget/`, once; a process reads a file anew when it has changed.
"""

import gzip
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import brotli
from django.conf import settings
from rjsmin import jsmin

_FOLDER = settings.BASE_DIR / "static" / "widget"
LANGUAGES = tuple("en de fr es it pt nl pl tr ar fa he ru uk zh ja ko hi".split())
# Each module stands behind those that it imports.
_PANEL = ("style", "socket", "tabs", "texts", "elements", "reply", "shell", "panel")
_WANTED = ("comment", "past", "requests", "sources", "tools", "wait")
_LINKING = ("consent", "contact", "markdown", "quote")
SCRIPTS: dict[str, tuple[str, ...]] = {
    "v1.js": ("v1.js",),
    "help-v1.js": ("help-v1.js",),
    "panel-v1.js": tuple(f"{name}-v1.js" for name in _PANEL),
    # No opening waits for these: the panel loads each when it is wanted.
    **{f"{name}-v1.js": (f"{name}-v1.js",) for name in _WANTED},
    **{f"{name}-v1.js": ("links-v1.js", f"{name}-v1.js") for name in _LINKING},
    **{f"texts-{language}-v1.js": (f"texts-{language}-v1.js",) for language in LANGUAGES},
}
_IMPORT = re.compile(r"^import .*\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """A served file, plain and by the name of each coding. `digest` names this version of it."""

    plain: bytes
    packed: dict[str, bytes]
    digest: str


def read_script(name: str) -> Script:
    """One of `SCRIPTS`."""
    paths = [_FOLDER / part for part in SCRIPTS[name]]
    return _build(tuple(paths), tuple(path.stat().st_mtime_ns for path in paths))


@lru_cache(maxsize=32)
def _build(paths: tuple[Path, ...], _changed_at: tuple[int, ...]) -> Script:
    joined = join_modules([path.read_text(encoding="utf-8") for path in paths])
    return _pack(jsmin(joined).encode())


def _pack(plain: bytes) -> Script:
    digest = hashlib.sha256(plain).hexdigest()[:32]
    # Once for all visitors, at the highest level: a request then costs a comparison.
    packed = {"br": brotli.compress(plain), "gzip": gzip.compress(plain, 9, mtime=0)}
    return Script(plain, packed, digest)


def dress(launcher: Script, look: str) -> Script:
    """The launcher that is given this look, in JSON: its function's only argument."""
    end = b"();"
    assert launcher.plain.endswith(end)
    return _pack(launcher.plain.removesuffix(end) + f"({look});".encode())


def join_modules(sources: Sequence[str]) -> str:
    """Modules as one. What they import from each other is in the same scope, and what the last one
    exports is what the whole exports."""
    if len(sources) == 1:
        return sources[0]
    *inner, last = (_IMPORT.sub("", source) for source in sources)
    return "\n".join([*(_EXPORT.sub("", source) for source in inner), last])
