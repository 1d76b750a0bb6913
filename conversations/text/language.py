"""The language of a text, by its script and its commonest words. Pure.

Enough to choose a fixed sentence; a wrong guess costs no fact.
"""

import re
from collections import Counter
from itertools import islice

from conversations.text.language_names import LANGUAGE_NAMES
from conversations.text.stop_words import STOP_WORDS

_LATIN = ("en", "de", "es", "fr", "pt", "id")
_ARABIC = ("fa", "ar", "ur")
_SCRIPTS = {
    "latin": re.compile(r"[A-Za-zÀ-ɏ]"),
    "ru": re.compile(r"[Ѐ-ӿ]"),
    "zh": re.compile(r"[㐀-鿿]"),
    "hi": re.compile(r"[ऀ-ॿ]"),
    "bn": re.compile(r"[ঀ-৿]"),
    "arabic": re.compile(r"[؀-ۿ]"),
    # Scripts of languages that no fixed sentence is written in.
    "other": re.compile(r"[Ͱ-Ͽ֐-׿฀-๿぀-ヿ가-힯]"),
}
# Signs that no other language of the same script here has, and what each is worth in words.
_SIGNS = {
    "es": re.compile(r"[¿¡ñ]"),
    "de": re.compile(r"[äöüß„]"),
    "pt": re.compile(r"[ãõ]"),
    "fr": re.compile(r"[çèêœùâ]"),
    "ur": re.compile(r"[ٹڈڑےںہھ]"),
    "fa": re.compile(r"[گچپژکی]"),
    "ar": re.compile(r"[ةيكأإى]"),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’\u200c][^\W\d_]+)*")
# Words of a text that are looked at, and letters.
_MAX_WORDS, _MAX_LETTERS = 400, 4_000


def language_of(text: str) -> str | None:
    """Its code, one of `LANGUAGE_NAMES`; None where nothing tells.

    >>> language_of("Wo ist der Schlüssel?"), language_of("wifi?"), language_of("你们卖咖啡吗？")
    ('de', None, 'zh')
    """
    text = text[:_MAX_LETTERS]
    letters = {script: len(signs.findall(text)) for script, signs in _SCRIPTS.items()}
    # A sign of Chinese or Thai says as much as a few letters.
    letters["zh"] *= 3
    script = max(letters, key=lambda name: letters[name])
    if not letters[script] or script == "other":
        return None
    if script not in ("latin", "arabic"):
        return script if script in LANGUAGE_NAMES else None
    return _by_words(text, _LATIN if script == "latin" else _ARABIC)


def _by_words(text: str, languages: tuple[str, ...]) -> str | None:
    words = [word[0].casefold() for word in islice(_WORD.finditer(text), _MAX_WORDS)]
    counts = Counter({name: sum(word in STOP_WORDS[name] for word in words) for name in languages})
    for name in languages:
        if name in _SIGNS:
            counts[name] += len(_SIGNS[name].findall(text))
    (best, most), (_, second) = counts.most_common(2)
    return best if most > second else None
