"""What a line of a document is: three of each kind, and texts that look like one and are not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.text.blocks import Kind, blocks, cells


def kinds(source: str) -> list[tuple[Kind, str]]:
    return [(block.kind, source[block.start : block.end]) for block in blocks(source)]


@pytest.mark.parametrize(
    "source",
    [
        "# Delivery\n\nWe deliver.",
        "Delivery\n=====\n\nWe deliver.",
        "## Delivery ##\n\nWe deliver.",
    ],
)
def test_a_heading_is_known_by_its_marks(source: str) -> None:
    assert kinds(source) == [("heading", "Delivery"), ("text", "We deliver.")]


@pytest.mark.parametrize(
    ("line", "item"),
    [
        ("- a pallet", "a pallet"),
        ("* a pallet", "a pallet"),
        ("1. a pallet", "a pallet"),
        ("(2) a pallet", "a pallet"),
        ("• a pallet", "a pallet"),
        ("[x] a pallet", "a pallet"),
    ],
)
def test_an_item_is_known_by_its_mark(line: str, item: str) -> None:
    assert kinds(f"{line}\n{line}") == [("item", item)] * 2


@pytest.mark.parametrize("line", ["2026 was a year.", "-5 degrees at night.", "1.5 litres a day."])
def test_a_number_is_no_mark(line: str) -> None:
    assert kinds(line) == [("text", line)]


def test_a_row_belongs_to_its_table() -> None:
    source = "| a | b |\n|---|---|\n| 1 | 2 |\n\ntext.\n\n| c | d |\n| 3 | 4 |"
    rows = [block for block in blocks(source) if block.kind == "row"]
    assert [row.table for row in rows] == [1, 1, 2, 2]
    assert [row.ruled for row in rows] == [True, False, False, False]
    apart = "| a | b |\n| 1 | 2 |\n\n## Two\n\n| c | d |\n| 3 | 4 |"
    assert [row.table for row in blocks(apart) if row.kind == "row"] == [1, 1, 2, 2]


def test_a_row_has_cells() -> None:
    assert cells("a |  b c") == ["a", "b c"]
    assert cells("a \\| b | c") == ["a | b", "c"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("|  | Lite | Pro |", ["", "Lite", "Pro"]),
        ("| Fax | yes |  |", ["Fax", "yes", ""]),
        ("Fax |  | yes", ["Fax", "", "yes"]),
        ("| a | b", ["a", "b"]),
        ("a | b |", ["a", "b"]),
    ],
)
def test_an_empty_cell_keeps_its_column(line: str, expected: list[str]) -> None:
    (row,) = blocks(line)
    assert cells(line[row.start : row.end]) == expected


def test_a_line_that_is_wrapped_goes_on() -> None:
    wrapped = (
        "The access code of the depot at the river is given to the\n"
        "night shift alone, and nobody else may have it."
    )
    assert kinds(wrapped) == [("text", wrapped)]


def test_a_line_that_had_room_was_ended_by_its_writer() -> None:
    source = "Monday to Friday.\nSaturday is closed, and so is every Sunday of the year."
    assert [kind for kind, _ in kinds(source)] == ["text", "text"]


def test_a_quotation_is_what_it_quotes() -> None:
    assert kinds("> We deliver.") == [("text", "We deliver.")]
    assert kinds(">> # Delivery\n\nWe deliver.")[0] == ("heading", "Delivery")


@pytest.mark.parametrize("rule", ["---", "***", "_ _ _", "```", "~~~", "```python"])
def test_a_rule_is_nothing_to_read(rule: str) -> None:
    assert kinds(f"We deliver.\n\n{rule}\n\nWe do not.") == [
        ("text", "We deliver."),
        ("text", "We do not."),
    ]


@pytest.mark.parametrize("question", ["How much is it?", "چقدر است؟", "いくら？"])
def test_a_question_heads_its_answer(question: str) -> None:
    assert kinds(f"{question}\n\nIt is 5.")[0] == ("heading", question)


def test_the_last_line_heads_nothing() -> None:
    assert kinds("We deliver.\n\nOpening hours")[-1] == ("text", "Opening hours")


@given(st.text(alphabet="ab 1.-#|>=\n\t\r", max_size=80))
def test_whatever_is_written_is_found_in_order_and_in_place(source: str) -> None:
    found = blocks(source)
    assert all(0 <= block.start <= block.end <= len(source) for block in found)
    assert all(one.end <= next_one.start for one, next_one in pairwise(found))


def test_code_between_fences_is_a_block_of_its_own() -> None:
    source = (
        "Install it with this command:\n\n```sh\napt install x\napt  update\n```\n\nThen go on."
    )
    assert kinds(source) == [
        ("text", "Install it with this command:"),
        ("code", "apt install x\napt  update"),
        ("text", "Then go on."),
    ]


@pytest.mark.parametrize(
    "source", ["# a comment\n```\n\nWe deliver.", "We deliver.\n```\n", "We deliver.\n\n```sh\n# a"]
)
def test_half_a_block_of_code_is_none(source: str) -> None:
    assert "code" not in [kind for kind, _ in kinds(source)]


@pytest.mark.parametrize("heading", ["10 Warranty", "3.2 Costs of delivery", "1. Warranty"])
def test_a_numbered_line_above_its_section_is_a_heading(heading: str) -> None:
    source = f"{heading}\n\nFrames have a warranty of ten years."
    words = heading.removeprefix("1. ")
    assert kinds(source)[0] == ("heading", words)


@pytest.mark.parametrize(
    "source",
    [
        "1. Warm the pot\n2. Pour",
        "12 months\n\n24 months\n\n36 months",
        "3 eggs\n\nSalt, in the end.",
    ],
)
def test_a_number_alone_makes_no_heading(source: str) -> None:
    assert "heading" not in [kind for kind, _ in kinds(source)]


def test_lines_of_a_narrow_column_go_on() -> None:
    column = (
        "The gate of the depot opens\nMonday to Friday at eight in\nGraz and at nine in Vienna."
    )
    assert kinds(column) == [("text", column)]


@pytest.mark.parametrize(
    "address",
    [
        "Alder Cycles\nMurgasse 14\n8010 Graz",
        "Alder Cycles Ltd\n14 Market Place\nAmbleby\nAM7 3QX",
        "Librería Sol\nCalle Mayor 7\n28013 Madrid",
    ],
)
def test_the_lines_of_an_address_are_one(address: str) -> None:
    assert kinds(address) == [("text", address)]


def test_lines_with_a_label_are_apart() -> None:
    lines = ["Orders: hello@shop.example", "Repairs: bench@shop.example (that is Tom)"]
    assert kinds("\n".join(lines)) == [("text", line) for line in lines]


@pytest.mark.parametrize("leader", [" ..... ", ".....", " … … ".replace(" ", ""), " . . . . "])
def test_a_leader_leads_to_a_cell(leader: str) -> None:
    line = f"Gas cartridge 100 g{leader}£4.75"
    (row,) = blocks(line)
    assert row.kind == "row"
    assert cells(line) == ["Gas cartridge 100 g", "£4.75"]


def test_an_ellipsis_leads_nowhere() -> None:
    assert kinds("We thought of it... and forgot.") == [("text", "We thought of it... and forgot.")]


@pytest.mark.parametrize(
    "question",
    [
        "How do I change my password?",
        "**Q: How do I change my password?**",
        "Where do I find the number of the order that I placed last week?",
        "¿Cómo cambio mi contraseña?",
    ],
)
def test_a_question_heads_its_answer_however_it_is_set(question: str) -> None:
    assert [kind for kind, _ in kinds(f"{question}\n\nA: In the menu.")] == ["heading", "text"]


def test_a_question_behind_a_statement_heads_nothing() -> None:
    said = "We deliver on Mondays. Would you like another day?"
    assert [kind for kind, _ in kinds(f"{said}\n\nTell us.")] == ["text", "text"]
