"""Which rules hold for which paths, in one table.

Cookies, CSRF, policies, CORS, body limits and logs are decided before any view is known, so they are
decided by the path. A path that is in no area gets the strictest rules; every route must be in one.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Cookie(StrEnum):
    """Which session cookie says who somebody is."""

    NONE = "none"
    HOST = "host"
    OPERATOR = "operator"


class ContentPolicy(StrEnum):
    """Which Content-Security-Policy a response gets, unless its view sets one."""

    PAGE = "page"
    # What is a file may be opened as a page: it may load nothing.
    FILE = "file"
    NONE = "none"


class LogPath(StrEnum):
    """What the log keeps of a path. Of a query string it never keeps anything."""

    WHOLE = "whole"
    # The rest of the path, or a query, lets in whoever reads it.
    BEGINNING = "beginning"
    HIDDEN = "hidden"
    # The request is not logged.
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Rules of some paths. A path that ends with a slash stands for everything below it.

    `csrf`: a request that changes something needs a token. `keys`: callers send an API key, and errors
    are problem+json alone. `any_origin_reads_errors`: the widget's page may read why it was refused.
    `uploads`: a body may be as large as a file. `any_host`: the Host header is not looked up.
    `inner_hosts`: answered also under an address, or a name without a dot, which no workspace can have.
    """

    name: str
    paths: tuple[str, ...] = ()
    cookie: Cookie = Cookie.HOST
    csrf: bool = True
    policy: ContentPolicy = ContentPolicy.PAGE
    keys: bool = False
    any_origin_reads_errors: bool = False
    uploads: bool = False
    any_host: bool = False
    inner_hosts: bool = False
    log: LogPath = LogPath.WHOLE


UNKNOWN = Area(name="unknown", log=LogPath.HIDDEN)


def _api(name: str, *paths: str, cors: bool = False, uploads: bool = False) -> Area:
    return Area(
        name=name,
        paths=paths,
        cookie=Cookie.NONE,
        csrf=False,
        policy=ContentPolicy.NONE,
        keys=True,
        any_origin_reads_errors=cors,
        uploads=uploads,
    )


def _open(
    name: str,
    *paths: str,
    policy: ContentPolicy = ContentPolicy.PAGE,
    log: LogPath = LogPath.WHOLE,
    any_host: bool = False,
    inner_hosts: bool = False,
) -> Area:
    """Paths that ask nobody who they are, or ask in a way of their own."""
    return Area(
        name=name,
        paths=paths,
        cookie=Cookie.NONE,
        csrf=False,
        policy=policy,
        log=log,
        any_host=any_host,
        inner_hosts=inner_hosts,
    )


AREAS = (
    Area(name="pages of every host", paths=("/", "/login", "/logout", "/password/forgotten")),
    Area(
        name="pages of a workspace",
        paths=(
            *("/account", "/account/", "/audit", "/audit.csv", "/chatbots", "/chatbots/"),
            *("/conversations", "/conversations/", "/install", "/keys", "/keys/"),
            *("/knowledge", "/knowledge/"),
            *("/members", "/members/", "/usage", "/usage/", "/usage.csv"),
        ),
    ),
    Area(name="uploads of a workspace", paths=("/knowledge/upload",), uploads=True),
    Area(name="pages of the platform", paths=("/signup", "/workspaces", "/workspaces/")),
    Area(
        name="links with a secret",
        paths=("/invitations/", "/password/reset/", "/confirm/", "/enter"),
        log=LogPath.BEGINNING,
    ),
    Area(name="operator's admin", paths=("/admin", "/admin/"), cookie=Cookie.OPERATOR),
    Area(name="demo", paths=("/demo/",)),
    Area(name="reference", paths=("/docs/",)),
    _api("API", "/v1/"),
    _api("chatbots of the API, with their streams", "/v1/chatbots/", cors=True),
    _api("uploads of the API", "/v1/documents", uploads=True),
    _open("widget's scripts", "/widget/", policy=ContentPolicy.NONE),
    _open("hosted page", "/c/"),
    _open("static files", "/static/", policy=ContentPolicy.FILE),
    _open("operator's logo", "/brand/", policy=ContentPolicy.FILE),
    _open("probes", "/healthz", "/readyz", log=LogPath.QUIET, any_host=True),
    _open("metrics", "/metrics", log=LogPath.QUIET, inner_hosts=True),
    _open("socket, and what stands in for it", "/ws/chat/", "/sse/chat/"),
)
_EXACT = {path: area for area in AREAS for path in area.paths if path == "/" or path[-1] != "/"}
# The longest first: what is below a path may have rules of its own.
_BELOW = sorted(
    ((path, area) for area in AREAS for path in area.paths if path not in _EXACT),
    key=lambda row: -len(row[0]),
)


def find_area(path: str) -> Area:
    """The area of a request's path, which is without a query string."""
    area = _EXACT.get(path)
    if area is not None:
        return area
    return next((area for below, area in _BELOW if path.startswith(below)), UNKNOWN)


def paths_without_policy() -> tuple[str, ...]:
    """Beginnings of the paths whose responses are given no page's Content-Security-Policy."""
    return tuple(p for area in AREAS if area.policy is not ContentPolicy.PAGE for p in area.paths)


def secrets_pattern() -> re.Pattern[str]:
    """Finds the secret parts of links in any text; group 1 is what may stay."""
    secret = [p for area in AREAS if area.log is LogPath.BEGINNING for p in area.paths]
    begins = [re.escape(path if path.endswith("/") else f"{path}?") for path in secret]
    return re.compile(rf"({'|'.join(begins)})[^\s\"']+")
