"""Figures as the admin shows them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def dollars(amount: Decimal | None) -> str:
    """Cents for what is paid, more digits for what is less than a cent."""
    value = amount or Decimal(0)
    return f"${value:,.2f}" if value >= 1 or not value else f"${value:,.4f}"


def share(used: float | Decimal, limit: float | Decimal) -> str:
    return f"{float(used) / float(limit):.0%}" if limit else "–"


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> SafeString:
    """A small table; numbers are given as text."""
    return format_html(
        '<table class="operator-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        format_html_join("", '<th scope="col">{}</th>', ((heading,) for heading in headings)),
        format_html_join("", "<tr>{}</tr>", ((_cells(row),) for row in rows)),
    )


def _cells(row: Sequence[object]) -> SafeString:
    return format_html_join("", "<td>{}</td>", ((cell,) for cell in row))
