"""What the readers of the table of areas do with it, in a running process."""

from uuid import uuid4

import httpx
import pytest

from conversations.chatbots.onboarding import Workspace
from tests.live import Process

PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("/", {"cookie", "policy"}),
        ("/login", {"cookie", "policy"}),
        ("/docs/api", {"cookie", "policy"}),
        ("/nothing/here", {"cookie", "policy"}),
        ("/c/00000000-0000-0000-0000-000000000000", {"policy"}),
        ("/healthz", {"policy"}),
        ("/widget/v1.js", {"cors"}),
        ("/v1/models", set()),
        ("/v1/nothing", set()),
        ("/v1/chatbots/x/turns", {"cors"}),
    ],
)
def test_cookies_policies_and_cors(
    web: Process, workspace: Workspace, path: str, rules: set[str]
) -> None:
    """A session that is nobody's is deleted by whoever reads it."""
    headers = {"Host": workspace.tenant.host, "Cookie": f"session={'x' * 32}", **PAGE}
    answer = httpx.get(web.url + path, headers=headers, trust_env=False).headers
    found = {
        "cookie": "session=" in str(answer.get_list("set-cookie")),
        "policy": "content-security-policy" in answer,
        "cors": answer.get("access-control-allow-origin") == "*",
    }
    assert {name for name, is_there in found.items() if is_there} == rules


def test_only_the_operators_admin_reads_the_operators_cookie(web: Process) -> None:
    for path, name in (("/admin/login/", "operator"), ("/login", "session")):
        cookies = {"operator": "x" * 32, "session": "x" * 32}
        answer = httpx.get(web.url + path, cookies=cookies, headers=PAGE, trust_env=False)
        deleted = [each.partition("=")[0] for each in answer.headers.get_list("set-cookie")]
        assert [each for each in deleted if each in cookies] == [name]


@pytest.mark.parametrize(
    ("path", "status"), [("/login", 403), ("/admin/login/", 403), ("/v1/chat/completions", 401)]
)
def test_a_form_needs_a_token_and_a_key_does_not(web: Process, path: str, status: int) -> None:
    answer = httpx.post(web.url + path, headers=PAGE, trust_env=False)
    kind = "text/html; charset=utf-8" if status == 403 else "application/problem+json"
    assert (answer.status_code, answer.headers["content-type"]) == (status, kind)


def test_an_unknown_path_has_the_strictest_rules(web: Process) -> None:
    canary = f"canary{uuid4().hex}"
    answer = httpx.get(f"{web.url}/{canary}", headers=PAGE, trust_env=False)
    assert answer.status_code == 404
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    assert canary not in web.log()
    large = httpx.post(f"{web.url}/{canary}", content=b"x" * 2_000_000, trust_env=False)
    assert large.status_code == 413
