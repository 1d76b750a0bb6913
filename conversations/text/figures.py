"""Numbers and dates in one form, however they are written. Pure.

Looked for in folded text: ASCII digits, small letters.
"""

import re

_NUMBER = re.compile(
    r"(?<![\w.,])\d{1,3}(?:[.,' ]\d{3}){1,5}(?:[.,]\d{1,2})?(?!\w)"
    r"|(?<![\w.,])\d{1,15}[.,]\d{1,2}(?!\w)"
)
_SEPARATORS = re.compile(r"[.,' ]")
_ISO = re.compile(r"(?<![\w-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\w-])")
_POINTS = re.compile(r"(?<![\w./])(\d{1,2})([./])(\d{1,2})[./](\d{4})(?![\w/])")
_NAMED = re.compile(
    r"(?<![\w.])(\d{1,2})(?:st|nd|rd|th|\.)? (?:of |de )?([^\W\d_]{3,10})\.?,? (?:de )?(\d{4})(?!\w)"
)
_NAMED_FIRST = re.compile(r"(?<!\w)([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?, ?(\d{4})(?!\w)")
_MONTHS = [
    "jan january januar janner enero janvier janeiro",
    "feb february februar febrero fevrier fevereiro",
    "mar march marz marzo mars marco",
    "apr april abril avril",
    "may mai mayo maio",
    "jun june juni junio juin junho",
    "jul july juli julio juillet julho",
    "aug august agosto aout",
    "sep sept september septiembre septembre setembro",
    "oct october okt oktober octubre octobre outubro",
    "nov november noviembre novembre novembro",
    "dec december dez dezember diciembre decembre dezembro",
]
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}


def one_form(text: str) -> str:
    """Dates as 2026-05-03, numbers without signs between thousands and without zeros at the end.

    >>> one_form("1.249,50 = 1,249.50 = 1 249.5"), one_form("3 may 2026, 03.05.2026")
    ('1249.5 = 1249.5 = 1249.5', '2026-05-03, 2026-05-03')
    """
    if not any(map(str.isdigit, text)):
        return text
    text = _NAMED.sub(lambda m: _date(m[3], MONTHS.get(m[2]), m[1]) or m[0], text)
    text = _NAMED_FIRST.sub(lambda m: _date(m[3], MONTHS.get(m[1]), m[2]) or m[0], text)
    text = _POINTS.sub(lambda m: _date(m[4], int(m[3]), m[1]) or m[0], text)
    text = _ISO.sub(lambda m: _date(m[1], int(m[2]), m[3]) or m[0], text)
    return _NUMBER.sub(lambda m: _number(m[0]), text)


def _date(year: str, month: int | None, day: str) -> str:
    if month is None or not 1 <= month <= 12:
        return ""
    return f"{year}-{month:02}-{int(day):02}"


def _number(written: str) -> str:
    parts = _SEPARATORS.split(written)
    # Three digits behind the last sign are thousands: prices have two, and 1.249 is read so too.
    if len(parts[-1]) == 3:
        return "".join(parts)
    decimals = parts[-1].rstrip("0")
    whole = "".join(parts[:-1])
    return f"{whole}.{decimals}" if decimals else whole
