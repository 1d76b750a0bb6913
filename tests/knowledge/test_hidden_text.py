"""Only what a reader sees is read: whatever hides SECRET from one, it is not in the text, and what
only looks hidden is."""

import io

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt, RGBColor

from knowledge.parsing.docx import parse_docx
from knowledge.parsing.html import parse_html
from knowledge.parsing.pdf import parse_pdf
from knowledge.parsing.text import parse_markdown, parse_text
from tests.knowledge.bombs import docx_of, pdf_of

HIDDEN_MARKUP = [
    "<!-- SECRET -->",
    "<!-- INTERNAL\n\nSECRET\n-->",
    "Words <!-- SECRET --> and words",
    "<!--SECRET\nwithout an end",
    "<!-- a --><!-- SECRET -->",
    "<? SECRET ?>",
    "<![CDATA[ SECRET ]]>",
    "<script>SECRET</script>",
    "<STYLE>\n.SECRET {}\n</STYLE>",
    "<template><b>SECRET</b></template>",
    "<div hidden>SECRET</div>",
    "<div class='x' HIDDEN>a <div>b</div> SECRET</div>",
    '<span style="display:none">SECRET</span>',
    "<span style='Display : None !important'>SECRET</span>",
    '<p style="font-size:0">SECRET</p>',
    '<p style="position:absolute;left:-9999px">SECRET</p>',
    '<p style="opacity:0">SECRET</p>',
    '<p style="color:#fff;background:#fff">SECRET</p>',
    '<p style="height:0;overflow:hidden">SECRET</p>',
    '<p style="visibility: hidden">SECRET</p>',
]
HIDDEN_MARKDOWN = [
    *HIDDEN_MARKUP,
    "[//]: # (SECRET)",
    "[comment]: <> (SECRET)",
    '[internal]: /SECRET "SECRET"',
    "[x]: # 'SECRET'",
]
SHOWN_MARKDOWN = [
    "```\n<!-- SHOWN -->\n```",
    "~~~html\n<div hidden>SHOWN</div>\n~~~",
    "Write `<!-- SHOWN -->` there",
    "a <!-- SHOWN",
    "1 < 2 and SHOWN > 1",
    "<div>SHOWN</div>",
    '<p style="color:red">SHOWN</p>',
    "[SHOWN](http://example.com)",
    "[Note]: this is SHOWN to everybody",
    "[^1]: SHOWN",
    '<a title="hidden">SHOWN</a>',
    '<p style="font-size:1.2em">SHOWN</p>',
    '<p style="left:-10px">SHOWN</p>',
]


@pytest.mark.parametrize("markup", HIDDEN_MARKDOWN)
def test_what_markdown_hides_is_blank(markup: str) -> None:
    raw = f"# Guide\n\nFirst.\n\n{markup}\n"
    parsed = parse_markdown(raw.encode())
    assert "SECRET" not in parsed.text
    assert len(parsed.text) == len(raw)
    assert parsed.text.startswith("# Guide\n\nFirst.\n\n")


@pytest.mark.parametrize("markup", SHOWN_MARKDOWN)
def test_what_markdown_shows_is_read(markup: str) -> None:
    assert "SHOWN" in parse_markdown(f"Words.\n\n{markup}\n\nMore.\n".encode()).text


def test_a_tag_ends_with_its_own_name() -> None:
    parsed = parse_markdown(b"<b hidden>x<br>x</body>x<b>x</b>x</b> Shown <br hidden> this.")
    assert parsed.text.split() == ["Shown", "<br", "hidden>", "this."]


def test_text_after_what_is_hidden_is_read() -> None:
    parsed = parse_markdown(b"<!-- a -->One <b hidden>x</b>two\n\n<script>y</script>\nThree\n")
    assert parsed.text.split() == ["One", "two", "Three"]


def test_plain_text_hides_nothing() -> None:
    assert parse_text(b"<!-- SHOWN -->").text == "<!-- SHOWN -->"


