"""The widget's languages: each whole, each known wherever languages are listed."""

import re

import pytest
from django.conf import settings

from chatbot_saas.widget.bundle import LANGUAGES
from conversations.models import Language

FOLDER = settings.BASE_DIR / "static" / "widget"
_ENTRY = re.compile(r'(\w+): "((?:[^"\\]|\\.)+)"')


def texts(language: str) -> dict[str, str]:
    return dict(_ENTRY.findall((FOLDER / f"texts-{language}-v1.js").read_text(encoding="utf-8")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_said_in_every_language(language: str) -> None:
    own, english = texts(language), texts("en")
    assert own.keys() == english.keys()
    if language == "en":
        return
    # The same word may be said in two languages, no sentence is.
    copied = {key for key, said in own.items() if said == english[key] and " " in said}
    assert copied == set()


def test_all_lists_of_languages_have_the_same() -> None:
    launcher = (FOLDER / "v1.js").read_text(encoding="utf-8")
    known = re.search(r'const LANGUAGES = new Map\("([^"]+)"', launcher)
    assert known
    assert [each[:2] for each in known[1].split()] == [*LANGUAGES]
    assert [value for value in Language.values if value != Language.PAGE] == [*LANGUAGES]
    assert {path.name[6:8] for path in FOLDER.glob("texts-??-v1.js")} == {*LANGUAGES}
