"""In which language a text is written, told by its script and its smallest words. Pure."""

import re

_WORD = re.compile(r"[^\W\d_]+")
# Words that stand in almost every sentence of a language and seldom in another's.
_SMALL_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and is are of to you it for with be can your this that have not from an by or if at",
        "de": "der die das und ist sind nicht ein eine sie mit auf für von zu im den dem wir bei oder",
        "es": "el los las y es una un con para por que del se su más cuesta está como al lo son",
        "fr": "le les et est une un des du pour vous dans avec sur que qui pas au ou sont votre ce",
        "it": "il gli è una un di che per con del della non sono alla nel si lo anche le",
        "pt": "o os as e é uma um de para com não em do da que no na por ao são",
        "nl": "de het een en is van niet met voor op dat zijn te aan bij u als of er",
    }.items()
}
_SCRIPTS = {
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "zh": re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
}
_LOOKED_AT = 2_000


def language_of(text: str) -> str:
    """The language's code; nothing where too little tells. Scripts of several languages have one code."""
    text = text[:_LOOKED_AT]
    for language, script in _SCRIPTS.items():
        if len(script.findall(text)) * 3 > len(_WORD.findall(text)):
            return language
    words = _WORD.findall(text.casefold())
    counts = {
        language: sum(word in small for word in words) for language, small in _SMALL_WORDS.items()
    }
    first, second = sorted(counts, key=lambda language: -counts[language])[:2]
    return first if counts[first] > counts[second] else ""
