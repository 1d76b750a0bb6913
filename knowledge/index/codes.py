"""Codes as documents may write them: who asks for HT4410B means HT-4410-B. Pure."""

import re

_CODE = re.compile(r"(?<![^\W_])([^\W\d_]{1,6})[ -]?(\d{2,9})(?:[ -]?([^\W\d_]{1,3}))?(?![^\W_])")
_MAX_CODES = 8


def other_spellings(question: str) -> list[str]:
    """Lexemes of PostgreSQL's that the question's codes have in another spelling. It takes `HT-4410-B`
    for the lexemes `ht`, `-4410` and `b`, and `HT4410B` for one.

    >>> other_spellings("Is HT4410B in stock?")
    ['-4410', '4410', 'ht4410b']
    """
    found: set[str] = set()
    for number, code in enumerate(_CODE.finditer(question)):
        if number == _MAX_CODES:
            break
        digits = code[2]
        found |= {digits, f"-{digits}", "".join(filter(None, code.groups())).casefold()}
    return sorted(found)
