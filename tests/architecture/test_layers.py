"""Who may import whom, as `make lint` checks it, and where HTTP stops."""

import ast
import os
import subprocess
import sys

from tests.live import ROOT


def test_the_layers_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


# The host and the key name the tenant, sessions and rates stand before every view: these are
# middleware, or told by it who asks.
KNOW_REQUESTS = {
    "core/responses.py",
    "tenants/limits/api.py",
    "tenants/limits/forms.py",
    "tenants/middleware.py",
    "tenants/people/accounts.py",
    "tenants/people/login.py",
    "tenants/people/sessions.py",
    "tenants/requests.py",
}
HTTP = ("django.http", "django.forms", "django.shortcuts", "django.views", "django.middleware")


def test_the_domain_knows_no_http() -> None:
    """Requests, forms and responses stop at the doors."""
    found = set()
    for package in ("conversations", "knowledge", "billing", "tenants", "core"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith(HTTP):
                    found.add(path.relative_to(ROOT).as_posix())
    assert found == KNOW_REQUESTS
