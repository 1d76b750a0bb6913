"""Templates that a person can review: short lines, addresses from the routes, nothing unloadable."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from tests.live import ROOT

FOLDER = ROOT / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
MAX_LINE = 140
# An address of this server that is written out instead of asked for by its name.
WRITTEN_OUT = re.compile(r"""(?:href|src|action|hx-get|hx-post|formaction)=["']/""")
# Elements that stand on lines of their own.
BLOCKS = re.compile(r"<(?:div|section|p|li|tr|td|th|form|fieldset|header|h[1-6]|dt|dd)\b")


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_can_be_loaded_and_reviewed(path: Path) -> None:
    get_template(name_of(path))
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        assert len(line) <= MAX_LINE, f"line {number} has {len(line)} characters"
        assert len(BLOCKS.findall(line)) <= 1, f"line {number} has several elements"


def test_every_address_is_asked_for_by_its_name() -> None:
    """A brand's link leads to the start page of either host, which have two names."""
    found = [
        f"{name_of(path)}: {line.strip()}"
        for path in TEMPLATES
        for line in path.read_text(encoding="utf-8").splitlines()
        if WRITTEN_OUT.search(line)
    ]
    assert found == []
