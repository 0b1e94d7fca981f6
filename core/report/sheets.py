"""Blocks of a report as pieces that flow over pages of paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer
from reportlab.platypus import Table as Grid

from core.once import Once
from core.report import drawn
from core.report.parts import Beside, Block, Cell, Chart, Figure, Report, Row, Section, Table, Tile, Tiles, Words
from core.report.typeface import BOLD, FILES, FONTS, REGULAR, runs

INK, GREY, ACCENT, LINE, FAINT, PALE = (
    HexColor(code) for code in ("#1C1917", "#57534E", "#B45309", "#A8A29E", "#E7E5E4", "#FFFBEB")
)
GAP = 16.0  # between blocks side by side [pt]
LOOSE, TIGHT = 7.8, 6.1  # type sizes of tables [pt]
ROOM = 110.0  # that must be left on a page for a section to begin there [pt]
MOST_ROWS = 45  # of a table that is kept on one page
HANG = 0.37  # width of a bracket, in type sizes


@dataclass(frozen=True)
class Placed:
    """Where a chart, as SVG, stands: page from 1, lower left corner and width [pt]."""

    svg: str
    page: int
    x: float
    y: float
    width: float


class Letters:
    """The typefaces, and text set in the one that has its characters."""

    def __init__(self) -> None:
        self.has: dict[str, frozenset[int]] = {}
        for name, file in FILES.items():
            font = TTFont(name, str(FONTS / file))
            pdfmetrics.registerFont(font)
            self.has[name] = frozenset(font.face.charToGlyph)

    def markup(self, text: str, first: str) -> str:
        """Text as a paragraph takes it: nothing in it is markup but the change of typeface."""
        return "".join(
            escape(piece) if face == first else f'<font name="{face}">{escape(piece)}</font>'
            for face, piece in runs(text, self.has, first)
        )

    def width(self, text: str, size: float) -> float:
        """How wide a line of text is [pt]."""
        return float(sum(pdfmetrics.stringWidth(piece, face, size) for face, piece in runs(text, self.has, REGULAR)))

    def fitted(self, text: str, size: float, most: float) -> str:
        """`text`, cut short with an ellipsis where it is wider than `most` [pt]."""
        if self.width(text, size) <= most:
            return text
        kept = next(n for n in range(len(text), -1, -1) if self.width(f"{text[:n]}…", size) <= most)
        return f"{text[:kept]}…"

    def draw(self, canvas: Any, x: float, y: float, text: str, size: float, ink: Any, *, to_left: bool = False) -> None:
        """A line of text, from `x` or up to it."""
        canvas.setFillColor(ink)
        at = x - self.width(text, size) if to_left else x
        for face, piece in runs(text, self.has, REGULAR):
            canvas.setFont(face, size)
            canvas.drawString(at, y, piece)
            at += pdfmetrics.stringWidth(piece, face, size)


@Once
def letters() -> Letters:
    """The typefaces, read once."""
    return Letters()


class Style(NamedTuple):
    """Size, line [pt], colour, weight of some text, and room after it."""

    size: float
    line: float
    ink: Any = INK
    face: str = REGULAR
    after: float = 0.0
    right: bool = False
    hang: float = 0.0  # room at the right, for the bracket that others end with [pt]


TITLE = Style(20, 24.5, face=BOLD, after=3)
OVER = Style(8.5, 12, ACCENT, BOLD)
BY = Style(8.5, 12, GREY, after=5)
HEAD = Style(13, 17, face=BOLD, after=5)
SUBHEAD = Style(8.8, 12, face=BOLD, after=3)
TONES = {
    "lead": Style(12.5, 17, face=BOLD, after=9),
    "plain": Style(8.6, 12.4, after=5),
    "fine": Style(7.4, 10.2, after=4),
    "small": Style(7.2, 10, GREY, after=3),
    "warning": Style(8, 11.2),
}


@cache
def _set(style: Style) -> ParagraphStyle:
    return ParagraphStyle(
        "text",
        fontName=style.face,
        fontSize=style.size,
        leading=style.line,
        textColor=style.ink,
        spaceAfter=style.after,
        alignment=TA_RIGHT if style.right else 0,
        rightIndent=style.hang,
        splitLongWords=1,
        allowWidows=0,
        allowOrphans=0,
    )


def text(words: str, style: Style) -> Paragraph:
    """A paragraph in which everything is literal."""
    return Paragraph(letters().markup(words, style.face), _set(style))


# Sections


def flow(
    report: Report, sections: tuple[Section, ...], width: float, placed: list[Placed], first: int
) -> list[Flowable]:
    """Sections as flowables; where charts come to stand is told to `placed`."""
    appendix = first > 1
    story: list[Flowable] = [] if appendix else _front(report)
    for number, section in enumerate(sections, first):
        begin: list[Flowable] = [_Mark(f"{number} {section.title}"), _heading(number, section)]
        for i, block in enumerate(section.blocks):
            parts = [*(() if i else begin), *_block(block, width, placed)]
            story += [CondPageBreak(ROOM), *parts] if appendix or _is_long(block) else [KeepTogether(parts)]
        story.append(Spacer(0, 9))
    return story


def _is_long(block: Block) -> bool:
    """Whether it may need more than a page, and so is broken where it must be."""
    return isinstance(block, Table) and len(block.rows) > MOST_ROWS


def _front(report: Report) -> list[Flowable]:
    by = f"{report.site} · {report.on:%d %B %Y}"
    return [text("SOLAR MINING REPORT", OVER), text(report.title, TITLE), text(by, BY), _Rule()]


def _heading(number: int, section: Section) -> Paragraph:
    shown = letters().markup(section.title, BOLD)
    return Paragraph(
        f'<font color="{ACCENT.hexval().replace("0x", "#")}">{number}</font>&nbsp;&nbsp;{shown}', _set(HEAD)
    )


class _Rule(Flowable):  # type: ignore[misc]  # reportlab carries no types
    """A line across, under the name of the report."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        return width, 10.0

    def draw(self) -> None:
        self.canv.setStrokeColor(HexColor("#D97706"))
        self.canv.setLineWidth(1.6)
        self.canv.line(0, 8, self.width, 8)


