"""The words of a question that say what it is about. Pure."""

import re

from conversations.text.spelling import fold, written_words
from conversations.text.stop_words import STOP_WORDS


def content_words(text: str, language: str | None) -> list[tuple[str, ...]]:
    """Its words as they are compared, without those that say how something is asked."""
    return [words for words in written_words(without_stop_words(text, language)) if words[0]]


def without_stop_words(text: str, language: str | None) -> str:
    stops = _folded_stops(language)
    if language == "zh":
        for word in STOP_WORDS["zh"]:
            text = text.replace(word, " ")
        return text
    words = []
    for word in text.split():
        inner = _INNER.search(fold(word))
        if inner and inner[0] not in stops:
            words.append(word)
    return " ".join(words)


_INNER = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
_STOPS: dict[str, frozenset[str]] = {
    language: frozenset(map(fold, words)) for language, words in STOP_WORDS.items()
}


def _folded_stops(language: str | None) -> frozenset[str]:
    # English words stand in questions of every language, and short ones in none tell more.
    return _STOPS[language] if language in _STOPS else _STOPS["en"]
