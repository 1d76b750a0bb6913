"""Characters that a reader does not see: a place for hidden instructions and broken words.

Zero-width joiner and non-joiner stay: Persian, Indic scripts and emoji need them.
"""

_RANGES = (
    (0x00, 0x08),
    (0x0B, 0x0C),
    (0x0E, 0x1F),
    (0x7F, 0x9F),
    (0xAD, 0xAD),  # soft hyphen
    (0x200B, 0x200B),
    (0x200E, 0x200F),  # direction marks
    (0x202A, 0x202E),  # direction overrides
    (0x2060, 0x206F),
    (0xD800, 0xDFFF),  # half characters, which PostgreSQL cannot store
    (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB),
    (0xFFFE, 0xFFFF),
    (0xE0000, 0xE0FFF),  # tags: invisible ASCII
)
_CODES = [code for first, last in _RANGES for code in range(first, last + 1)]
_REMOVE = dict.fromkeys(_CODES)
_BLANK = dict.fromkeys(_CODES, " ")


def remove_invisible(text: str) -> str:
    return text.translate(_REMOVE)


def blank_invisible(text: str) -> str:
    """The same with a space for each, so that offsets into the text stay true."""
    return text.translate(_BLANK)
