"""The examples in docstrings say what the code does."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.live import ROOT

PACKAGES = ("chatbot_saas", "conversations", "knowledge", "billing", "tenants", "core")


def modules_with_examples() -> list[str]:
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in paths
        if ">>> " in Path(path).read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
