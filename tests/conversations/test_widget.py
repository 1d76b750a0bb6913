"""How the widget's files are served, and the chatbot's own page."""

import gzip
import shutil
import subprocess
from collections.abc import Callable

import httpx
import pytest

from chatbot_saas.widget.bundle import SCRIPTS, read_script
from conversations.chatbots.onboarding import Workspace
from conversations.chatbots.services import get
from tenants.context import tenant_context
from tenants.keys.api_keys import authenticate, revoke_key
from tests.live import Process

LANGUAGES = [name for name in SCRIPTS if name.startswith("texts")]


def fetch(web: Process, path: str, host: str | None = None, **headers: str) -> httpx.Response:
    given = {"Host": host} if host else {}
    return httpx.get(web.url + path, headers={**given, **headers}, trust_env=False)


def packed(web: Process, name: str) -> int:
    """Bytes of the body on the wire."""
    answer = fetch(web, f"/widget/{name}", **{"Accept-Encoding": "gzip, br"})
    assert answer.headers["Content-Encoding"] == "br"
    return int(answer.headers["Content-Length"])


def test_the_launcher_and_the_whole_widget_are_small(web: Process) -> None:
    # One in a hundred is left for what another release of the packer makes of them.
    launcher = packed(web, "v1.js")
    assert launcher <= 4_000
    texts = max(packed(web, name) for name in LANGUAGES)
    assert launcher + packed(web, "panel-v1.js") + texts <= 13_500
    with_an_answer = ("markdown-v1.js", "sources-v1.js", "tools-v1.js")
    assert sum(packed(web, name) for name in with_an_answer) <= 6_420


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("BR; q=0.5", "br"),
        ("gzip", "gzip"),
        ("gzip;q=0.0", None),
        ("", None),
        ("x-br", None),
    ],
)
def test_a_script_comes_in_the_smallest_form_that_is_taken(
    web: Process, accepted: str, coding: str | None
) -> None:
    answer = fetch(web, "/widget/v1.js", **{"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.content == read_script("v1.js").plain


@pytest.mark.parametrize("name", SCRIPTS)
def test_any_page_may_load_a_script_and_keeps_it_until_it_changes(web: Process, name: str) -> None:
    plain = fetch(web, f"/widget/{name}", **{"Accept-Encoding": "identity"})
    small = fetch(web, f"/widget/{name}", **{"Accept-Encoding": "gzip"})
    assert plain.content == small.content == gzip.decompress(read_script(name).packed["gzip"])
    assert plain.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert plain.headers["Access-Control-Allow-Origin"] == "*"
    assert plain.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert plain.headers["X-Content-Type-Options"] == "nosniff"
    assert small.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != small.headers["ETag"]
    again = fetch(
        web,
        f"/widget/{name}",
        **{"Accept-Encoding": "gzip", "If-None-Match": small.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == small.headers["ETag"]
    assert again.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.skipif(shutil.which("node") is None, reason="this machine has no node")
@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_served_is_still_a_script(name: str) -> None:
    checked = subprocess.run(
        ["node", "--check", "--input-type=module"], input=read_script(name).plain, check=False
    )
    assert checked.returncode == 0


def test_a_script_is_served_on_every_known_host_and_on_no_other(
    web: Process, workspace: Workspace
) -> None:
    assert fetch(web, "/widget/v1.js", workspace.tenant.host).status_code == 200
    assert fetch(web, "/widget/v1.js", "nobody.example").status_code == 404


@pytest.mark.parametrize("name", ["style-v1.js", "..%2fsettings.py", "v1.js.map", "V1.js"])
def test_nothing_else_is_served(web: Process, name: str) -> None:
    assert fetch(web, f"/widget/{name}").status_code == 404


def test_a_script_is_only_read(web: Process) -> None:
    assert httpx.post(web.url + "/widget/v1.js", trust_env=False).status_code == 405


def test_the_chatbots_page_stands_on_its_workspaces_host_alone(
    web: Process, make_workspace: Callable[[], Workspace]
) -> None:
    own, other = make_workspace(), make_workspace()
    path = f"/c/{own.chatbot_id}"
    with tenant_context(own.tenant.id):
        allowed = get(own.chatbot_id).allowed_origins
    page = fetch(web, path, own.tenant.host)
    assert page.status_code == 200
    assert own.publishable_key in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "trusted-types 'none'" in policy
    assert policy.endswith(f"; frame-ancestors 'self' {' '.join(allowed)}")
    missing = fetch(web, path, other.tenant.host)
    assert missing.status_code == 404
    assert missing.headers["Content-Security-Policy"].endswith("; frame-ancestors 'self'")
    assert fetch(web, path).status_code == 404


def test_the_page_speaks_the_visitors_language(web: Process, workspace: Workspace) -> None:
    path, host = f"/c/{workspace.chatbot_id}", workspace.tenant.host
    for asked, given in [("fa,en;q=0.5", "fa"), ("de-AT", "de"), ("fr-CH, fr", "fr"), ("sv", "en")]:
        page = fetch(web, path, host, **{"Accept-Language": asked})
        assert f'<html lang="{given}">' in page.text


def test_a_chatbot_without_a_key_has_no_page(
    web: Process, make_workspace: Callable[[], Workspace]
) -> None:
    own = make_workspace()
    identity = authenticate(own.publishable_key)
    revoke_key(tenant_id=own.tenant.id, key_id=identity.key_id)
    assert fetch(web, f"/c/{own.chatbot_id}", own.tenant.host).status_code == 404
