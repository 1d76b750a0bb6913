"""The settings: reading them changes nothing, and what does not fit is told by name."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatbot_saas import server_urls
from tests.live import ROOT

LOADED = "import chatbot_saas.settings as s; print(s.DATABASES['default']['HOST'])"


def load_settings(var_dir: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    return subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=ROOT,
        env={**keep, "VAR_DIR": str(var_dir), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_the_settings_writes_nothing(tmp_path: Path) -> None:
    done = load_settings(tmp_path / "var")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("/postgres/s")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://app:p%40ss@db.example:6432/shop",
            {"USER": "app", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": 6432, "NAME": "shop"},
        ),
        ("postgres://app@db/shop?sslmode=require", {"OPTIONS": {"sslmode": "require"}}),
        (
            "postgresql://app:x@/shop?host=/run/pg",
            {"HOST": "/run/pg", "OPTIONS": {}, "NAME": "shop"},
        ),
    ],
)
def test_a_database_is_read_from_its_url(url: str, expected: dict[str, Any]) -> None:
    found = server_urls.database("DATABASE_URL", url)
    assert found["ENGINE"] == "tenants.backend"
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    "url", ["mysql://app@db/shop", "postgresql://app@db", "postgresql://app@db:port/shop", "shop"]
)
def test_another_url_is_refused_by_the_name_of_its_variable(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MIGRATION_DATABASE_URL must be"):
        server_urls.database("MIGRATION_DATABASE_URL", url)


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls", "user"),
    [
        ("smtp://mail.example", 587, False, False, ""),
        ("smtp://mail.example:25", 25, False, False, ""),
        ("smtp://me%40shop:p@mail.example", 587, False, True, "me@shop"),
        ("smtps://me:p@mail.example", 465, True, False, "me"),
        ("smtps://mail.example:2465", 2465, True, False, ""),
    ],
)
def test_a_mail_server_is_read_from_its_url(
    url: str, port: int, ssl: bool, tls: bool, user: str
) -> None:
    found = server_urls.mail("EMAIL_URL", url)
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example", port)
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (ssl, tls)
    assert found["EMAIL_HOST_USER"] == user


@pytest.mark.parametrize(
    "url", ["mail.example", "smtp://", "smtp://mail:x", "https://mail.example"]
)
def test_another_mail_url_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must be"):
        server_urls.mail("EMAIL_URL", url)


@pytest.mark.parametrize(
    ("url", "number", "expected"),
    [
        ("redis://:p@cache:6379", 2, "redis://:p@cache:6379/2"),
        ("unix:///run/redis.sock", 1, "unix:///run/redis.sock?db=1"),
        ("unix:///run/redis.sock?password=p", 3, "unix:///run/redis.sock?password=p&db=3"),
    ],
)
def test_each_use_of_redis_has_a_database(url: str, number: int, expected: str) -> None:
    assert server_urls.redis_database(url, number) == expected


def test_kombu_is_given_a_socket_in_its_own_spelling() -> None:
    assert server_urls.broker("redis://cache/3") == "redis://cache/3"
    assert (
        server_urls.broker("unix://:p@/run/r.sock?db=3")
        == "redis+socket://:p@/run/r.sock?virtual_host=3"
    )
