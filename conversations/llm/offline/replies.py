"""The few sentences that the offline answerer says itself, by language, from `replies.toml`."""

import tomllib
from pathlib import Path
from typing import Literal

from conversations.text.language_names import LANGUAGE_NAMES

Reply = Literal[
    "greeting", "thanks", "bye", "fine", "complaint", "unknown", "looked", "agent", "no_agent"
]
REPLIES: dict[str, dict[Reply, str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
DOES_NOT_KNOW = REPLIES["en"]["unknown"]


def unknown(asked_in: str, written_in: str | None) -> str:
    """That nothing answers, and in which language it was looked for where that is another one."""
    said = REPLIES[asked_in]["unknown"]
    if written_in in (None, asked_in):
        return said
    return f"{said} {REPLIES[asked_in]['looked'].format(LANGUAGE_NAMES[written_in])}"


def says_unknown(text: str) -> bool:
    """Whether a text is `unknown`, in any language."""
    return text.startswith(tuple(replies["unknown"] for replies in REPLIES.values()))
