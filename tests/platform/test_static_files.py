"""Static files: kept for good under names made of their content, also by a CDN of another origin."""

import re
from pathlib import Path

import httpx
import pytest

from chatbot_saas.web.static_files import digest_of
from tests.live import Process
from tests.platform.processes import get
from tests.platform.test_settings import load_settings

CDN = "https://cdn.example.com"
FOR_GOOD = "public, max-age=31536000, immutable"
PAGES = ("/", "/login", "/signup", "/docs/api", "/admin/login/")


def links(page: httpx.Response) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*/static/[^"]+)"', page.text)


def test_what_pages_load_is_kept_for_good_and_an_old_name_is_still_found(web: Process) -> None:
    found: set[str] = set()
    for path in PAGES:
        page = get(web, path)
        assert page.status_code == 200, path
        found.update(links(page))
    assert len(found) > 8
    for link in found:
        answer = get(web, link)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == FOR_GOOD, link
        again = get(web, link, **{"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.headers["cache-control"]) == (
            304,
            FOR_GOOD,
        )
    css = "/static/css/base.css"
    now = get(web, f"/static/css/base.{digest_of('css/base.css')}.css")
    for name in (css, "/static/css/base.0123456789abcdef.css"):
        answer = get(web, name)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "max-age=60, public")
        assert answer.content == now.content
    for name in (
        "/static/css/nothing.0123456789abcdef.css",
        "/static/../manage.0123456789abcdef.py",
    ):
        assert get(web, name).status_code == 404
    assert "access-control-allow-origin" not in now.headers


def test_a_cdn_is_linked_let_in_and_may_be_read_from() -> None:
    with Process("web", environment={"STATIC_URL": f"{CDN}/static/"}) as web:
        for path in PAGES:
            page = get(web, path)
            assert links(page)
            assert all(link.startswith(f"{CDN}/static/") for link in links(page)), path
            policy = dict(
                part.strip().split(" ", 1)
                for part in page.headers["content-security-policy"].split(";")
            )
            for directive in ("script-src", "style-src", "img-src", "font-src"):
                assert CDN in policy[directive].split(), path
        # What the CDN asks for, and hands on with what it was told.
        asked = get(web, links(get(web, "/"))[0].removeprefix(CDN))
        assert "immutable" in asked.headers["cache-control"]
        assert asked.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "url", ["https://cdn.example.com/", "//cdn/static/", "https://a;b/static/"]
)
def test_another_form_is_told(tmp_path: Path, url: str) -> None:
    outside = {"DATABASE_URL": "postgresql://app@db/shop", "REDIS_URL": "redis://r"}
    done = load_settings(tmp_path, **{**outside, "SECRET_KEY": "s" * 50, "STATIC_URL": url})
    assert done.returncode != 0
    assert "STATIC_URL must be /static/ or https://cdn.example.com/static/." in done.stderr
