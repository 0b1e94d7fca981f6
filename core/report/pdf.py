"""A report as PDF: A4, numbered pages, text that can be selected, charts as vectors."""

from __future__ import annotations

import io
import re
import threading
from datetime import UTC, datetime, time
from typing import Any

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, NextPageTemplate, PageBreak, PageTemplate

from core.report import drawn
from core.report.parts import Report
from core.report.sheets import GREY, LINE, Placed, flow, letters
from core.report.typeface import REGULAR, text_of

MARGIN, TOP, BOTTOM, GUTTER = 15 * mm, 18 * mm, 17 * mm, 8 * mm
WIDTH = A4[0] - 2 * MARGIN
COLUMN = (WIDTH - GUTTER) / 2
AUTHOR = "Solar Mining Calculator"
_ONE_AT_A_TIME = threading.Lock()  # typefaces are shared by all papers of a process


def pdf(report: Report) -> bytes:
    """The report as PDF; the same report makes the same bytes."""
    with _ONE_AT_A_TIME:
        raw, placed = _written(report)
    return _with_charts(raw, placed, report)


def _written(report: Report) -> tuple[bytes, list[Placed]]:
    """The pages without their charts, and where these go."""
    letters()
    raw, placed = io.BytesIO(), list[Placed]()
    doc = BaseDocTemplate(raw, pagesize=A4, invariant=1, pageCompression=1, title=text_of(report.title), author=AUTHOR)
    height = A4[1] - TOP - BOTTOM
    frame: dict[str, Any] = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}
    whole = Frame(MARGIN, BOTTOM, WIDTH, height, **frame)
    halves = [Frame(x, BOTTOM, COLUMN, height, **frame) for x in (MARGIN, MARGIN + COLUMN + GUTTER)]
    doc.addPageTemplates([PageTemplate("whole", [whole]), PageTemplate("columns", halves)])
    story = flow(report, report.sections, WIDTH, placed, first=1)
    story += [NextPageTemplate("columns"), PageBreak()]
    story += flow(report, report.appendix, COLUMN, placed, first=len(report.sections) + 1)
    doc.build(story, canvasmaker=lambda *args, **kwargs: _Numbered(report, *args, **kwargs))
    return raw.getvalue(), placed


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab carries no types
    """Pages that know how many there are: each is kept until the last is known."""

    def __init__(self, report: Report, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args, **{**kwargs, "initialFontName": REGULAR}
        )  # no other typeface is named, let alone missing
        self._report, self._kept = report, list[dict[str, Any]]()

    def showPage(self) -> None:  # noqa: N802  the library's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for state in self._kept:
            self.__dict__.update(state)
            self._edge(len(self._kept))
            super().showPage()
        super().save()

    def _edge(self, count: int) -> None:
        """Head and foot of a page."""
        report, right = self._report, MARGIN + WIDTH
        self.setStrokeColor(LINE)
        self.setLineWidth(0.5)
        self.line(MARGIN, BOTTOM - 4 * mm, right, BOTTOM - 4 * mm)
        foot = f"{report.on:%d %B %Y} · model {report.model_version} · scenario {report.digest}"
        letters().draw(self, MARGIN, BOTTOM - 8 * mm, foot, 7, GREY)
        letters().draw(self, right, BOTTOM - 8 * mm, f"Page {self._pageNumber} of {count}", 7, GREY, to_left=True)
        if self._pageNumber > 1:
            letters().draw(self, MARGIN, A4[1] - 12 * mm, letters().fitted(report.title, 7, 0.75 * WIDTH), 7, GREY)
            letters().draw(self, right, A4[1] - 12 * mm, "Solar mining report", 7, GREY, to_left=True)


