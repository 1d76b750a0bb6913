"""Good files: text, pages, headings and offsets."""

from pathlib import Path
from time import process_time

import pytest

from knowledge.parsing.base import Parsed
from knowledge.parsing.decoding import decode
from knowledge.parsing.docx import parse_docx
from knowledge.parsing.html import parse_html
from knowledge.parsing.invisible import blank_invisible, remove_invisible
from knowledge.parsing.kinds import find_kind
from knowledge.parsing.pdf import parse_pdf
from knowledge.parsing.process import parse_file
from knowledge.parsing.text import parse_markdown
from tests.knowledge import files

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def places(parsed: Parsed) -> list[tuple[str, str, int | None]]:
    """(heading path, text, page) of each block."""
    return [
        (block.heading_path, parsed.text[block.start : block.end].strip(), block.page)
        for block in parsed.blocks
    ]


def test_markdown_keeps_every_character_where_it_was() -> None:
    raw = "Première ligne\r\n\r\n# Titre\r\nÀ la fin 🎉\n"
    parsed = parse_markdown(b"\xef\xbb\xbf" + raw.encode())
    assert parsed.text == raw
    assert [raw[b.start : b.end] for b in parsed.blocks] == [raw[:18], raw[18:]]


def test_markdown_headings_make_a_path_and_fences_do_not() -> None:
    text = "# A\none\n## B ##\ntwo\n```\n# no heading\n```\nC\n=\nthree\n\nD\n---\nfour\n"
    assert [path for path, _, _ in places(parse_markdown(text.encode()))] == [
        "A",
        "A > B",
        "C",
        "C > D",
    ]


def test_wiki_headings_make_a_path() -> None:
    parsed = parse_markdown(b" = Film = \nintro\n = = Cast = = \nnames\n== Plot ==\nstory\n")
    assert [path for path, _, _ in places(parsed)] == ["Film", "Film > Cast", "Film > Plot"]


@pytest.mark.parametrize(
    "line", ["a = b = c", "====", "= =", "x == y", "| - | - |", "- item", "#hashtag", "1. one"]
)
def test_what_only_looks_like_a_heading_is_none(line: str) -> None:
    assert len(parse_markdown(f"words\n\n{line}\n\nmore\n".encode()).blocks) == 1


def test_the_first_heading_is_the_title() -> None:
    assert parse_markdown(b"intro\n\n# Returns and refunds\n\ntext").title == "Returns and refunds"


