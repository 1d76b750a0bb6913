"""Every package that the product is built on is at work, where docs/architecture.md says."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.test_requirements import name_of, pins
from tests.live import ROOT

# What the product must be made of, by the names of the packages.
WANTED = {
    *("django", "djangorestframework", "channels", "channels-redis", "daphne", "django-tenants"),
    *(
        "djangorestframework-simplejwt",
        "django-ratelimit",
        "psycopg",
        "pgvector",
        "celery",
        "redis",
    ),
    *("sentry-sdk", "posthog", "openai", "pytest-django"),
}
MODULES = {
    "djangorestframework": "rest_framework",
    "djangorestframework-simplejwt": "rest_framework_simplejwt",
    "django-tenants": "django_tenants",
    "django-ratelimit": "django_ratelimit",
    "sentry-sdk": "sentry_sdk",
}
# Named by a setting and imported by nobody.
BY_SETTING = {"channels-redis": "channels_redis", "pytest-django": "DJANGO_SETTINGS_MODULE"}
_ROW = re.compile(r"^\| ([\w, .-]+) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[list[Path], list[Path]]]:
    """Package → the files that use it, and the tests that fail without it."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## The packages, and where each is at work")[2].partition("**Own")[0]
    return {
        name_of(names.split(",")[0]): (_paths(where), _paths(tests))
        for names, where, tests in _ROW.findall(table)
        if names != "package"
    }


def _paths(cell: str) -> list[Path]:
    return [ROOT / path for path in re.findall(r"`([\w/.]+)`", cell)]


def imports(path: Path, module: str) -> bool:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        if any(name.partition(".")[0] == module for name in names):
            return True
    return False


@pytest.mark.parametrize("package", sorted(WANTED))
def test_a_package_is_pinned_and_described_where_it_is_at_work(package: str) -> None:
    assert package in {**pins("base.txt"), **pins("dev.txt")}
    places, tests = rows()[package]
    for path in (*places, *tests):
        assert path.is_file(), path
    if package in BY_SETTING:
        settings = (ROOT / "chatbot_saas/settings.py", ROOT / "pyproject.toml")
        assert any(BY_SETTING[package] in path.read_text(encoding="utf-8") for path in settings)
    else:
        module = MODULES.get(package, package)
        assert all(imports(path, module) for path in places)


def test_nothing_else_is_described() -> None:
    known = {**pins("base.txt"), **pins("dev.txt")}
    assert [package for package in rows() if package not in known] == []
