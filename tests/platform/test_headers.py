"""What every answer carries, also one that is given before anything of the product is asked."""

import stat
from pathlib import Path

import httpx
import pytest
from django.core.mail import EmailMessage

from chatbot_saas.embedded.var_dir import VarDir
from tenants.people.mail_files import EmailBackend
from tests.live import Process
from tests.platform.processes import get
from tests.platform.test_settings import load_settings

EVERYWHERE = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", "localhost", 200),
        ("/nowhere", "localhost", 404),
        ("/", "nobody.localhost", 404),
        ("/", "bad host", 400),
        ("/static/js/page.js", "localhost", 200),
        ("/static/nothing.js", "localhost", 404),
        ("/healthz", "localhost", 200),
        ("/admin/r/1/1/", "localhost", 404),
    ],
)
def test_nothing_is_sniffed_or_framed(web: Process, path: str, host: str, status: int) -> None:
    answer = get(web, path, Host=host)
    assert answer.status_code in {status, 302}
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy


def test_what_other_pages_load_has_no_policy_of_a_page(web: Process) -> None:
    script = get(web, "/widget/v1.js")
    assert "content-security-policy" not in script.headers
    assert script.headers["x-content-type-options"] == "nosniff"


def test_over_tls_every_answer_says_so() -> None:
    environment = {"SERVE_HTTPS": "1", "TRUSTED_PROXIES": "127.0.0.1"}
    with Process("web", environment=environment) as web:
        for path in ("/static/js/page.js", "/nowhere"):
            answer = httpx.get(
                f"{web.url}{path}",
                headers={"X-Forwarded-Proto": "https", "Host": "localhost"},
                trust_env=False,
            )
            assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SECRET_KEY": "x"}, "SECRET_KEY must have at least 32 characters"),
        ({"LLM_BASE_URL": "nourl"}, "LLM_BASE_URL must be an address"),
        ({"EMBEDDINGS_BASE_URL": "localhost:8000"}, "EMBEDDINGS_BASE_URL must be an address"),
    ],
)
def test_what_could_not_work_does_not_start(
    tmp_path: Path, environment: dict[str, str], told: str
) -> None:
    outside = {"DATABASE_URL": "postgresql://app@db/shop", "REDIS_URL": "redis://r"}
    done = load_settings(tmp_path, **{**outside, "SECRET_KEY": "s" * 50, **environment})
    assert done.returncode != 0
    assert told in done.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_logs_and_mail_are_their_owners(tmp_path: Path) -> None:
    VarDir(tmp_path / "var").make()
    assert mode(tmp_path / "var" / "log") == 0o700
    backend = EmailBackend(file_path=str(tmp_path / "mail"))
    backend.send_messages([EmailMessage("s", "b", "a@example.org", ["b@example.org"])])
    assert mode(tmp_path / "mail") == 0o700
