"""Which area a path is in, and what of it the log keeps."""

import pytest

from core.areas import AREAS, UNKNOWN, Cookie, LogPath, find_area, secrets_pattern


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "pages of every host"),
        ("/chatbots", "pages of a workspace"),
        ("/chatbots/7", "pages of a workspace"),
        ("/knowledge/upload", "uploads of a workspace"),
        ("/v1/keys", "API"),
        ("/v1/chatbots/7/turns", "chatbots of the API, with their streams"),
        ("/v1/documents", "uploads of the API"),
        ("/admin", "operator's admin"),
        ("/healthz", "probes"),
    ],
)
def test_the_longest_path_decides(path: str, name: str) -> None:
    assert find_area(path).name == name


@pytest.mark.parametrize("path", ["", "//", "/nowhere", "/chatbotsx", "/V1/keys", "/healthz/"])
def test_what_is_in_no_area_gets_the_strictest_rules(path: str) -> None:
    assert find_area(path) is UNKNOWN
    assert (UNKNOWN.csrf, UNKNOWN.cookie, UNKNOWN.log) == (True, Cookie.HOST, LogPath.HIDDEN)


def test_no_path_is_in_two_areas() -> None:
    paths = [path for area in AREAS for path in area.paths]
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GET /invitations/abc123 HTTP/1.1", "GET /invitations/ HTTP/1.1"),
        ("see /password/reset/x/y-z.", "see /password/reset/"),
        ('href="/enter?ticket=s3cret"', 'href="/enter?"'),
        ("/members/1", "/members/1"),
    ],
)
def test_the_secret_part_of_a_link_is_found_in_any_text(text: str, kept: str) -> None:
    assert secrets_pattern().sub(r"\1", text) == kept