HIDDEN_HTML = [
    *(markup for markup in HIDDEN_MARKUP if "without an end" not in markup),
    "<style>.a{display:none}</style><p class=a>SECRET</p>",
    "<style>/* {} */ #x , .b { color: red; visibility:hidden }</style><p class=b>SECRET</p>",
    "<style>p.c span {font-size:0}</style><p class=c>a <span>SECRET</span></p>",
    "<p style='color:white'>SECRET</p>",
    "<font color='#FFFFFF'>SECRET</font>",
    "<video>SECRET</video>",
    "<p aria-hidden=true><span hidden>SECRET</span>SECRET</p>",
]
SHOWN_HTML = [
    "<p style='color:white;background:navy'>SHOWN</p>",
    "<div style='background:navy'><p style='color:white'>SHOWN</p></div>",
    "<div class=dark><p style='color:white'>SHOWN</p></div>",
    "<style>.a:hover{display:none} @media print{.a{display:none}}</style><p class=a>SHOWN</p>",
    "<style>.a{display:none</style><p>SHOWN</p>",
    "<style>..{display:none}</style><p>SHOWN</p>",
    "<details><summary>More</summary>SHOWN</details>",
]


@pytest.mark.parametrize("markup", HIDDEN_HTML)
def test_what_a_page_hides_is_left_out(markup: str) -> None:
    text = parse_html(f"<html><body><p>First.</p>{markup}<p>Last.</p></body></html>".encode()).text
    assert "SECRET" not in text
    assert text.startswith("First.")
    assert text.endswith("Last.")


@pytest.mark.parametrize("markup", SHOWN_HTML)
def test_what_a_page_shows_is_read(markup: str) -> None:
    page = f"<html><body><p>First.</p>{markup}<p>Last.</p></body></html>"
    assert "SHOWN" in parse_html(page.encode()).text


def word_text(document: object) -> str:
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return parse_docx(buffer.getvalue()).text


@pytest.mark.parametrize(
    "place", ["run", "run style", "paragraph style", "based on", "cell", "row"]
)
def test_what_word_hides_is_left_out(place: str) -> None:
    document = docx.Document()
    document.add_paragraph("First.")
    cell = document.add_table(1, 2).cell(0, 0)
    cell.text = "Cell."
    target = cell.paragraphs[0] if place in ("cell", "row") else document.add_paragraph("Words. ")
    run = target.add_run("SECRET")
    if place in ("run", "cell"):
        run.font.hidden = True
    elif place == "row":
        row = document.tables[0].rows[0]._tr
        row.get_or_add_trPr().append(parse_xml(f"<w:hidden {nsdecls('w')}/>"))
    else:
        kind = WD_STYLE_TYPE.CHARACTER if place == "run style" else WD_STYLE_TYPE.PARAGRAPH
        style = document.styles.add_style("Internal", kind)
        style.font.hidden = True
        if place == "based on":
            derived = document.styles.add_style("Derived", kind)
            derived.base_style, style = style, derived
        (run if place == "run style" else target).style = style
    text = word_text(document)
    assert "SECRET" not in text
    assert "First." in text
    assert ("Cell." in text) is (place != "row")


def test_white_and_tiny_text_of_word_is_left_out_unless_its_ground_is_dark() -> None:
    document = docx.Document()
    first = document.add_paragraph("First.")
    first.add_run("SECRET").font.color.rgb = RGBColor(255, 255, 255)
    first.add_run("SECRET").font.size = Pt(1)
    shaded = document.add_paragraph()
    run = shaded.add_run("Shaded.")
    run.font.color.rgb = RGBColor(255, 255, 255)
    run._r.get_or_add_rPr().append(parse_xml(f"<w:shd {nsdecls('w')} w:fill='000000'/>"))
    head = document.add_table(1, 1).cell(0, 0).paragraphs[0].add_run("Head.")
    head.font.color.rgb = RGBColor(255, 255, 255)
    text = word_text(document)
    assert "SECRET" not in text
    assert "Shaded." in text
    assert "Head." in text


