"""The floors of the house, read from its imports, and the size of its rooms."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

from core import errors, vocabulary
from core.scenario import Scenario, leaves

ROOT = Path(__file__).parents[1]
GROUND = (
    "core.errors",
    "core.figures",
    "core.vocabulary",
    "core.vocabulary_lives",
    "core.formulas",
    "core.sections",
    "core.scenario",
    "core.machine",
    "core.plan_link",
    "core.inputs",
    "core.results",
    "core.bank_statement",
    "core.say",
    "core.settings",
    "core.shown",
    "core.units",
    "core.world",
)
FORESIGHT_PARTS = ("", "_curves", "_twin", "_kernel", "_engine", "_mixed", "_demand", "_margins")
# dispatch that knows what comes, one subject in eight files, sends what dispatch describes
FORESIGHT = ("core.models.dispatch", *(f"core.models.foresight{part}" for part in FORESIGHT_PARTS))
# what lies under the roof
BELOW = (
    *GROUND, "core.exports", "core.fetchers", "core.metrics", "core.models", "core.once", "core.outside", "core.plain",
    "core.store", "core.studies", "core.telemetry",
)  # fmt: skip
# how the server does: what is counted, and what is wrong
WATCHED = ("core.vitals", "core.traffic", "core.troubles", "core.alerts")
# room: what it may import inside the house. The longest prefix that fits names the room; a new room needs a line.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "core.errors": (),
    "core.figures": ("core.errors",),
    "core.vocabulary": (),
    "core.vocabulary_lives": ("core.vocabulary",),
    "core.units": (),
    "core.formulas": ("core.vocabulary",),
    "core.say": ("core.vocabulary",),
    "core.settings": ("core.errors",),
    "core.sections": ("core.sections", "core.units"),
    "core.scenario": ("core.errors", "core.sections"),
    "core.plan_link": ("core.errors", "core.scenario"),
    "core.machine": ("core.errors", "core.scenario", "core.sections"),
    "core.inputs": ("core.errors", "core.units"),
    "core.world": ("core.errors", "core.inputs"),
    "core.telemetry": (),
    "core.metrics": ("core.once",),
    "core.traffic": ("core.metrics", "core.once"),
    "core.vitals": (),
    "core.log_limits": (),
    "core.recent_errors": ("core.once",),
    "core.clock": (),
    "core.whole": (),
    "core.log_files": (
        "core.clock",
        "core.log_limits",
        "core.recent_errors",
        "core.settings",
        "core.telemetry",
        "core.units",
    ),
    "core.troubles": ("core.traffic",),
    "core.alerts": ("core.troubles", "core.whole"),
    "core.results": ("core.inputs", "core.scenario"),
    "core.bank_statement": ("core.results", "core.scenario", "core.units", "core.vocabulary"),
    "core.shown": ("core.formulas", "core.inputs", "core.results", "core.say", "core.units", "core.vocabulary"),
    "core.models": GROUND,
    "core.models.dispatch": (  # one subject in three files
        *GROUND,
        "core.models.dispatch_rule",
        "core.models.dispatch_kernel",
    ),
    "core.models.dispatch_kernel": (*GROUND, "core.models.dispatch_rule"),
    "core.models.lanes": (
        *GROUND,
        "core.models.dispatch",
        "core.models.dispatch_rule",
        "core.models.dispatch_kernel",
    ),
    **{f"core.models.foresight{part}": (*GROUND, *FORESIGHT) for part in FORESIGHT_PARTS},
    "core.models.draws": (*GROUND, "core.models.draws_kernel"),  # one subject in three files
    "core.models.quasi": (*GROUND, "core.models.draws", "core.models.draws_kernel"),
    "core.models.lookup": (*GROUND, "core.models.lookup_kernel"),  # one subject in two files
    "core.models.sorted_hours": (*GROUND, "core.models.sorted_hours_kernel"),  # one subject in two files
    "core.models.treasury": (*GROUND, "core.models.treasury_kernel"),  # one subject in two files
    "core.models.response": (*GROUND, "core.models.network"),  # one subject in two files
    "core.models.solar": (*GROUND, "core.models.sun", "core.models.module"),  # one subject in four files
    "core.models.module": (*GROUND, "core.models.library"),
    "core.models.finance": (*GROUND, "core.models.rates", "core.models.depreciation"),  # one subject in three files
    "core.models.calls": (*GROUND, "core.models.clock"),  # bills: one subject in five files
    "core.models.metering": (*GROUND, "core.models.clock"),
    "core.models.set_points": (*GROUND, "core.models.clock"),
    "core.models.bills": (*GROUND, "core.models.clock", "core.models.calls", "core.models.metering"),
    "core.studies": (*GROUND, "core.models", "core.studies"),
    "core.fetchers": (*GROUND, "core.telemetry", "core.metrics", "core.fetchers"),
    "core.store": (*GROUND, "core.clock", "core.telemetry", "core.whole", "core.store"),
    "core.charts": (*GROUND, "core.charts"),
    "core.exports": GROUND,
    "core.exports_plan": (*GROUND, "core.exports"),
    "core.report": (
        *GROUND,
        "core.charts",
        "core.once",
        "core.report",
        "core.studies.drivers",
        "core.studies.simulation",
    ),
    "core.outside": (*GROUND, "core.fetchers", "core.store", "core.once"),
    "core.leaving": ("core.once",),
    "core.lines": (),
    "core.method": (),
    "core.once": (),
    "core.weights": (),
    "core.jobs": ("core.errors", "core.lines", "core.metrics", "core.once", "core.vitals", "core.weights"),
    "core.events": ("core.errors", "core.once"),
    "core.plain": GROUND,
    "core.requests": (*GROUND, "core.studies"),
    "core.cluster": (*GROUND, "core.batch"),
    "core.batch": (*GROUND, "core.plain", "core.studies"),
    "core.work": (*BELOW, "core.answers", "core.batch", "core.cluster", "core.exports", "core.requests"),
    "core.orders": (*BELOW, "core.clock", "core.batch", "core.events", "core.jobs", "core.requests", "core.work"),
    "core.webhooks": (*BELOW, "core.events"),
    "core.schedule": (*BELOW, "core.events"),
    "core.serving": (
        "core.errors",
        *("core.jobs", "core.leaving", "core.orders", "core.schedule", "core.upkeep", "core.webhooks"),
    ),
    "core.desk": ("core.errors", "core.once"),
    "core.health": (*BELOW, *WATCHED, "core.jobs", "core.desk"),
    "core.gauges": (*BELOW, *WATCHED, "core.jobs", "core.health", "core.schedule", "core.api.limits", "core"),
    "core.watch": (*BELOW, *WATCHED, "core.events", "core.health", "core.jobs", "core.webhooks"),
    "core.answers": BELOW,
    "core.deeds": BELOW,
    "core.upkeep": BELOW,
    "core.check_config": BELOW,
    "core.provider_keys": (*BELOW, "core.deeds"),
    "core.my_data": (*BELOW, "core.deeds", "core.orders"),
    "core.alerts_command": (*BELOW, *WATCHED, "core.watch", "core.webhooks"),
    "core.backups_command": BELOW,
    "core.keys_command": (*BELOW, "core.deeds"),
    "core.report_command": (*BELOW, "core.answers", "core.report"),
    "core.migrate_command": BELOW,
    "core.my_data_command": (*BELOW, "core.my_data"),
    "core.provider_keys_command": (*BELOW, "core.provider_keys"),
    "core.__main__": ("core",),
    "core.api": ("core",),
    "core": ("core",),
    "pages": ("core", "pages"),
    "app": ("core", "pages"),
}
WORLD = {
    "os", "socket", "time", "logging", "requests", "urllib", "sqlite3", "pysqlite3", "sqlite_utils", "diskcache",
    "streamlit", "subprocess", "pathlib", "random",
}  # fmt: skip
PURE = ("core.errors", "core.figures", "core.vocabulary", "core.vocabulary_lives", "core.formulas", "core.sections", "core.scenario", "core.plan_link", "core.machine", "core.inputs", "core.results",
        "core.bank_statement", "core.say", "core.shown", "core.units", "core.world", "core.models", "core.studies", "core.charts",
        "core.exports", "core.exports_plan", "core.lines", "core.plain", "core.requests", "core.troubles", "core.weights")  # fmt: skip
CLOCKS = {"now", "today", "utcnow"}
FILES = [ROOT / "app.py", *sorted(ROOT.glob("core/**/*.py")), *sorted(ROOT.glob("pages/**/*.py"))]
PURE_CLOCK_ALLOWED = {"core.errors"}  # the error form carries the moment of the error


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def room(name: str) -> str:
    return max((r for r in MAY_IMPORT if under(name, r)), key=len)


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_there_is_a_house_to_check() -> None:
    assert len(FILES) >= 30
    without_a_line = [module(path) for path in FILES if room(module(path)) == "core" and module(path) != "core"]
    assert not without_a_line, "a new room needs a line"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_go_down_only(path: Path) -> None:
    me = module(path)
    allowed = MAY_IMPORT[room(me)]
    for name in imports(path):
        if name.split(".")[0] in {"core", "pages", "app"}:
            assert under(name, me) or any(under(name, ok) for ok in allowed), f"{me} may not import {name}"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_pure_rooms_do_not_touch_the_world(path: Path) -> None:
    me = module(path)
    if not any(under(me, pure) for pure in PURE):
        return
    assert not {name.split(".")[0] for name in imports(path)} & WORLD
    if me not in PURE_CLOCK_ALLOWED:
        calls = {
            n.func.attr
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
        }
        assert not calls & CLOCKS, "a pure room has no clock"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_streamlit_lives_in_the_roof_alone(path: Path) -> None:
    if under(module(path), "core"):
        assert not any(under(name, "streamlit") for name in imports(path))


def test_data_holds_no_code() -> None:
    assert list((ROOT / "data").iterdir())
    assert not list((ROOT / "data").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=module)
def test_rooms_stay_small(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400, "split this file"
    for node in functions(path):
        assert body_lines(node) <= 60, f"{node.name} is too long"


def test_functions_are_short_in_the_middle() -> None:
    lengths = [body_lines(node) for path in FILES for node in functions(path)]
    assert statistics.median(lengths) < 10


MUTABLE_CALLS = {"dict", "list", "set", "defaultdict", "deque", "Counter", "OrderedDict"}
WRITES = {"update", "append", "pop", "setdefault", "clear", "extend", "add", "insert", "remove", "popitem"}


def top_level(tree: ast.Module) -> dict[str, ast.expr]:
    """Name → value of every assignment at the top of a module."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and getattr(node, "value", None) is not None:
                found[target.id] = node.value  # type: ignore[union-attr, assignment]
    return found


