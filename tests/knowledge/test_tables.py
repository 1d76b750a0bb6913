"""Tables of pages and Word documents: every value under its own column, in its own row."""

import io

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from conversations.text.sentences import sentences
from knowledge.parsing.docx import parse_docx
from knowledge.parsing.grid import Cell, Grid
from knowledge.parsing.html import parse_html


def lines_of(*rows: list[Cell]) -> list[str]:
    grid = Grid()
    return [line for row in rows for line in grid.lines(row)]


def cells(*texts: str) -> list[Cell]:
    return [Cell(text) for text in texts]


def page(table: str) -> str:
    return parse_html(f"<body><h1>Boats</h1><table>{table}</table></body>".encode()).text


def read(text: str) -> list[str]:
    return [each.shown for each in sentences(text) if each.kind == "row"]


def test_a_hole_keeps_its_place() -> None:
    assert lines_of(cells("", "Day", "Week"), cells("Canoe", "30", "")) == [
        "|  | Day | Week |",
        "| Canoe | 30 |  |",
    ]


def test_what_reaches_down_is_said_in_each_row() -> None:
    rows = lines_of(
        [Cell("North", down=2), Cell("Canoe"), Cell("30")],
        cells("Kayak", "40"),
        [Cell("South", down=2), Cell("Canoe"), Cell("35")],
        cells("Kayak", "45"),
    )
    assert rows[1] == "North | Kayak | 40"
    assert rows[3] == "South | Kayak | 45"


def test_what_reaches_across_is_said_in_each_column() -> None:
    assert lines_of(cells("", "A", "B"), [Cell("Insurance"), Cell("included", across=2)])[1] == (
        "Insurance | included | included"
    )


def test_what_stretches_over_the_table_heads_what_follows() -> None:
    assert lines_of([Cell("Summer", across=2)], cells("Canoe", "30")) == ["Summer", "Canoe | 30"]


def test_a_wide_cell_stays_within_bounds() -> None:
    (line,) = lines_of([Cell("a", across=10**9), Cell("b" * 5_000, across=50)])
    assert len(line) < 10_000


def test_a_row_is_as_long_as_it_was_written() -> None:
    (line,) = lines_of(cells(*(f"v{number}" for number in range(80))))
    assert line.endswith("| v79")


def test_the_names_of_columns_are_known_by_their_cells() -> None:
    rows = "<tr><th></th><th>Day</th></tr><tr><th>Canoe</th><td>upon request</td></tr>"
    assert read(page(rows)) == ["Canoe — Day: upon request"]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<p>30</p><p>euros</p>", "30 euros"),
        ("30<br>euros", "30 euros"),
        ("<ul><li>paddle</li><li>vest</li></ul>", "paddle; vest"),
        ("<div><div><span>30</span> euros</div></div>", "30 euros"),
        ("a | b", "a | b"),
        ("<span hidden>40</span>30", "30"),
    ],
)
def test_a_cell_is_one_value_whatever_is_in_it(cell: str, shown: str) -> None:
    text = page(f"<tr><th>Boat</th><th>Price</th></tr><tr><td>Canoe</td><td>{cell}</td></tr>")
    assert read(text) == [f"Canoe — Price: {shown}"]


def test_rows_under_a_cell_that_reaches_down_are_told_apart() -> None:
    text = page(
        "<tr><th>Lake</th><th>Boat</th><th>Price</th></tr>"
        "<tr><td rowspan=2>North</td><td>Canoe</td><td>30</td></tr><tr><td>Kayak</td><td>40</td></tr>"
        "<tr><td rowspan=0>South</td><td>Canoe</td><td>35</td></tr><tr><td>Kayak</td><td>45</td></tr>"
    )
    assert read(text)[1::2] == ["North — Boat: Kayak; Price: 40", "South — Boat: Kayak; Price: 45"]


def test_a_table_that_places_a_page_is_none() -> None:
    inner = "<table><tr><td>Canoe</td><td>30</td></tr></table>"
    text = page(f"<tr><td><h2>Menu</h2><p>One</p></td><td>{inner}</td></tr>")
    assert text == "Boats\n\nMenu\n\nOne\n\nCanoe | 30"


def merge_down(cell: object, how: str) -> None:
    merged = OxmlElement("w:vMerge")
    if how == "restart":
        merged.set(qn("w:val"), how)
    cell._tc.get_or_add_tcPr().append(merged)  # type: ignore[attr-defined]


def test_word_tables_keep_holes_and_merged_cells() -> None:
    document = docx.Document()
    table = document.add_table(4, 3)
    rows = [
        ["", "Boat", "Price"],
        ["North", "Canoe", "30"],
        ["x", "Kayak", ""],
        ["South", "Raft", "60"],
    ]
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    merge_down(table.cell(1, 0), "restart")
    merge_down(table.cell(2, 0), "continue")
    buffer = io.BytesIO()
    document.save(buffer)
    assert parse_docx(buffer.getvalue()).text.splitlines() == [
        "|  | Boat | Price |",
        "North | Canoe | 30",
        "| North | Kayak |  |",
        "South | Raft | 60",
    ]
