"""Static files under names that are made of their content, without a build step.

A page links `css/base.<digest>.css`: browsers and a CDN keep it for good, and the next release has
another name. A name of another release is answered with what the file is now, for a minute: a page
that was opened before a release still finds what it loads later.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware
from servestatic.utils import run_async_in_thread

_DIGITS = 16
_FOR_GOOD = "public, max-age=31536000, immutable"
_GIVEN = (200, 206, 304)


@lru_cache(maxsize=1024)
def _digest(path: str, _changed_at: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:_DIGITS]


def digest_of(name: str) -> str:
    """Of a file by its name below `STATIC_URL`; nothing where there is none."""
    return _looked_up(name) if settings.DEBUG else _known(name)


@lru_cache(maxsize=1024)
def _known(name: str) -> str:
    return _looked_up(name)


def _looked_up(name: str) -> str:
    path = finders.find(name)
    return _digest(path, Path(path).stat().st_mtime_ns) if path else ""


def _split(path: str) -> tuple[str, str]:
    """The name without its digest, and that; nothing where there is none."""
    stem, digest, ending = ["", "", *path.rsplit(".", 2)][-3:]
    named = len(digest) == _DIGITS and set(digest) <= set("0123456789abcdef")
    return (f"{stem}.{ending}", digest) if named else ("", "")


class NamedByContent(StaticFilesStorage):
    """What `{% static %}` asks."""

    def url(self, name: str | None) -> str:
        name = name or ""
        stem, dot, ending = name.rpartition(".")
        digest = digest_of(name) if dot else ""
        return str(super().url(f"{stem}.{digest}.{ending}" if digest else name))


class StaticMiddleware(ServeStaticMiddleware):
    """Serves them under both names."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        plain, named = _split(request.path_info)
        if not named or not request.path_info.startswith(self.static_prefix):
            return await self._passed_on(request)
        file: Any = self.files.get(plain)
        if self.autorefresh:
            file = await run_async_in_thread(self.find_file, plain)
        if file is None:
            return await self._passed_on(request)
        response: HttpResponseBase = await self.aserve(file, request)
        if response.status_code in _GIVEN:
            digest = await run_async_in_thread(digest_of, plain.removeprefix(self.static_prefix))
            if digest == named:
                response.headers["Cache-Control"] = _FOR_GOOD
        return response

    async def _passed_on(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await super().__call__(request)
        return response
