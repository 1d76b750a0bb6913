"""The template tags: numbers for people, and parts that repeat on every page."""

from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.utils.translation import override

from chatbot_saas.web import look


def render(source: str, **context: object) -> str:
    return Template("{% load look %}" + source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (25_000, "25 kB"),
        (999_400, "999 kB"),
        (1_500_000, "1.5 MB"),
        (25_000_000, "25 MB"),
        (12_345_000_000, "12,345 MB"),
    ],
)
def test_sizes(size: int, shown: str) -> None:
    assert look.file_size(size) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.00"), ("0.00001", "< $0.0001"), ("0.05", "$0.0500"), ("1234.5", "$1,234.50")],
)
def test_money(amount: str, shown: str) -> None:
    assert look.usd(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        ("29.50", "EUR", "en", "29.50 EUR"),
        ("29.00", "EUR", "en", "29 EUR"),
        ("1234.50", "CHF", "en", "1,234.50 CHF"),
        ("1234.50", "EUR", "de", "1.234,50 EUR"),
        ("1234567.00", "JPY", "en", "1,234,567 JPY"),
        ("9.50", "KWD", "en", "9.50 KWD"),
    ],
)
def test_prices(amount: str, currency: str, language: str, shown: str) -> None:
    with override(language):
        assert look.money(Decimal(amount), currency) == shown.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.4, "0 ms"), (999.4, "999 ms"), (1000, "1.0 s"), (61_000, "61.0 s")],
)
def test_durations(value: float | None, shown: str) -> None:
    assert look.milliseconds(value) == shown


@pytest.mark.parametrize(("part", "whole", "shown"), [(0, 0, "–"), (1, 3, "33 %"), (3, 3, "100 %")])
def test_shares(part: int, whole: int, shown: str) -> None:
    assert look.share(part, whole) == shown


@pytest.mark.parametrize(
    ("part", "whole", "width", "tone"),
    [
        (0, 10, "0.0", ""),
        (8, 10, "80.0", "warn"),
        (10, 10, "100.0", "bad"),
        (99, 10, "100.0", "bad"),
        (5, 0, "0.0", ""),
    ],
)
def test_a_meter_warns_before_its_end(part: int, whole: int, width: str, tone: str) -> None:
    assert look.meter(part, whole) == {"width": width, "look": tone}


@pytest.mark.parametrize(("name", "letter"), [("Robin", "R"), (" (é)", "É"), ("", "?"), ("…", "?")])
def test_initials(name: str, letter: str) -> None:
    assert look.initial(name) == letter


def test_a_badge_escapes_its_text_and_takes_a_tone_and_an_icon() -> None:
    assert render("{% badge text %}", text="<b>") == '<span class="badge">&lt;b&gt;</span>'
    shown = render('{% badge "Ready" "good" "check" %}')
    assert shown.startswith('<span class="badge good"><svg')
    assert shown.endswith("Ready</span>")


def test_an_empty_state_says_why_and_leads_on() -> None:
    shown = render(
        '{% empty_state "chat" "Nothing yet" "login" "Log in" %}'
        "Ask <b>{{ who }}</b>.{% endempty_state %}",
        who="<x>",
    )
    assert "<h2>Nothing yet</h2>" in shown
    assert "Ask <b>&lt;x&gt;</b>." in shown
    assert 'href="/login"' in shown
    assert "href" not in render('{% empty_state "chat" "Nothing" %}x{% endempty_state %}')


class PlainForm(forms.Form):
    name = forms.CharField(help_text="As on the door.", required=False)


def test_a_form_row_has_its_label_help_and_error() -> None:
    form = PlainForm({"name": "x"})
    form.add_error("name", "Too short.")
    shown = render("{% form_row form.name %}", form=form)
    for part in ('<label for="id_name">', "Name", "(optional)", "As on the door.", "Too short."):
        assert part in shown
    assert 'aria-invalid="true"' in shown


def test_an_icon_says_nothing_to_a_screen_reader() -> None:
    assert 'aria-hidden="true"' in render('{% icon "chat" %}')


def test_home_is_the_first_page_of_either_host() -> None:
    assert render("{% home_url %}") == "/"
