"""Passages that a test makes up."""

from typing import Any

from conversations.llm.base import Passage
from core.ids import new_id


def make_passage(text: str, n: int = 1, **fields: Any) -> Passage:
    usual = {"title": "T", "url": None, "page": None, "heading": ""}
    evidence = {"similarity": 0.5, "coverage": 0.5}
    return Passage(**{"n": n, "document_id": new_id(), "text": text, **usual, **evidence, **fields})