def test_unseen_characters_are_blanked_where_offsets_count_and_removed_elsewhere() -> None:
    text = "pay\u202enow\u200b \U000e0041x\x07 \u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645"
    assert len(blank_invisible(text)) == len(text)
    assert blank_invisible(text)[3] == " "
    assert remove_invisible(text) == "paynow x \u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("caf\u00e9".encode(), "caf\u00e9"),
        ("caf\u00e9".encode("cp1252"), "caf\u00e9"),
        (b"\xff\xfe" + "caf\u00e9".encode("utf-16-le"), "caf\u00e9"),
        (b"\xef\xbb\xbfa\r\nb\r", "a\r\nb\r"),
    ],
)
def test_text_is_decoded_by_mark_then_utf8_then_windows(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_pdf_text_carries_its_page_and_its_outline() -> None:
    data = files.make_pdf(
        ["First page.", "Second page.", "Third page."], outline=[("Intro", 0), ("Details", 2)]
    )
    seen: list[tuple[int, int]] = []
    parsed = parse_pdf(data, lambda done, total: seen.append((done, total)))
    assert places(parsed) == [
        ("Intro", "First page.", 1),
        ("Intro", "Second page.", 2),
        ("Details", "Third page.", 3),
    ]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert parsed.pages == 3


def test_pdf_lines_broken_by_the_page_width_are_joined() -> None:
    page = "This sentence is broken by the width of the page and\ngoes on here.\n\nNew one."
    parsed = parse_pdf(files.make_pdf([page]), lambda done, total: None)
    assert "the page and goes on here." in parsed.text


def test_docx_has_headings_and_tables() -> None:
    data = files.make_docx(
        ("Title", "Handbook"),
        ("Normal", "Welcome."),
        ("Heading 1", "Returns"),
        ("Normal", "Within 30 days."),
        table=[["Model", "Months"], ["X1", "24"]],
    )
    assert places(parse_docx(data)) == [
        ("Handbook", "Handbook\n\nWelcome.", None),
        ("Handbook > Returns", "Returns\n\nWithin 30 days.\n\nModel | Months\nX1 | 24", None),
    ]


def test_docx_has_what_stands_beside_its_text() -> None:
    box = (
        "<w:r><mc:AlternateContent {}><mc:Choice Requires='wps'><w:drawing><w:txbxContent>"
        "<w:p><w:r><w:t>Valve: panel C4</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice>"
        "<mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>Valve: panel C4</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent>{}</w:r>"
    ).format(
        "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'",
        "<w:footnoteReference w:id='2'/>",
    )
    notes = (
        "<w:footnotes {}><w:footnote w:type='separator' w:id='0'><w:p><w:r><w:t>-----</w:t></w:r></w:p>"
        "</w:footnote><w:footnote w:id='2'><w:p><w:r><w:t>Deposit: 80</w:t></w:r></w:p></w:footnote>"
        "</w:footnotes>"
    ).format(f"xmlns:w='{W}'")
    footer = "<w:ftr xmlns:w='{}'><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:ftr>"
    data = files.edit_docx(
        files.make_docx(("Normal", "Boiler."), ("Normal", "Next.")),
        {
            "word/document.xml": lambda xml: xml.replace("</w:p>", f"{box}</w:p>", 1),
            "word/footnotes.xml": lambda _: notes,
            "word/footer1.xml": lambda _: footer.format(W, "Call 0555"),
            "word/footer2.xml": lambda _: footer.format(W, "Call 0555"),
            "word/footer3.xml": lambda _: footer.format(W, "7 / 9"),
        },
    )
    assert parse_docx(data).text.split("\n\n") == [
        "Boiler.", "Valve: panel C4", "Deposit: 80", "Next.", "Call 0555",
    ]  # fmt: skip


def test_docx_of_word_on_the_web_is_read() -> None:
    data = files.edit_docx(files.make_docx(("Normal", "Open at nine.")), {}, text="document2")
    assert find_kind(data, "a.docx") == "docx"
    assert parse_docx(data).text == "Open at nine."


def test_html_shows_what_a_reader_sees() -> None:
    parsed = parse_html(
        b"""<!doctype html><html><head><title> Help
        centre </title><style>p{}</style></head><body><nav>Menu</nav><main>
        <h1>Returns</h1><p>Within <b>30</b> days.</p><p style="display:none">SECRET</p>
        <p hidden>SECRET</p><!-- SECRET --><script>SECRET</script><h2>Costs</h2>
        <ul><li>Free</li><li>Always</li></ul>
        <table><tr><th>Model</th><th>Months</th></tr><tr><td>X1</td><td><p>24</p></td></tr></table>
        </main></body></html>"""
    )
    assert parsed.title == "Help centre"
    assert places(parsed) == [
        ("Returns", "Returns\n\nWithin 30 days.", None),
        ("Returns > Costs", "Costs\n\nFree\n\nAlways\n\nModel | Months\n--- | ---\nX1 | 24", None),
    ]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        # Some systems put each of their pages into one form.
        (
            "<form><input name=q><h1>Pool</h1><p>On weekdays the pool closes at a quarter to nine in "
            "the evening.</p><label>Find</label><select><option>All</select></form>",
            "Pool\n\nOn weekdays the pool closes at a quarter to nine in the evening.",
        ),
        (
            "<form><h3><button>May dogs come in?</button></h3><div>Yes, on a lead, in every room but the "
            "sauna and the kitchen of the house.</div></form>",
            "May dogs come in?\n\nYes, on a lead, in every room but the sauna and the kitchen of the "
            "house.",
        ),
        ("<p>Pool</p><form><label>Your name</label><input><button>Send</button></form>", "Pool"),
        ("<main></main><div><p>Hall</p></div>", "Hall"),
        ("<main><h1>Hall</h1></main><section><p>Hire: 50</p></section>", "Hall\n\nHire: 50"),
        ("<header>Menu</header><main><header>Hall</header></main><footer>Legal</footer>", "Hall"),
        ("<header>Hall</header><p>Hire</p><footer>Call 0555</footer>", "Hall\n\nHire\n\nCall 0555"),
    ],
)
def test_a_page_is_what_stands_on_it_wherever_it_stands(page: str, text: str) -> None:
    assert parse_html(f"<body>{page}</body>".encode()).text == text


@pytest.mark.parametrize("tag", ["<table><tr><td>", "<form>"])
def test_nested_tables_and_forms_are_told_apart_in_one_walk(tag: str) -> None:
    page = tag.encode() * 50_000 + b"<h2>x</h2>" * 50_000
    began = process_time()
    parse_html(b"<body>" + page)
    assert process_time() - began < 15


def test_html_is_decoded_as_it_says() -> None:
    page = '<html><head><meta charset="iso-8859-2"></head><body>\u017cółw</body></html>'
    assert parse_html(page.encode("iso-8859-2")).text == "\u017cółw"


def test_the_child_gives_what_the_parser_gives(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("# Ä\n\nText mit 🎉.\n".encode())
    assert parse_file(path, "a.md", lambda done, total: None) == parse_markdown(path.read_bytes())


def test_the_child_reports_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(files.make_pdf(["words"] * 50))
    seen: list[tuple[int, int]] = []
    parse_file(path, "a.pdf", lambda done, total: seen.append((done, total)))
    assert seen[0] == (1, 50)
    assert seen[-1] == (50, 50)


def test_the_content_decides_where_the_name_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(files.make_pdf(["Found by its content."]))
    assert parse_file(path, "upload", lambda done, total: None).text == "Found by its content."


def test_markdown_settings_are_for_the_generator_of_the_site() -> None:
    source = '---\ntitle: "Opening hours"\ntags:\n  - shop\n---\n\n# Hours\n\nFrom nine.\n'
    parsed = parse_markdown(source.encode())
    assert parsed.title == "Opening hours"
    assert len(parsed.text) == len(source)
    assert parsed.text.split() == ["#", "Hours", "From", "nine."]
    # Rules around text are none.
    for text in (
        "Hello: there we go\nand on.",
        "# Hours\n\nFrom nine.\n",
        "Note: closed.\n\nIt costs 5.",
    ):
        assert parse_markdown(f"---\n{text}\n---\n".encode()).text.startswith("---")


def test_a_heading_says_what_it_says_without_its_anchor() -> None:
    parsed = parse_markdown(b'# <a id="care"></a>Care\n\nWash it.\n')
    assert (parsed.title, parsed.blocks[-1].heading_path) == ("Care", "Care")