def is_mutable(value: ast.expr) -> bool:
    called = value.func.id if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) else ""
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.DictComp | ast.ListComp) or called in MUTABLE_CALLS


def written(node: ast.AST) -> str:
    """The name that a statement writes into, empty where it writes into none."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Delete):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
        return node.func.value.id if isinstance(node.func.value, ast.Name) else ""
    return next((t.value.id for t in targets if isinstance(t, ast.Subscript) and isinstance(t.value, ast.Name)), "")


def leaks(source: str) -> list[str]:
    """What one visitor could leave for another in a module: a mutable global, or a constant that is written to."""
    tree = ast.parse(source)
    names = top_level(tree)
    loose = [
        n for n, v in names.items() if is_mutable(v) and not n.lstrip("_").isupper() and n not in {"__all__", "_HOMES"}
    ]
    local = {a.arg for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) for a in n.args.args}
    return loose + [w for n in ast.walk(tree) if (w := written(n)) in names and w not in local and w.isupper()]


@pytest.mark.parametrize("path", FILES, ids=module)
def test_no_visitor_leaks_into_another(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not leaks(text)
    assert "st.cache_data" not in text, "it samples large inputs: key a cache by digest instead"
    assert "unsafe_allow_html" not in text


@pytest.mark.parametrize(
    "source",
    [
        "_seen: dict = {}",
        "seen = []",
        "seen = defaultdict(list)",
        "A = {}\ndef f(k):\n    A[k] = 1",
        "A: list = []\ndef f():\n    A.append(1)",
    ],
)
def test_a_leak_would_be_noticed(source: str) -> None:
    assert leaks(source)


def made_by_several(source: str) -> list[str]:
    """Functions that several threads which ask at the same time would each make something of their own with."""
    tree = ast.parse(source)
    ours = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and under(node.module or "", "core"):
            ours |= {alias.name for alias in node.names}
    cached = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.args.args
        and any(isinstance(how, ast.Name) and how.id == "cache" for how in node.decorator_list)
    ]
    returned = {node.name: ast.unparse(node.returns).split(" | ")[0] if node.returns else "" for node in cached}
    return [name for name, kind in returned.items() if kind in ours]


@pytest.mark.parametrize("path", FILES, ids=module)
def test_what_a_process_has_one_of_is_made_once(path: Path) -> None:
    if not any(under(module(path), pure) for pure in PURE):
        assert not made_by_several(path.read_text(encoding="utf-8")), "core.once.Once makes it once"


@pytest.mark.parametrize("kind", ["Shelf", "Database", "Database | None"])
def test_a_second_one_would_be_noticed(kind: str) -> None:
    source = f"from core.store.database import Database\nclass Shelf: ...\n@cache\ndef one() -> {kind}: ..."
    assert made_by_several(source) == ["one"]
    assert not made_by_several(source.replace("@cache", "@Once"))


def test_every_quantity_of_a_scenario_has_a_unit_and_words() -> None:
    seen = 0
    for path, info, value in leaves(Scenario()):
        if isinstance(value, bool | str) or path.endswith(".model"):
            continue
        extra = info.json_schema_extra
        assert isinstance(extra, dict), path
        assert "unit" in extra, path
        assert info.title, path
        seen += 1
    assert seen > 60


def test_every_error_has_a_code_of_the_specification() -> None:
    allowed = {
        "VALIDATION_ERROR", "NOT_FOUND", "CONFLICT", "UNAUTHORIZED", "FORBIDDEN", "METHOD_NOT_ALLOWED",
        "UNSUPPORTED_MEDIA_TYPE", "RATE_LIMITED", "UNAVAILABLE", "EXTERNAL_API_ERROR", "TIMEOUT", "CALCULATION_ERROR",
        "DATABASE_ERROR", "PAYLOAD_TOO_LARGE", "INTERNAL_ERROR",
    }  # fmt: skip
    tree = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.SolarMiningError)]
    assert len(tree) >= 8
    for error in tree:
        assert error.code in allowed
        assert error.__name__ in (errors.__doc__ or ""), f"{error.__name__} is missing from the tree"


def test_words_are_complete() -> None:
    tables = (vocabulary.METRICS, vocabulary.HOURLY, vocabulary.PERIODS, vocabulary.MACHINES, vocabulary.READINGS)
    for table in (*tables, vocabulary.BILL, vocabulary.STATEMENT):
        for name, word in table.items():
            assert word.label, name
            assert word.meaning.endswith("."), name
