"""`manage.py demo` against running processes: it asks, cites, and hands over working keys."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import docx
import pypdfium2 as pdfium
import pytest

from chatbot_saas.demo.handouts import make_docx, make_pdf
from tests.embedded.processes import ROOT
from tests.live import Process
from tests.operator.conftest import Operator
from tests.pages import PLATFORM

MEMBERS = {
    *("base_url", "tenant_host", "secret_key", "publishable_key", "chatbot_id"),
    *("admin_email", "admin_password", "operator_email", "operator_password"),
}
MARKDOWN = """# Of foxes

A fox that *jumps* over
a dog → lands ≤ 2 m away.

- first point
- second point
"""


def demo_file() -> Path:
    return Path(os.environ["VAR_DIR"]) / "demo.json"


def run_demo(port: int) -> tuple[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env={
            **os.environ,
            "PORT": str(port),
            "DJANGO_SETTINGS_MODULE": "chatbot_saas.settings",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(demo_file().read_text())


def status_of_models(access: dict[str, Any]) -> int:
    request = Request(
        f"{access['base_url']}/v1/models",
        headers={"Authorization": f"Bearer {access['secret_key']}"},
    )
    try:
        with urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.mark.usefixtures("worker")
def test_it_answers_with_a_citation_and_a_lost_key_is_replaced(web: Process) -> None:
    demo_file().unlink(missing_ok=True)
    said, first = run_demo(web.port)
    assert "\nQuestion: " in said
    assert "Running it" in said.partition("Question: ")[2]
    assert set(first) == MEMBERS
    assert demo_file().stat().st_mode & 0o777 == 0o600
    assert status_of_models(first) == 200
    with Operator(web, PLATFORM) as operator:
        operator.log_in_as(first["operator_email"], first["operator_password"])
        assert operator.get("/admin/tenants/tenant/").status_code == 200

    _, kept = run_demo(web.port)
    assert kept == first

    demo_file().unlink()
    _, second = run_demo(web.port)
    assert second["secret_key"] != first["secret_key"]
    assert second["chatbot_id"] == first["chatbot_id"]
    assert (status_of_models(first), status_of_models(second)) == (401, 200)


def test_the_pdf_handout_has_the_text() -> None:
    with pdfium.PdfDocument(make_pdf(MARKDOWN)) as document:
        text = document[0].get_textpage().get_text_range()
    assert "Of foxes" in text
    assert "A fox that jumps over a dog -> lands <= 2 m away." in text
    assert "second point" in text


def test_a_long_pdf_handout_has_pages() -> None:
    with pdfium.PdfDocument(make_pdf("A line of text.\n\n" * 200)) as document:
        assert len(document) > 2
        assert (
            sum(page.get_textpage().get_text_range().count("A line of text.") for page in document)
            == 200
        )


def test_the_docx_handout_has_headings_and_text(tmp_path: Path) -> None:
    path = tmp_path / "handout.docx"
    path.write_bytes(make_docx(MARKDOWN))
    paragraphs = docx.Document(str(path)).paragraphs
    assert paragraphs[0].text == "Of foxes"
    assert paragraphs[0].style is not None
    assert paragraphs[0].style.name == "Heading 1"
    assert "A fox that jumps over a dog → lands ≤ 2 m away." in [p.text for p in paragraphs]
