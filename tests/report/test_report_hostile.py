"""Names that attack: in report, PDF and workbook they are text and nothing more. SEC-11, FILE-08."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import openpyxl
import pytest
from playwright.sync_api import sync_playwright
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from core.exports_plan import plan_workbook
from core.report import report, written
from core.report.pdf import WIDTH
from core.report.sheets import letters
from core.report.typeface import MISSING, REGULAR, runs, seen, text_of
from core.results import Projection
from tests.browser.dashboard import chromium_path, launch
from tests.report.papers import ON, Page, case, pdf_text, squeezed

CANARY = "http://127.0.0.1:9/canary"
HOSTILE = [
    "<script>alert(1)</script>",
    f'<img src="{CANARY}" onerror="alert(1)">',
    f"![x]({CANARY})",
    f"[click]({CANARY})",
    r"$\LaTeX$ \frac{1}{2} $$x$$",
    "\u202egnp.exe\u202c right to left override",
    "😀" * 60,
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "zero\0byte",
    '=HYPERLINK("http://127.0.0.1:9/","x")',
    "=cmd|'/C calc'!A0",
    "</style><script>alert(1)</script>",
    "</svg><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "&lt;b&gt;&amp;&#x3c;script&#x3e;",
    "<r>rich</r>",
    "<b>bold</b> <i>x</i> <font color=red size=99>big</font>",
    '<para align="right">x</para>',
    '<a href="http://127.0.0.1:9/">x</a>',
    "<br/><seq/><onDraw name='x'/>",
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "%s %d %n {0} {name}",
    ":material/delete: :red[x] :rocket:",
    "`code` **bold** _it_ ~~no~~ # h",
    "東京のマイニング農場",
    "Солнечная ферма «Ёлка»",
    "مزرعة شمسية",
    "חוות כרייה",
    "Ελληνικό ορυχείο Ω≈ç√∫˜µ≤≥÷",
    "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤",
    "a" * 119,
    "x\u2028y\u2029z\u0085",
    "\ufeffBOM \u200b\u200b zero width \u00ad soft",
    "../../etc/passwd",
    "C:\\con\\nul",
    "'; DROP TABLE scenarios; --",
    "\u2066isolate\u2069 \u061c mark",
]
# elements that a report is made of
OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "div", "p", "h1", "h2", "h3", "span", "bdi", "dl",
    "dt", "dd", "data", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "g", "path", "rect", "line", "text",
    "defs", "clippath", "lineargradient", "stop", "tspan",
}  # fmt: skip
SMALLEST_PT = 6.1
ACTIONS = {"/JS", "/JavaScript", "/OpenAction", "/AA", "/URI", "/Launch", "/EmbeddedFiles", "/RichMedia", "/SubmitForm"}


def renamed(names: list[str]) -> Projection:
    """The example's answer for a plan in which all that has a name is called so."""
    answer = case("example", risk=False).answer
    first, second, third, fourth, *rest = names
    machine = {"hashrate_ths": 234.0, "power_w": 3510.0, "price_usd": 1920.0, "count": 1}
    changes = {"name": first, "site.name": second, "grid.tariff.name": third, "grid.tariff.source": fourth}
    plan = answer.scenario.but({**changes, "fleet.units": [{**machine, "model": name} for name in rest]})
    return replace(answer, scenario=plan)


def turned(by: int) -> list[str]:
    """All of them, another four where a title, a place, a tariff and its source stand."""
    return [*HOSTILE[by:], *HOSTILE[:by]]


def test_there_are_fifty_that_a_plan_takes() -> None:
    assert len(HOSTILE) >= 50
    names = json.loads(renamed(HOSTILE).scenario.to_json())
    assert {names["name"], names["site"]["name"], *(unit["model"] for unit in names["fleet"]["units"])} <= set(HOSTILE)


@pytest.mark.parametrize("by", range(0, 12, 4))
def test_html_shows_them_and_has_no_element_of_theirs(by: int) -> None:
    page = Page(written(report(renamed(turned(by)), ON), "html"))
    assert {tag for tag, _ in page.elements} <= OURS
    assert not {key for _, attributes in page.elements for key in attributes if key.startswith("on")}
    for name in HOSTILE:
        assert text_of(name) in page.text, name