@pytest.mark.parametrize(
    "body",
    [
        "<w:p><w:del><w:r><w:delText>SECRET</w:delText></w:r></w:del></w:p>",
        "<w:p><w:moveFrom><w:r><w:t>SECRET</w:t></w:r></w:moveFrom></w:p>",
        "<w:p><w:r><w:instrText>SECRET</w:instrText></w:r></w:p>",
        "<w:p><w:r><w:rPr><w:vanish w:val='true'/></w:rPr><w:t>SECRET</w:t></w:r></w:p>",
        "<w:p><w:hyperlink><w:r><w:rPr><w:vanish/></w:rPr><w:t>SECRET</w:t></w:r></w:hyperlink></w:p>",
        "<w:sdt><w:sdtContent><w:p><w:r><w:rPr><w:specVanish/></w:rPr><w:t>SECRET</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>",
    ],
)
def test_other_ways_of_word_to_hide(body: str) -> None:
    shown = "<w:p><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>Shown.</w:t></w:r></w:p>"
    assert parse_docx(docx_of(shown + body)).text == "Shown."


def layered_pdf(content: bytes) -> bytes:
    """Layer L1 is switched off, L2 is on, L3 is a group of L1 alone; the form X stands in L1."""
    form = b"BT /F1 12 Tf 50 300 Td (FORM SECRET) Tj ET"
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [6 0 R 7 0 R] "
            b"/D << /OFF [6 0 R] /Order [6 0 R 7 0 R] >> >> >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << "
            b"/Font << /F1 5 0 R >> /Properties << /L1 6 0 R /L2 7 0 R /L3 8 0 R >> "
            b"/XObject << /X 9 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            b"<< /Type /OCG /Name (Internal) >>",
            b"<< /Type /OCG /Name (Public) >>",
            b"<< /Type /OCMD /OCGs [6 0 R] /P /AllOn >>",
            b"<< /Type /XObject /Subtype /Form /OC 6 0 R /BBox [0 0 595 842] /Resources << /Font "
            b"<< /F1 5 0 R >> >> /Length %d >>\nstream\n%b\nendstream" % (len(form), form),
        ]
    )


@pytest.mark.parametrize(
    "hidden",
    [
        b"/OC /L1 BDC BT /F1 12 Tf 50 650 Td (SECRET) Tj ET EMC",
        b"/OC /L3 BDC BT /F1 12 Tf 50 650 Td (SECRET) Tj ET EMC",
        b"/OC /L2 BDC /OC /L1 BDC BT /F1 12 Tf 50 650 Td (SECRET) Tj ET EMC EMC",
        b"/X Do",
        b"q 1 g BT /F1 12 Tf 50 650 Td (SECRET) Tj ET Q",
        b"q 1 1 1 rg BT /F1 12 Tf 50 650 Td (SECRET) Tj ET Q",
        b"BT /F1 0.05 Tf 50 650 Td (SECRET) Tj ET",
        b"BT 3 Tr /F1 12 Tf 50 650 Td (SECRET) Tj 0 Tr ET",
        b"BT /F1 12 Tf 50 -300 Td (SECRET) Tj ET",
        b"q 0.01 0 0 0.01 0 0 cm BT /F1 12 Tf 50 650 Td (SECRET) Tj ET Q",
    ],
)
def test_what_a_pdf_does_not_show_is_left_out(hidden: bytes) -> None:
    content = b"BT /F1 12 Tf 50 700 Td (First.) Tj ET\n%b\n"
    content += b"/OC /L2 BDC BT /F1 12 Tf 50 600 Td (Layer.) Tj ET EMC"
    content += b"\nq 0 g 40 440 200 30 re f BT 1 g /F1 12 Tf 50 450 Td (On black.) Tj ET Q"
    text = parse_pdf(layered_pdf(content % hidden), lambda done, total: None).text
    assert "SECRET" not in text
    assert text.split() == ["First.", "Layer.", "On", "black."]
