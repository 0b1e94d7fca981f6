"""Nothing of one visitor reaches another, and in public mode nothing of them is left once they have gone.

Of pages, what no module keeps is looked for in `test_house.py`; what a browser is shown in `browser/test_browser_public.py`.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.scenario import Scenario
from pages.ui.leftovers import LOOK_EVERY_S
from tests.browser.dashboard import OFFLINE, serve
from tests.fetchers import weather_samples
from tests.visitors import Visitor, visiting

ROOT = Path(__file__).parents[1]
FILES = [*sorted(ROOT.glob("core/**/*.py")), *sorted(ROOT.glob("pages/**/*.py"))]
PAGES = (
    "",
    "money",
    "dispatch",
    "risk",
    "sizing",
    "configuration",
    "equipment",
    "market",
    "compare",
    "method",
    "status",
)
FIRST, SECOND = "CanaryOf", "VisitorA"
CANARY = FIRST + SECOND
GONE_S = 1.0 + 4 * LOOK_EVERY_S

# What is kept by arguments, in one process for all its visitors: where, by what, and why no visitor is in it.
KEPT_BY = {
    # figures and words that a page draws with: a scale, a theme, how many rows
    "core.charts": "names: tuple[str, ...] dark: bool halved: bool planned: bool log: bool steps: bool money: bool rows: int title: str line: str months: tuple[str, ...]",
    "core.charts.site._picture": "raw: bytes shape: tuple[int, int] dark: bool",  # a map of heights, as it ships
    # names of what ships with the program, days of the calendar, kinds
    "core.fetchers": "name: str leap: bool step_minutes: int year: int first_year: int years: int last_year: int kind: type[Any] top: int bottom: int left: int right: int every: int ca_file: Path | None",
    "core.report.sheets._set": "style: Style",  # sizes and colours of type
    "core.settings": "home: Path",  # of whoever runs the server
    "core.formulas": "name: str",  # of a figure of the vocabulary
    "core.store.rows._framed": "name: str",  # of a column of a table, or of a type
    "core.models.library": "name: str",
    "core.models.module": "name: str module: Module",  # an entry of the library, and no other
    "core.models.quasi": "months: int",
    # calendars: a zone of the world and a month
    "core.studies.calendar": "timezone: str start_month: str",
    "core.studies.clock": "timezone: str start_month: str",
    "core.studies.tables": "names: tuple[str, ...]",
    "core.studies.variables": "path: str",
    # figures of a machine and of machines on sale, whole, without a name; the oldest of a few go
    "core.studies.fleet._steps": "modes: tuple[float, float]",
    "core.studies.fleet._on_sale": "hardware: Hardware first: np.datetime64 months: int class_ratio: float",
}
BY_FIGURES = ("core.studies.fleet._steps", "core.studies.fleet._on_sale")
SHARED = {
    "pages.ui.session.warm",
    "pages.ui.forms._zones",
    "pages.ui.browser._component",
}  # st.cache_resource: a thread that compiles, names of time zones, a script of the page


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def kept(path: Path) -> Iterator[tuple[str, ast.FunctionDef, str]]:
    """Functions whose results a process keeps: name, definition, decorator."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for how in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            text = ast.unparse(how)
            if text.split("(")[0] in ("cache", "lru_cache", "functools.cache", "functools.lru_cache", "st.cache_resource", "st.cache_data"):  # fmt: skip
                assert isinstance(node, ast.FunctionDef)
                yield f"{module(path)}.{node.name}", node, text


def arguments(node: ast.FunctionDef) -> list[str]:
    given = [
        *node.args.posonlyargs,
        *node.args.args,
        *node.args.kwonlyargs,
        *([node.args.vararg] if node.args.vararg else []),
    ]
    return [f"{one.arg}: {ast.unparse(one.annotation) if one.annotation else ''}" for one in given]


def test_nothing_is_kept_for_all_but_by_what_is_nobodys() -> None:
    seen = 0
    for path in FILES:
        for name, node, how in kept(path):
            if how.startswith("st."):
                assert name in SHARED, name
                assert not arguments(node), f"{name}: what a visitor has may not be an argument of what all share"
                continue
            allowed = (
                KEPT_BY[max((room for room in KEPT_BY if name.startswith(room)), key=len)] if arguments(node) else ""
            )
            for one in arguments(node):
                assert one in allowed, f"{name} is kept by {one}: is it free of what a visitor types?"
            seen += bool(arguments(node))
    assert seen >= 50


def test_what_is_kept_by_figures_is_bounded_and_has_no_name() -> None:
    found = {name: how for path in FILES for name, _, how in kept(path) if name in BY_FIGURES}
    assert set(found) == set(BY_FIGURES)
    assert all("maxsize" in how for how in found.values())
    texts = [name for name, value in Scenario().outlook.hardware.model_dump().items() if isinstance(value, str)]
    assert texts == ["as_of"], "a month"


# Visitors of a server that anybody may use


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A public server whose sessions end soon after their connection, and whose memory may be asked."""
    home = tmp_path_factory.mktemp("privacy") / "home"
    home.mkdir()
    settings = {**OFFLINE, "STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": "1", "PYTHONPATH": str(ROOT)}
    with serve(home, "public", settings, script=ROOT / "tests/served_objects.py") as found:
        yield found
        assert list(home.rglob("*")) == [], "nothing is written, from the start to the end"
        (log,) = home.parent.glob("home.*.log")
        assert CANARY not in log.read_text()


def enter(visitor: Visitor, pages: tuple[str, ...] = PAGES) -> None:
    """What somebody can bring in, names and a file, and a look at pages."""
    visitor.open("configuration")
    for label in ("Scenario name", "Site name"):
        visitor.choose(label, f"{CANARY} {label}", "configuration")
    raw = weather_samples.text(weather_samples.epw()).replace(b"Somewhere", CANARY.encode())
    visitor.give_file("Or upload a weather file", f"{CANARY}.epw", raw, "configuration")
    assert CANARY.encode() in raw
    visitor.states.clear()
    for page in pages:
        visitor.open(page)


def holders(address: str) -> list[str]:
    answer = httpx.get(f"{address}/objects", params={"first": FIRST, "second": SECOND}, timeout=120)
    assert answer.status_code == 200, answer.text
    found: list[str] = answer.json()
    return found


def test_one_visitor_sees_nothing_of_another_who_is_there(address: str) -> None:
    with visiting(address) as one, visiting(address) as other:
        enter(one)
        assert CANARY.encode() in bytes(one.received), "what one typed comes back to them"
        for page in PAGES:
            other.open(page)
        assert b"Example" in bytes(other.received)
        assert CANARY.encode() not in bytes(other.received)
        told = [
            httpx.get(f"{address}{path}").text
            for path in ("/metrics", "/api/v1/health/ready", "/api/v1/jobs", "/api/v1/system-configs")
        ]
        assert not any(CANARY in text for text in told)
        assert holders(address), "the search finds what is there"


def test_once_they_have_gone_nothing_in_use_holds_a_word_of_theirs(address: str) -> None:
    """Though nobody comes after them, and they were there when the program was frozen for the collector."""
    with visiting(address) as one:
        enter(one, ("", "equipment", "compare", "status"))
        assert httpx.get(f"{address}/freeze", timeout=60).json() > 100_000
        one.open("")
    time.sleep(GONE_S)  # asked once: to ask is to unfreeze, and may have let go what would have stayed
    assert holders(address) == []
