"""docs/ingestion.md says what the code does."""

import pytest

from knowledge.parsing.base import SENTENCES
from tests.live import ROOT

PAGE = (ROOT / "docs" / "ingestion.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_message_is_documented(code: str) -> None:
    sentence = SENTENCES[code].format(named="a PDF", found="plain text")
    assert f"| `{code}` | {sentence} |" in PAGE


def test_no_message_is_documented_that_does_not_exist() -> None:
    rows = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(SENTENCES)
