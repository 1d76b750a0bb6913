"""Every route is in an area, and an area says what was true before there was a table."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import get_resolver

from chatbot_saas.gate.bodies import max_body_bytes
from chatbot_saas.logs import without_secrets
from chatbot_saas.realtime.routing import websocket_urlpatterns
from core.areas import (
    AREAS,
    UNKNOWN,
    Area,
    ContentPolicy,
    Cookie,
    LogPath,
    find_area,
    paths_without_policy,
)

URLCONFS = (settings.ROOT_URLCONF, settings.PLATFORM_URLCONF)
# Served by a middleware, not by a route.
WITHOUT_ROUTE = {"static files"}
PARAMETER = re.compile(r"<(\w+:)?\w+>|\(\?P<\w+>.*?\)")
ANCHORS = re.compile(r"[\^$]|\\Z")


def routes(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Each route as a path that leads to it, with an id in place of what varies."""
    for each in patterns:
        text = ANCHORS.sub("", PARAMETER.sub(uuid4().hex, str(each.pattern)))
        if hasattr(each, "url_patterns"):
            yield from routes(each.url_patterns, before + text)
        else:
            yield before + text


def all_paths() -> list[str]:
    http = [path for name in URLCONFS for path in routes(get_resolver(name).url_patterns)]
    # The last one refuses every other path.
    return http + [path for path in routes(websocket_urlpatterns) if path != "/"]


def test_every_route_is_in_an_area() -> None:
    paths = all_paths()
    assert len(paths) > 100
    assert [path for path in paths if find_area(path) is UNKNOWN] == []


def test_a_route_without_an_area_is_found() -> None:
    assert find_area("/a/route/that/nobody/entered") is UNKNOWN


def test_every_area_has_a_route_and_no_path_is_in_two() -> None:
    reached = {find_area(path).name for path in all_paths()}
    assert {area.name for area in AREAS} - reached == WITHOUT_ROUTE
    named = [path for area in AREAS for path in area.paths]
    assert len(named) == len(set(named))


def test_the_strictest_rules_are_the_default() -> None:
    assert (
        Area(
            name="unknown",
            cookie=Cookie.HOST,
            csrf=True,
            policy=ContentPolicy.PAGE,
            keys=False,
            any_origin_reads_errors=False,
            uploads=False,
            any_host=False,
            inner_hosts=False,
            log=LogPath.HIDDEN,
        )
        == UNKNOWN
    )
    assert {area.csrf for area in AREAS if area.cookie is not Cookie.NONE} == {True}


# As the readers had them, each with a list of paths of its own.
COOKIELESS = re.compile(r"^/(v1|widget|c|static|brand|sse|healthz|readyz|metrics)(/|$)")
OPERATOR = re.compile(r"^/admin(/|$)")
POLICY_FREE = ("/v1/", "/widget/", "/static/", "/brand/")
UPLOADS = ("/v1/documents", "/knowledge/upload")
QUIET = {"/healthz", "/readyz", "/metrics"}
PROBES = {"/healthz", "/readyz"}
SECRET = re.compile(r"(/confirm/|/invitations/|/password/reset/|/enter\?ticket=)[^\s\"']+")
SOCKET = "/ws/chat/"


def http_paths() -> list[str]:
    return [path for path in [*all_paths(), "/static/css/base.css"] if path != SOCKET]


@pytest.mark.parametrize("path", sorted({re.sub(r"[0-9a-f]{32}", "{}", p) for p in http_paths()}))
def test_the_table_says_what_its_readers_said(path: str) -> None:
    path = path.format(*(uuid4().hex for _ in range(path.count("{}"))))
    area = find_area(path)
    assert (area.cookie is Cookie.NONE) == bool(COOKIELESS.match(path))
    assert area.csrf == (not COOKIELESS.match(path))
    assert (area.cookie is Cookie.OPERATOR) == bool(OPERATOR.match(path))
    assert path.startswith(paths_without_policy()) == path.startswith(POLICY_FREE)
    assert area.keys == path.startswith("/v1/")
    assert area.any_origin_reads_errors == path.startswith("/v1/chatbots/")
    assert area.any_host == (path in PROBES)
    assert area.inner_hosts == (path == "/metrics")
    assert (area.log is LogPath.QUIET) == (path in QUIET)
    large = settings.MAX_UPLOAD_BYTES if path in UPLOADS else 0
    assert large <= max_body_bytes(path) <= large + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert without_secrets(f"{path}?q=1") == SECRET.sub(r"\1…", path)


@pytest.mark.parametrize("path", ["/admin.php", "/v1", "/keysx", "/knowledge/upload/", "//", "/c"])
def test_a_path_that_only_looks_like_one_of_an_area_has_no_more_rights(path: str) -> None:
    area = find_area(path)
    assert (area.csrf, area.uploads, area.any_origin_reads_errors) == (True, False, False)
    assert max_body_bytes(path) == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
