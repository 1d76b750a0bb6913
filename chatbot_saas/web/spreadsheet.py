"""Tables to download, as spreadsheets read them."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

_BYTE_ORDER_MARK = "\ufeff"
# What begins so is a formula to a spreadsheet, whoever wrote it; also after blanks, and in full width.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# Where another country's spreadsheet, or a broken one, lets a new cell begin inside of one, and a formula
# follows. After a comma without blanks alone: in words, blanks come there, and every cell is quoted.
_INNER = re.compile(r"([;|\t\r\n](?=[^\S\t\r\n]*[=+\-@＝＋－＠])|,(?=[=+\-@＝＋－＠]))")


def csv_response(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A file for download, in UTF-8. Texts that would be formulas stand behind an apostrophe."""
    return HttpResponse(_lines([columns, *rows]), **_options(name))


def csv_stream(
    name: str,
    columns: Sequence[str],
    parts: AsyncIterator[Iterable[Sequence[object]]],
    *,
    marked: bool = False,
) -> StreamingHttpResponse:
    """The same, sent as its parts come, of any length. Where one fails the file is broken off, which
    whoever downloads it is told. `marked`: it begins with a byte order mark, without which Excel reads
    letters of other languages wrongly."""

    async def lines() -> AsyncIterator[str]:
        yield (_BYTE_ORDER_MARK if marked else "") + _lines([columns])
        async for rows in parts:
            yield _lines(rows)

    return StreamingHttpResponse(lines(), **_options(name))


def _options(name: str) -> dict[str, Any]:
    return {
        "content_type": "text/csv; charset=utf-8",
        "headers": {"Content-Disposition": f'attachment; filename="{name}"'},
    }


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_ALL)
    table.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """
    >>> _cell("=1+1"), _cell("  @x"), _cell("a=b"), _cell(-1)
    ("'=1+1", "'  @x", 'a=b', -1)
    >>> _cell("shop;=1"), _cell("a; -1|@x"), _cell("so, -1 - 2; a-b")
    ("shop;'=1", "a;' -1|'@x", 'so, -1 - 2; a-b')
    """
    if not isinstance(value, str):
        return value
    text = _INNER.sub(r"\1'", value)
    risky = value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)
    return f"'{text}" if risky else text
