"""A contract's HTML as PDF: a readable copy. What is signed is the HTML; its SHA-256 stands on every page.

Chinese is set in STSong-Light, a font of the Adobe-GB1 collection that viewers bring along; it is not embedded.
"""

from functools import cache, partial
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from reportlab.lib.colors import HexColor, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Table, TableStyle

from adapters.contracts.reading import CHINESE, Block, Rows, blocks_of, plain

_MARGIN: Final = 20 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN - 12
"""Between the frame's own paddings."""
_INK, _LINE, _SHADE = HexColor("#1a1a1a"), HexColor("#999999"), HexColor("#f0ede4")
_FRAME: Final = 1.5
_KEY_WIDTHS: Final = (0.32 * _WIDTH, 0.68 * _WIDTH)
_NUMBERS: Final = "rows"
"""The class of tables with many lines of plain numbers."""


_GRID: Final = (
    ("GRID", (0, 0), (-1, -1), 0.5, _LINE),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
)
_SPACE: Final[dict[str, Any]] = {"spaceBefore": 4, "spaceAfter": 6}
_BODY: Final = ParagraphStyle(
    "p", fontName="Times-Roman", fontSize=10, leading=13.5, spaceAfter=4, textColor=_INK, splitLongWords=1
)
_SMALL: Final = ParagraphStyle("small", _BODY, fontSize=8, leading=10.5)
_HEADING: Final = ParagraphStyle(
    "h2", _BODY, fontName="Times-Bold", fontSize=11, spaceBefore=9, spaceAfter=2, keepWithNext=1
)
_CELL: Final = ParagraphStyle("td", _BODY, fontSize=9.5, leading=12, spaceAfter=0)
_BOLD_CELL: Final = ParagraphStyle("th", _CELL, fontName="Times-Bold")
_STYLES: Final = {
    "h1": ParagraphStyle("h1", _HEADING, fontSize=16, leading=20),
    "h2": _HEADING,
    "h3": _HEADING,
    "li": ParagraphStyle("li", _BODY, leftIndent=12, bulletText="\u2022"),
    "small": _SMALL,
    "td": _CELL,
    "th": _BOLD_CELL,
    "key": _BOLD_CELL,
}


def as_pdf(text: bytes) -> bytes:
    """Return a contract's text as PDF; the same bytes for the same text. Takes up to half a second of a core."""
    _register_fonts()
    read = blocks_of(text.decode())
    digest, into = sha256(text).hexdigest(), BytesIO()
    document = SimpleDocTemplate(
        into,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=read.title,
        invariant=1,
    )
    footer = partial(_footer, digest)
    document.build(_flowables(read.blocks), onFirstPage=footer, onLaterPages=footer)
    return into.getvalue()


@cache
def _register_fonts() -> None:
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    registerFont(UnicodeCIDFont(CHINESE))
    registerFontFamily(CHINESE, CHINESE, CHINESE, CHINESE, CHINESE)


def _footer(digest: str, canvas: Canvas, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Times-Roman", 7.5)
    canvas.drawString(_MARGIN, 11 * mm, f"Copy of the contract whose text has the SHA-256 {digest}")
    canvas.drawRightString(A4[0] - _MARGIN, 11 * mm, f"page {document.page}")
    canvas.restoreState()


def _flowables(blocks: list[Block | Rows]) -> list[Flowable]:
    """Return what is set on the pages; a heading stays with what follows it."""
    flowables: list[Flowable] = []
    for block in blocks:
        if isinstance(block, Rows):
            flowables += [_table(block)] if any(block.head + block.body) else []
        else:
            flowables.append(Paragraph(block.text, _STYLES.get(block.kind, _BODY)))
    return flowables


def _table(block: Rows) -> Flowable:
    if block.kind == _NUMBERS:
        return _numbers(block)
    key = block.kind == "key"
    head = [[Paragraph(cell, _BOLD_CELL) for cell in row] for row in block.head]
    cells = [
        [Paragraph(cell, _BOLD_CELL if at and key else _CELL) for at, cell in enumerate(row)] for row in block.body
    ]
    table = Table(head + cells, colWidths=_KEY_WIDTHS if key else None, repeatRows=len(head), **_SPACE)
    shade = ("BACKGROUND", (0, 0), (0, -1) if key else (-1, len(head) - 1), _SHADE)
    frame = [("BOX", (0, 0), (-1, -1), _FRAME, black)] if key else []
    table.setStyle(TableStyle([*_GRID, *([shade] if key or head else []), *frame]))
    return table


def _numbers(block: Rows) -> Flowable:
    """Return a table of plain numbers: as strings, since paragraphs of hundreds of lines take seconds."""
    lines = [[plain(cell) for cell in row] for row in (*block.head, *block.body)]
    columns = max(map(len, lines))
    table = LongTable(lines, colWidths=[_WIDTH / columns] * columns, repeatRows=len(block.head), **_SPACE)
    style = [("FONT", (0, 0), (-1, -1), "Times-Roman", 9), ("ALIGN", (0, 0), (-1, -1), "RIGHT")]
    shade = ("BACKGROUND", (0, 0), (-1, len(block.head) - 1), _SHADE)
    table.setStyle(TableStyle([*_GRID, *style, shade]))
    return table
