"""Figures in a text, however they are written: `1,249.50`, `1.249,50` and `1 249.5` are one. Pure."""

import re

_FIGURE = re.compile(
    r"\d{1,3}(?:[ \u00a0\u202f.,’']\d{3})+(?:[.,]\d{1,2})?(?!\d|[.,:/-]\d)|\d+(?:[.,:/-]\d+)*"
)
_WORD = re.compile(r"[^\W\d_]+")
_HOUR = re.compile(r"(?<![\d.,:])(\d{1,2})(:\d\d)? ?([ap])\.?m\b\.?", re.IGNORECASE)
# “One” is an article in most languages, and says no number.
_NUMBERS = {
    word: str(number)
    for number, words in {
        2: "two twice both zwei zweimal dos deux due dois",
        3: "three drei tres trois tre três",
        4: "four vier cuatro quatre quattro quatro",
        5: "five fünf cinco cinq cinque",
        6: "six sechs seis sei",
        7: "seven sieben siete sept sette sete",
        8: "eight acht ocho huit otto oito",
        9: "nine neun nueve neuf nove",
        10: "ten zehn diez dix dieci dez",
        11: "eleven elf once onze undici",
        12: "twelve zwölf doce douze dodici doze dozen",
        20: "twenty zwanzig veinte vingt venti vinte",
        30: "thirty dreißig dreissig treinta trente trenta trinta",
    }.items()
    for word in words.split()
}


def figures(text: str) -> set[str]:
    """Each figure in one form, words for small numbers included: `4.90` is `4.9`, “two” is `2`, and
    3 p.m. is `15`."""
    text = _HOUR.sub(_of_24, text)
    found = {_canonical(figure) for figure in _FIGURE.findall(text)}
    words = _WORD.findall(text.casefold())
    return found | {_NUMBERS[word] for word in words if word in _NUMBERS}


def date_parts(figure: str) -> list[str]:
    """Day, month and year of a date in figures in the order written, hour and minute of a time;
    nothing for any other figure."""
    parts = re.split(r"[.:/-]", figure)
    is_date = len(parts) == 3 or (len(parts) == 2 and not re.search(r"[.,]", figure))
    return [part.lstrip("0") or "0" for part in parts] if is_date else []


def _of_24(hour: re.Match[str]) -> str:
    after_noon = 12 if hour[3] in "pP" else 0
    return f"{int(hour[1]) % 12 + after_noon}{hour[2] or ''}"


def _canonical(figure: str) -> str:
    if re.search(r"[:/-]", figure) or (len(re.findall(r"[.]", figure)) > 1 and "," not in figure):
        thousands = re.fullmatch(r"\d{1,3}(?:\.\d{3})+", figure)
        return figure.replace(".", "") if thousands else figure
    *whole, last = re.split(r"[ \u00a0\u202f.,’']", figure)
    if not whole:
        return last.lstrip("0") or "0"
    # Three digits behind a mark are thousands; fewer or more are a fraction.
    if len(last) == 3 and len(whole[0]) <= 3:
        return "".join([*whole, last]).lstrip("0")
    fraction = last.rstrip("0")
    integer = "".join(whole).lstrip("0") or "0"
    return f"{integer}.{fraction}" if fraction else integer
