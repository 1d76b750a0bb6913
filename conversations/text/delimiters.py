"""Elements of a prompt that nothing inside them can close, open or imitate. Pure.

The elements' names end with a mark that is drawn for each turn and that no document, visitor or
earlier answer can know. What looks like one of them without it is made plain text all the same, for
the reader and for a model that is not exact about names.
"""

import re
import secrets
import unicodedata

PASSAGE, QUESTION = "passage", "question"

# What opens an element, or is drawn like what does, or becomes it when it is decoded.
_SIGNS = "<＜﹤〈⟨˂ᐸ❮&"
_OPENING = re.compile(r"[<＜﹤〈⟨˂ᐸ❮]|&(?:lt|LT|#0{0,6}60|#[xX]0{0,6}3[cC]);?")
_NEUTRAL = "‹"
# Far enough for a name with a stroke, blanks and invisible characters in it.
_LOOKED_AT = 80
# Cyrillic and Greek letters that are drawn like those of the names.
_LOOK_ALIKE = str.maketrans("аеірѕԛотηοαειυρτɡı", "aeipsqotnoaeiuptgi")


def draw_mark() -> str:
    return secrets.token_hex(8)


def enclose(name: str, mark: str, text: str, **attributes: str | int | None) -> str:
    """The text as an element; attributes without a value are left out."""
    shown = "".join(
        f' {key}="{_attribute(str(value))}"'
        for key, value in attributes.items()
        if value not in (None, "")
    )
    return f"<{name}-{mark}{shown}>\n{neutralise(text)}\n</{name}-{mark}>"


def neutralise(text: str) -> str:
    """The text without beginnings of elements that look like ours.

    >>> neutralise("a < /passage> <b> &lt;Question")
    'a ‹ /passage> <b> ‹Question'
    """
    # Most texts hold none, and to look for a character costs a hundredth of a pattern.
    if not any(sign in text for sign in _SIGNS):
        return text
    return _OPENING.sub(lambda found: _judged(text, found), text)


def _judged(text: str, found: re.Match[str]) -> str:
    following = _letters(text[found.end() : found.end() + _LOOKED_AT])
    return _NEUTRAL if following.startswith((PASSAGE, QUESTION)) else found[0]


def _letters(text: str) -> str:
    """What a reader takes the text for: letters alone, without their marks, and Latin where they are
    drawn like it."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LOOK_ALIKE)
    return "".join(character for character in plain if character.isalpha())


def _attribute(text: str) -> str:
    return " ".join(neutralise(text).replace('"', "'").replace("<", "‹").replace(">", "›").split())
