"""Small talk: greetings, thanks, "who are you?", "ok", "wrong!", and the wish for a person. Pure.

No document answers it, so a reply to it needs no source. Whole messages only: "Hello, what does
delivery cost?" is a question.
"""

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

Talk = Literal["greeting", "thanks", "bye", "fine", "complaint", "agent"]

_PATTERNS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
# Around thanks and farewells: “great, thank you so much for your help, Joan”.
_BEFORE = (
    r"(?:(?:ok|okay|great|perfect|super|cool|nice|good|alright|wow|gut|prima|toll|vale|no) ){0,3}"
)
_AFTER = (
    r"(?: (?:so much|very much|a lot|again|for (?:your|the) (?:help|answer|information|time)"
    r"|you|sehr|schön|nochmal"
    r"|please|bitte|everyone|all|dir|ihnen|for now|that helps|bye"
    r"|goodbye|that (?:really )?(?:helps|helped|was helpful)|thats all|perfect|great)){0,3}"
    r"(?: [^\W\d_]{2,14}){0,1}"
)


class SmallTalk(NamedTuple):
    """`languages` are those in which it says that: "no" is said in several."""

    kind: Talk
    languages: tuple[str, ...]


def _compiled(kind: str, before: str = "", after: str = "") -> dict[str, re.Pattern[str]]:
    return {
        language: re.compile(f"{before}(?:{pattern}){after}")
        for language, pattern in _PATTERNS[kind].items()
    }


_KNOWN: dict[Talk, tuple[dict[str, re.Pattern[str]], ...]] = {
    "greeting": (_compiled("hello", _BEFORE, _AFTER), _compiled("who")),
    "thanks": (_compiled("thanks", _BEFORE, _AFTER),),
    "bye": (_compiled("bye", _BEFORE, _AFTER),),
    "complaint": (_compiled("complaint"),),
    "agent": (
        _compiled(
            "agent",
            "",
            r"(?: (?:from|at|in) [^\W\d_]{2,20})?(?: please| bitte| por favor| now| here)?",
        ),
    ),
    "fine": (_compiled("fine", _BEFORE),),
}
_NEEDS_NO_SOURCE: tuple[Talk, ...] = ("greeting", "thanks", "bye", "fine")
_NO_LETTERS = re.compile(r"[^\w\s'’-]|_")
# As people type in a chat.
_SHORTHAND = tuple(
    (re.compile(rf"(?<!\w){short}(?!\w)"), long)
    for short, long in {
        "pl[sz]": "please",
        "id like": "i'd like",
        "i wanna": "i want to",
        "im": "i'm",
        "dont": "don't",
        "didnt": "didn't",
        "thats": "that's",
        "u": "you",
        "some1|sb|smb": "someone",
    }.items()
)
# Longer messages ask something.
_MAX_LENGTH = 120


@lru_cache(maxsize=1024)
def small_talk(message: str) -> SmallTalk | None:
    """What a message says that is no question to a document; None for all others.

    >>> small_talk("great, thank you so much!"), small_talk("Hello, what does delivery cost?")
    (SmallTalk(kind='thanks', languages=('en',)), None)
    """
    if len(message) > _MAX_LENGTH:
        return None
    # Punctuation and joiners say nothing here, and everybody sets them differently.
    plain = message.casefold().replace("\u200c", " ").replace("’", "'")
    said = " ".join(_NO_LETTERS.sub(" ", plain).split())
    for short, long in _SHORTHAND:
        said = short.sub(long, said)
    for kind, tables in _KNOWN.items():
        languages = [
            language for known in tables for language in known if known[language].fullmatch(said)
        ]
        if languages:
            return SmallTalk(kind, tuple(languages))
    return None


def small_talk_language(message: str) -> str | None:
    """The language of a message that needs no source, as greetings, thanks and "ok" do; None for what
    may be asked of a document, and for who complains or wants a person.

    >>> small_talk_language("Guten Tag!"), small_talk_language("wrong!")
    ('de', None)
    """
    said = small_talk(message)
    return said.languages[0] if said and said.kind in _NEEDS_NO_SOURCE else None
