"""Stems of English words. Pure."""

from functools import lru_cache
from threading import Lock

import snowballstemmer

_STEMMER = snowballstemmer.stemmer("english")
_stemming = Lock()


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The stem of an English word; other words stay as they are."""
    # The stemmer keeps the word that it works on, so threads take turns.
    with _stemming:
        return str(_STEMMER.stemWord(word)) if word.isascii() else word
