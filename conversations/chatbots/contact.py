"""How people are reached where a chatbot cannot help."""

import re
from collections.abc import Callable, Mapping
from unicodedata import digit
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from conversations.turns.question import without_nul
from core.errors import InvalidRequest
from tenants.people.addresses import check_address

LONGEST = {"email": 254, "phone": 40, "url": 300, "hours": 200, "text": 300}
_PHONE = re.compile(r"\+?[0-9(][0-9\s()./-]{2,38}")


def check_contact(given: Mapping[str, str]) -> dict[str, str]:
    """What is given of it, tidy. Raises `InvalidRequest` whose `param` is `contact`."""
    for name in given:
        if name not in LONGEST:
            raise InvalidRequest(f"A contact has no “{name[:40]}”.", param="contact")
    checked = {name: check_part(name, value) for name, value in given.items()}
    return {name: value for name, value in checked.items() if value}


def check_part(name: str, value: str) -> str:
    """One part of it, as a line. Raises `InvalidRequest`."""
    line = " ".join(without_nul(value).split())
    if name == "phone":
        # A telephone knows ASCII digits.
        line = "".join(str(digit(each)) if each.isdecimal() else each for each in line)
    if len(line) > LONGEST[name]:
        raise InvalidRequest(
            f"This is {len(line):,} characters long; {LONGEST[name]:,} is the most.",
            param="contact",
        )
    if line and name in _RULES and (refusal := _RULES[name](line)):
        raise InvalidRequest(refusal, param="contact")
    return line


def _email(value: str) -> str:
    try:
        check_address(value)
    except ValidationError:
        return "This is not an e-mail address: help@example.com"
    return ""


def _phone(value: str) -> str:
    return "" if _PHONE.fullmatch(value) else "This is not a phone number: +43 1 234 567"


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_page = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_page = False
    return "" if is_page and " " not in value else "This is not the address of a page: https://…"


_RULES: dict[str, Callable[[str], str]] = {"email": _email, "phone": _phone, "url": _url}
