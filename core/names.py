"""What the name of a person, workspace, chatbot or key may hold: one line that can be seen. Pure."""

import unicodedata

from core.errors import InvalidRequest

# Control characters, invisible ones (direction marks and overrides, zero widths), ends of lines and of
# paragraphs, halves of characters. They break a heading, turn its letters round or hide some.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Persian, Indic scripts and emoji need the joiners.
_JOINERS = frozenset("\u200c\u200d")
REFUSAL = (
    "A name is one line of characters that can be seen: take line breaks and invisible ones out."
)


def is_name(text: str) -> bool:
    """Whether the text is one line without characters that hide or reorder others. It may be empty.

    >>> is_name("Zoë O’Neil"), is_name("Ann\\nBob"), is_name("\\u202eeilA"), is_name("\\u200b")
    (True, False, False, False)
    """
    kinds = {unicodedata.category(each) for each in text if each not in _JOINERS}
    # Of joiners alone nothing can be seen.
    return not kinds & _REFUSED and (bool(kinds) or not text)


def check_name(text: str, *, param: str = "name") -> str:
    """The name, when it is one. Raises `InvalidRequest` (`param`)."""
    if not is_name(text):
        raise InvalidRequest(REFUSAL, param=param)
    return text
