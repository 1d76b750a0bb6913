"""docs/widget.md against the widget's own source."""

import re

from tests.docs.test_pages import first_column, page, section
from tests.live import ROOT

WIDGET = ROOT / "static" / "widget"
LAUNCHER = (WIDGET / "v1.js").read_text(encoding="utf-8")
EVERYTHING = "".join(path.read_text(encoding="utf-8") for path in sorted(WIDGET.glob("*.js")))


def words(source: str) -> set[str]:
    return set(re.findall(r'"([\w-]+)"', source))


def test_every_attribute_is_described_and_no_other() -> None:
    options = re.search(r"OPTIONS = \[(.*?)\]", LAUNCHER)
    assert options is not None
    assert first_column(section(page("widget"), "Attributes")) == words(options[1])


def test_every_language_is_described() -> None:
    languages = {path.name.split("-")[1] for path in WIDGET.glob("texts-??-v1.js")}
    row = re.search(r"^\| `lang` \| ([^;]*);", page("widget"), re.MULTILINE)
    assert row is not None
    assert set(re.findall(r"`(\w+)`", row[1])) == languages


def test_every_command_is_described_and_no_other() -> None:
    table = re.search(r"const commands = \{(.*?)\n  \};", LAUNCHER, re.DOTALL)
    rest = re.search(r'for \(const name of (\["identify".*?\])\)', LAUNCHER)
    assert table is not None
    assert rest is not None
    own = set(re.findall(r"^    (\w+)[:(]", table[1], re.MULTILINE)) | words(rest[1])
    assert first_column(section(page("widget"), "Commands")) == own


def test_every_event_is_described_and_no_other() -> None:
    emitted = set(re.findall(r'emit\("(\w+)"', EVERYTHING))
    assert first_column(section(page("widget"), "Events")) == emitted


def test_every_variable_is_described_and_no_other() -> None:
    used = set(re.findall(r"var\((--cb-[\w-]+)", EVERYTHING))
    assert first_column(section(page("widget"), "Looks")) == used


def test_every_part_is_described_and_no_other() -> None:
    parts = set(re.findall(r'part: "(\w+)"|"part", "(\w+)"', EVERYTHING))
    described = re.search(r"Parts for `[^`]+`: (.*)\.", page("widget"))
    assert described is not None
    assert set(re.findall(r"`(\w+)`", described[1])) == {a or b for a, b in parts}