def _with_charts(raw: bytes, placed: list[Placed], report: Report) -> bytes:
    """The pages with each chart where it belongs, and what the paper is about."""
    book = PdfWriter(clone_from=PdfReader(io.BytesIO(raw)))
    for number, spot in enumerate(placed, 1):
        _place(book, spot, f"/Chart{number}")
    for page in book.pages:
        _tidy_fonts(page)
    made = datetime.combine(report.on, time(), tzinfo=UTC).strftime("D:%Y%m%d%H%M%S+00'00'")
    about = {
        "/Title": f"{text_of(report.title)}: report",
        "/Author": AUTHOR,
        "/Subject": f"Solar mining report, {text_of(report.site)}",
        "/Keywords": f"scenario {report.digest}, model {report.model_version}",
        "/Creator": AUTHOR,
        "/CreationDate": made,
        "/ModDate": made,
    }
    book.add_metadata(about)
    book.root_object[NameObject("/Lang")] = TextStringObject("en")
    shown = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    book.root_object[NameObject("/ViewerPreferences")] = shown
    for page in book.pages:
        page.compress_content_streams()
    out = io.BytesIO()
    book.write(out)
    return out.getvalue()


def _place(book: PdfWriter, spot: Placed, name: str) -> None:
    """Put a chart on its page as a form of its own: shadings in it lie where the form lies."""
    picture = PdfReader(io.BytesIO(drawn.pdf_of(spot.svg))).pages[0]
    _order(picture["/Resources"], set())
    content, page = picture.get_contents(), book.pages[spot.page - 1]
    assert content is not None, "every chart draws something"
    form = StreamObject()
    form.set_data(content.get_data())
    box = ArrayObject(map(FloatObject, picture.mediabox))
    form.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): box,
        }
    )
    form[NameObject("/Resources")] = picture["/Resources"].clone(book)
    forms = _dict(page["/Resources"]).setdefault(NameObject("/XObject"), DictionaryObject())
    _dict(forms)[NameObject(name)] = book._add_object(form.flate_encode())
    scale = spot.width / float(picture.mediabox.width)
    drawing = f"q {scale:.6f} 0 0 {scale:.6f} {spot.x:.4f} {spot.y:.4f} cm {name} Do Q".encode()
    under = page.get_contents()
    assert under is not None, "every page has a foot"
    whole = StreamObject()
    whole.set_data(b"q\n" + under.get_data() + b"\nQ\n" + drawing)
    page[NameObject("/Contents")] = book._add_object(whole)


def _tidy_fonts(page: PageObject) -> None:
    """Keep to the typefaces that come along, and say what characters beyond the first 65,536 are as the format has it.

    That is in two halves; reportlab writes them whole.
    """
    fonts = _dict(_dict(page["/Resources"])["/Font"])
    for name in [name for name, font in fonts.items() if "/FontDescriptor" not in _dict(font)]:
        del fonts[name]  # reportlab names its standard typeface on every page, though nothing is set in it
    for font in fonts.values():
        told = _dict(font).get("/ToUnicode")
        if told is None:
            continue
        stream = told.get_object()
        assert isinstance(stream, StreamObject)
        stream.set_data(re.sub(rb"<([0-9A-F]{5,6})>", _halves, stream.get_data()))


def _halves(found: re.Match[bytes]) -> bytes:
    return b"<" + chr(int(found[1], 16)).encode("utf-16-be").hex().upper().encode() + b">"


def _dict(thing: PdfObject) -> DictionaryObject:
    found = thing.get_object()
    assert isinstance(found, DictionaryObject)
    return found


def _order(thing: PdfObject, seen: set[int]) -> None:
    """Sort the names in every dictionary below `thing`: the engine writes them in an order of its own each time."""
    if isinstance(thing, IndirectObject):
        if thing.idnum in seen:
            return
        seen.add(thing.idnum)
    found = thing.get_object()
    if isinstance(found, DictionaryObject):
        items = sorted(found.items())
        found.clear()
        found.update(items)
    parts = found.values() if isinstance(found, DictionaryObject) else found if isinstance(found, ArrayObject) else ()
    for part in list(parts):
        _order(part, seen)
