"""The figures in a text, each in one form: `1,249.50`, `1.249,5` and `1 249.50` are one. Pure."""

import re

from conversations.text.figures import one_form
from conversations.text.spelling import fold

_FIGURE = re.compile(r"\d{1,30}(?:[.,:/-]\d{1,30}){0,8}")
_WORD = re.compile(r"[^\W\d_]+")
_HOUR = re.compile(r"(?<![\d.,:])(\d{1,2})(:\d\d)? ?([ap])\.?m\b\.?")
# “One” is an article in most languages, and says no number. Without accents, as text is folded.
_NUMBERS = {
    word: str(number)
    for number, words in {
        2: "two twice both zwei zweimal dos deux due dois",
        3: "three drei tres trois tre",
        4: "four vier cuatro quatre quattro quatro",
        5: "five funf cinco cinq cinque",
        6: "six sechs seis sei",
        7: "seven sieben siete sept sette sete",
        8: "eight acht ocho huit otto oito",
        9: "nine neun nueve neuf nove",
        10: "ten zehn diez dix dieci dez",
        11: "eleven elf once onze undici",
        12: "twelve zwolf doce douze dodici doze dozen",
        20: "twenty zwanzig veinte vingt venti vinte",
        30: "thirty dreissig treinta trente trenta trinta",
    }.items()
    for word in words.split()
}


def figures(text: str) -> set[str]:
    """Words for small numbers included, dates as 2026-05-03 and hours of the day from 0 to 23.

    >>> sorted(figures("Two cost 4,90 EUR from 3 p.m. on 3 May 2026"))
    ['15', '2', '2026-05-03', '4.9']
    """
    text = one_form(_HOUR.sub(_of_24, fold(text)))
    found = {_without_zeros(figure) for figure in _FIGURE.findall(text)}
    return found.union(_NUMBERS[word] for word in _WORD.findall(text) if word in _NUMBERS)


def with_parts(found: set[str]) -> set[str]:
    """These figures, and the days, months, years, hours and minutes in them."""
    return found.union(*map(parts_of, found))


def parts_of(figure: str) -> list[str]:
    """Year, month and day of a date, hour and minute of a time; nothing for any other figure."""
    parts = re.split(r"[:/-]", figure)
    return [part.lstrip("0") or "0" for part in parts] if len(parts) > 1 else []


def _of_24(hour: re.Match[str]) -> str:
    after_noon = 12 if hour[3] == "p" else 0
    return f"{int(hour[1]) % 12 + after_noon}{hour[2] or ''}"


def _without_zeros(figure: str) -> str:
    return figure.lstrip("0") or "0" if figure.isdigit() else figure