@pytest.mark.parametrize("by", range(0, 12, 4))
def test_pdf_shows_them_and_does_nothing(by: int) -> None:
    content = written(report(renamed(turned(by)), ON), "pdf")
    text = pdf_text(content)
    for name in HOSTILE:
        shown = "".join(piece for _, piece in runs(name, letters().has, REGULAR))
        # a reader turns what runs leftward back, a word at a time
        turned_back = all(word in text or word[::-1] in text for word in shown.split()) and seen(shown) != shown
        assert squeezed(shown) in text or turned_back, name
    assert not _keys(content) & ACTIONS


def test_what_the_typefaces_have_is_not_replaced() -> None:
    for name in ("Солнечная ферма", "Ελληνικό ορυχείο", "חוות כרייה", "مزرعة", "Ω≈ç√∫", "→ ₿ € −"):
        assert MISSING not in "".join(piece for _, piece in runs(name, letters().has, REGULAR))
    assert "".join(piece for _, piece in runs("東京", letters().has, REGULAR)) == MISSING * 2
    assert text_of("\u202eabc\0") == f"{MISSING}abc{MISSING}"


def test_what_is_written_leftward_is_turned_about() -> None:
    assert seen("plan \u05d0\u05d1 \u05d2\u05d3 42") == "plan \u05d3\u05d2 \u05d1\u05d0 42"
    assert seen("abc def") == "abc def"
    assert seen("") == ""
    assert seen("\u05d1\u05b0\u05d0") == "\u05d0\u05d1\u05b0"  # a mark stays on its letter


def test_the_workbook_holds_them_as_text() -> None:
    book = openpyxl.load_workbook(io.BytesIO(plan_workbook(renamed(HOSTILE))))
    cells = [
        cell for row in book["Assumptions"].iter_rows(min_col=4, max_col=4) for cell in row if cell.value is not None
    ]
    kept = {cell.value for cell in cells if cell.data_type == "s"}
    assert not [cell for cell in cells if cell.data_type == "f"]
    for name in ("=1+1", "+1+1", "-1+1", "@SUM(1+1)", "＝1+1", "<script>alert(1)</script>", "=cmd|'/C calc'!A0"):
        assert name in kept
    assert not [cell for row in book["Summary"].iter_rows() for cell in row if cell.data_type == "f"]


def test_the_longest_names_keep_to_the_paper() -> None:
    """A word of 120 letters is broken, and cut short where there is one line."""
    answer = renamed(["W" * 120] * 7)
    content = written(report(answer, ON), "pdf")
    lines = [line for page in PdfReader(io.BytesIO(content)).pages for line in page.extract_text().splitlines()]
    longest = max(line.count("W") for line in lines)
    assert 20 < longest <= WIDTH / letters().width("W", SMALLEST_PT)
    assert letters().width(letters().fitted("W" * 120, 7, 200), 7) <= 200
    assert letters().fitted("short", 7, 200) == "short"


@pytest.mark.browser
def test_a_browser_asks_for_nothing_and_says_nothing(tmp_path) -> None:  # type: ignore[no-untyped-def]
    if not chromium_path():
        pytest.skip("Chromium is not on the path")
    file = tmp_path / "report.html"
    file.write_bytes(written(report(renamed(turned(0)), ON), "html"))
    asked, said = list[str](), list[str]()
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        page = chromium.new_page(viewport={"width": 390, "height": 844})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        page.wait_for_timeout(500)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        chromium.close()
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert said == []
    assert wide <= 0, "nothing runs off a phone"


def _keys(content: bytes) -> set[str]:
    """Names of all entries in all dictionaries of a PDF."""
    book = PdfReader(io.BytesIO(content))
    found: set[str] = set()
    seen: set[int] = set()
    left: list[object] = [book.trailer]
    while left:
        thing = left.pop()
        if isinstance(thing, IndirectObject):
            if thing.idnum in seen:
                continue
            seen.add(thing.idnum)
            thing = thing.get_object()
        if isinstance(thing, DictionaryObject):
            found |= set(map(str, thing))
            left += list(thing.values())
        elif isinstance(thing, ArrayObject):
            left += list(thing)
    assert len(found) > 20
    return found