class _Mark(Flowable):  # type: ignore[misc]
    """A place that the outline of the document leads to."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0.0, 0.0

    def draw(self) -> None:
        self.canv.bookmarkHorizontal(self.name, 0, 20)
        self.canv.addOutlineEntry(self.name, self.name, 0)


# Blocks


def _block(block: Block, width: float, placed: list[Placed]) -> list[Flowable]:
    match block:
        case Words():
            return _words(block, width)
        case Tiles():
            return [_tiles(block, width), Spacer(0, 9)]
        case Beside():
            return [_beside(block, width, placed), Spacer(0, 8)]
        case Chart():
            return _chart(block, width, placed)
        case Table():
            return [*_table(block, width), Spacer(0, 7)]


def _words(block: Words, width: float) -> list[Flowable]:
    shown = text(block.text, TONES[block.tone])
    if block.tone != "warning":
        return [shown]
    box = Grid([[shown]], colWidths=[width])
    box.setStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), PALE),
            ("LINEBEFORE", (0, 0), (0, -1), 2, HexColor("#D97706")),
            *_padding(8, 5),
        ]
    )
    return [box, Spacer(0, 5)]


def _padding(side: float, above: float) -> list[tuple[Any, ...]]:
    whole = ((0, 0), (-1, -1))
    return [
        ("LEFTPADDING", *whole, side), ("RIGHTPADDING", *whole, side), ("TOPPADDING", *whole, above), ("BOTTOMPADDING", *whole, above),
        ("VALIGN", *whole, "TOP"),
    ]  # fmt: skip


def _tiles(block: Tiles, width: float, across: int = 4) -> Flowable:
    gap = 6.0
    each = (width - gap * (across - 1)) / across
    lines = [block.tiles[at : at + across] for at in range(0, len(block.tiles), across)]
    cells: list[list[Any]] = []
    style: list[tuple[Any, ...]] = _padding(7, 5)
    for line in lines:
        if cells:
            cells.append([""] * (2 * across - 1))
        cells.append([part for tile in line for part in (_tile(tile), "")][: 2 * across - 1])
        style += [("BOX", (2 * i, len(cells) - 1), (2 * i, len(cells) - 1), 0.6, FAINT) for i in range(len(line))]
    widths = [each if i % 2 == 0 else gap for i in range(2 * across - 1)]
    grid = Grid(cells, colWidths=widths, rowHeights=[gap if i % 2 else None for i in range(len(cells))])
    grid.setStyle(style)
    return grid


def _tile(tile: Tile) -> list[Flowable]:
    return [
        text(tile.label, Style(7, 9.5, GREY)),
        text(tile.figure.text, Style(12.5, 16, face=BOLD)),
        text(tile.note, Style(6.6, 8.6, GREY)),
    ]


def _beside(block: Beside, width: float, placed: list[Placed]) -> Flowable:
    each = (width - GAP) / 2
    sides = [_block(side, each, placed) for side in (block.left, block.right)]
    grid = Grid([[sides[0], "", sides[1]]], colWidths=[each, GAP, each])
    grid.setStyle(_padding(0, 0))
    return grid


def _chart(block: Chart, width: float, placed: list[Placed]) -> list[Flowable]:
    below = [text(block.caption, TONES["small"])] if block.caption else []
    return [text(block.heading, SUBHEAD), _Picture(block, width, placed.append), *below]


class _Picture(Flowable):  # type: ignore[misc]
    """Room for a chart, which tells where it is."""

    def __init__(self, chart: Chart, width: float, tell: Callable[[Placed], None]) -> None:
        super().__init__()
        self.tell, self.svg = tell, drawn.svg(chart)
        across, up = drawn.size(self.svg)
        self.width, self.height = width, width * up / across

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        x, y = self.canv.absolutePosition(0, 0)
        self.tell(Placed(self.svg, self.canv.getPageNumber(), x, y, self.width))


# Tables


def _table(table: Table, width: float) -> list[Flowable]:
    """A table whose heading goes with its first rows, and comes again where it is broken."""
    size = TIGHT if table.small else LOOSE
    count = len(table.columns)
    above: list[list[Any]] = []
    if table.heading:
        above.append([text(table.heading, SUBHEAD), *([""] * (count - 1))])
    if any(table.columns):
        above.append(
            [_cell(name, i, table, Style(size - 0.4, size + 2, GREY, BOLD)) for i, name in enumerate(table.columns)]
        )
    body = [[_cell(cell, i, table, _of(row, size)) for i, cell in enumerate(row.cells)] for row in table.rows]
    shares = table.widths or (1 / count,) * count
    grid = Grid(above + body, colWidths=[width * share for share in shares], repeatRows=len(above))
    grid.setStyle(_lines(table, len(above), size))
    return [grid, *([Spacer(0, 2), text(table.note, TONES["small"])] if table.note else [])]


def _of(row: Row, size: float) -> Style:
    return Style(
        size, size + 2.2, face=BOLD if row.kind != "line" else REGULAR, ink=ACCENT if row.kind == "title" else INK
    )


def _cell(cell: Cell, column: int, table: Table, style: Style) -> Paragraph:
    shown = cell.text if isinstance(cell, Figure) else cell
    hang = HANG * style.size if table.books and not shown.endswith(")") else 0.0
    quiet = style.face == REGULAR and column in table.quiet
    return text(shown, style._replace(right=column in table.right, ink=GREY if quiet else style.ink, hang=hang))


def _lines(table: Table, above: int, size: float) -> list[tuple[Any, ...]]:
    rows = len(table.rows) + above
    style = [
        *_padding(2.5, 0.45 if table.small else 1.6),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
    style += [("LINEBELOW", (0, above), (-1, -1), 0.35, FAINT), ("NOSPLIT", (0, 0), (-1, min(above + 2, rows - 1)))]
    if table.heading:
        style += [("SPAN", (0, 0), (-1, 0)), ("TOPPADDING", (0, 0), (-1, 0), 0)]
    if any(table.columns):
        style.append(("LINEBELOW", (0, above - 1), (-1, above - 1), 0.6, LINE))
    return style
