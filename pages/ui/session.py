"""The planner's work in this browser session.

Session state holds plain dicts, so that edited code, files, links and the database all share one form. Nothing here is
shared between visitors: what is cached for all is free of their data.
"""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.errors import DatabaseError, NotFound, SolarMiningError
from core.inputs import Market, Weather
from core.machine import Machine
from core.results import Projection
from core.scenario import Scenario, read
from core.sections import FILE, Site
from core.settings import Settings, settings
from pages.ui import edits, said
from pages.ui.edits import BASE, DRAFT, SAVED
from pages.ui.leftovers import leftovers

if TYPE_CHECKING:
    from core.studies.operations import Operations

PROBLEMS, GENERATION = "_problems", "_generation"
ANSWERS, WEATHERS, SKY, MARKET = "_answers", "_weathers", "_sky", "_market"
OPERATIONS = "_operations"
LINK, OPEN = "plan", "config"  # of the address: a whole plan, or the id of a saved one
ANSWERS_KEPT, WEATHERS_KEPT = 12, 4
FIRST_PAGE_S = 3.0  # in which the first page is drawn, before compiling takes its share of the processor


def start() -> None:
    """Begin a run of the script: the example where the session is new, the market as it is known now."""
    from core import schedule
    from core.fetchers.market import known_market
    from core.outside import outside

    warm()
    schedule.begin()
    st.session_state[MARKET] = known_market(outside())
    if DRAFT not in st.session_state:
        adopt(Scenario())
        _take_link()


def _take_link() -> None:
    """Begin with the plan that the address carries or names, if it does, and leave it out of the address from then on."""
    from core.plan_link import opened
    from pages.ui import library

    carried, named = (st.query_params.pop(part, "") for part in (LINK, OPEN))
    if carried:
        library.told(lambda: _opened(opened(carried)))
    elif named:
        library.told(lambda: library.open_scenario(named))


def _opened(scenario: Scenario) -> str:
    adopt(scenario)
    return f"Opened “{scenario.name}” from a link."


@st.cache_resource
def warm() -> threading.Thread:
    """Compile the kernels once a process, those of the first page first; the plain engines answer meanwhile."""
    from core.models import dispatch, draws, foresight, lanes, lookup, rates, sorted_hours

    def compiled() -> None:
        dispatch.compile_kernel()
        rates.compile_kernel()
        leftovers().freeze()
        foresight.compile_kernel()
        lanes.compile_kernel(1)
        draws.compile_kernel()
        lookup.compile_kernel()
        sorted_hours.compile_kernel()

    thread = threading.Timer(FIRST_PAGE_S, compiled)
    thread.daemon = True
    thread.start()
    return thread


def current() -> Scenario:
    """The draft the planner works on."""
    return read(st.session_state[DRAFT])


def adopt(scenario: Scenario, saved: dict[str, Any] | None = None) -> None:
    """Take another scenario as the draft: a preset, an upload, or a saved one with its id and version."""
    edits.begun(f"Opening “{scenario.name}”", opened=True)
    st.session_state[DRAFT] = st.session_state[BASE] = scenario.model_dump(mode="json")
    st.session_state[SAVED] = saved
    redraw()


def take_up(scenario: Scenario, saved: dict[str, Any] | None) -> None:
    """Go on with a draft that another page left: it is not what was saved."""
    edits.begun("Restoring the draft", opened=True)
    st.session_state[DRAFT] = scenario.model_dump(mode="json")
    st.session_state[SAVED] = saved
    redraw()


def mark_saved(saved: dict[str, Any] | None) -> None:
    """The draft as it stands is now what is kept."""
    st.session_state[BASE] = st.session_state[DRAFT]
    st.session_state[SAVED] = saved


def saved() -> dict[str, Any] | None:
    """Id and version under which the draft was last saved, None for a new one."""
    value: dict[str, Any] | None = st.session_state.get(SAVED)
    return value


def forget_saved() -> None:
    """The saved scenario behind the draft is gone: the next save makes a new one."""
    st.session_state[SAVED] = None


def renamed(name: str, saved: dict[str, Any]) -> None:
    """The saved scenario behind the draft has a new name: take it into the draft and its base."""
    edits.begun("Renaming")
    for key in (DRAFT, BASE):
        st.session_state[key] = {**st.session_state[key], "name": name}
    st.session_state[SAVED] = saved
    redraw()


def unsaved() -> bool:
    """Whether the draft differs from what was last saved or opened."""
    return bool(st.session_state[DRAFT] != st.session_state[BASE])


def undo() -> None:
    """Take back the last step."""
    edits.undo()
    redraw()


def redo() -> None:
    """Do again what was taken back last."""
    edits.redo()
    redraw()


def revert() -> None:
    """Back to what was last saved or opened."""
    edits.begun("Going back to what was saved")
    st.session_state[DRAFT] = st.session_state[BASE]
    redraw()


def change(changes: dict[str, Any], *, step: bool = True) -> None:
    """Change some paths of the draft; ScenarioError leaves it as it was. `step=False`: not by the planner, so not to undo."""
    old = current()
    new = edits.shared(old.but(changes).model_dump(mode="json"), st.session_state[DRAFT])
    if step and new != st.session_state[DRAFT]:
        edits.begun(edits.named(old, changes))
    st.session_state[DRAFT] = new
    for path in changes:
        st.session_state.setdefault(PROBLEMS, {}).pop(path, None)


def redraw() -> None:
    """Give every widget a new key, so that it shows the draft and not what was typed before."""
    st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1
    st.session_state[PROBLEMS] = {}


def widget_key(path: str) -> str:
    return f"{path}@{st.session_state[GENERATION]}"


def note_problem(path: str, message: str) -> None:
    st.session_state.setdefault(PROBLEMS, {})[path] = message


def problem(path: str) -> str:
    """Why the last value typed for a path was refused, empty when it was not."""
    return str(st.session_state.get(PROBLEMS, {}).get(path, ""))


# What Streamlit turns into links, icons and arrows after escapes are undone: addresses, :material/…:, ->
LOOSE = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)|(?<=[-<>=~])(?=[-<>=~])", re.IGNORECASE)


def literal(text: str, *, brackets: bool = True) -> str:
    """Text shown as it is, whatever Markdown would make of it; spaces of no width keep apart what escaping cannot.

    `brackets=False` leaves them to a badge, which escapes them itself.
    """
    text = LOOSE.sub("\u200b", text)
    special = r"\`*_{}()<>#+-.!|$~:&" + ("[]" if brackets else "")
    return "".join(f"\\{c}" if c in special else c for c in text)


def conf() -> Settings:
    """How this copy runs. `local` is for the planner at this computer: a visitor from elsewhere gets `public`."""
    given = settings()
    return replace(given, mode="public") if given.mode == "local" and st.context.ip_address else given


def owner() -> str:
    """Whom what is kept belongs to, looked at anew each time; Unauthorized where a server knows nobody here."""
    from pages.ui import people

    return people.owner()


def root() -> str:
    """The address of this dashboard, without page and question."""
    return "/".join(str(st.context.url or "").split("?")[0].split("/")[:3])


def address() -> str:
    """The address of this page, without question."""
    here = str(st.context.url or "").split("?")[0]
    return f"{here}/" if here == root() else here


def dark() -> bool:
    """Whether the planner's theme has a dark ground."""
    return bool(st.context.theme.type == "dark")


def market() -> Market:
    """The market reading the outlook starts from, the same throughout a run of the script."""
    found: Market = st.session_state[MARKET]
    return found


def default_hint(path: str) -> str | None:
    """What an empty field stands for."""
    section, _, name = path.partition(".")
    if section != "outlook" or name not in {r.name for r in market().readings}:
        return None
    return f"market: {said.exact(getattr(market(), name).value)}"


def weather() -> Weather:
    """The weather year of the draft, one object for as long as the site stays: what is worked out from it stays too."""
    site = current().site
    held: tuple[Any, Weather] | None = st.session_state.get(SKY)
    if held is None or held[0] != site:
        held = (site, _found_weather(site))
        st.session_state[SKY] = held
    return held[1]


def _found_weather(site: Site) -> Weather:
    """Uploaded in this session, kept in the store, or the best that is known for the place while the world is asked."""
    from core.fetchers.weather import known_weather
    from core.outside import outside
    from pages.ui import live

    digest = site.uploaded
    if digest is None:
        known = known_weather(site, outside())
        live.ask_for_sun(site, known)
        return known
    uploaded: dict[str, Weather] = st.session_state.get(WEATHERS, {})
    return uploaded[digest] if digest in uploaded else _stored_weather(digest)


def ask_again_for_sun() -> None:
    """Send for the weather of the place once more where the one in use is not of it."""
    from pages.ui import live

    held: tuple[Any, Weather] | None = st.session_state.get(SKY)
    if held is not None:
        live.ask_for_sun(*held)


def forget_weather() -> None:
    """Look the weather of the site up anew on the next run."""
    st.session_state.pop(SKY, None)


def _stored_weather(digest: str) -> Weather:
    from pages.ui import library

    if not conf().stores_on_server:
        raise NotFound(
            "the uploaded weather of this scenario is not here: upload the file again",
            field="site.weather",
            value=digest,
        )
    return library.load_weather(digest)


def keep_weather(year: Weather) -> None:
    """Use an uploaded year for the draft; on a server that stores, it is kept with the scenario."""
    from pages.ui import library

    held: dict[str, Weather] = st.session_state.setdefault(WEATHERS, {})
    held[year.digest] = year
    while len(held) > WEATHERS_KEPT:
        held.pop(next(iter(held)))
    if conf().stores_on_server:
        library.save_weather(year)
    change({"site.weather": f"{FILE}{year.digest}"})
    redraw()


def projection() -> Projection:
    """The projection of the draft, kept for this session under the digest of all it rests on."""
    from core.fetchers import equipment
    from core.fetchers.credits import credit_rules
    from core.models.dispatch import is_compiled
    from core.studies.projection import project
    from pages.ui import currency

    own, today = own_machines(), now().date()
    scenario, year = equipment.resolved(current(), own), weather()
    old = equipment.price_notices(scenario, today, own)
    fx = currency.rate_of(scenario.finance.currency)
    key = (scenario.digest, year.digest, market(), is_compiled(), old, fx)
    answers: dict[Any, Projection] = st.session_state.setdefault(ANSWERS, {})
    if key not in answers:
        answer = project(scenario, year, market(), rules=credit_rules(), fx=fx)
        answers[key] = replace(answer, notices=(*answer.notices, *old))
    while len(answers) > ANSWERS_KEPT:
        answers.pop(next(iter(answers)))
    return answers[key]


def operations() -> Operations:
    """The first year of the draft run three ways, kept for this session like its projection."""
    from core.fetchers import equipment
    from core.models.foresight import is_compiled
    from core.studies.operations import first_year
    from core.studies.run import run, used_readings

    scenario, year = equipment.resolved(current(), own_machines()), weather()
    key = (scenario.digest, year.digest, market(), is_compiled())
    held: tuple[Any, Operations] | None = st.session_state.get(OPERATIONS)
    if held is None or held[0] != key:
        held = (key, first_year(run(scenario, year, used_readings(scenario, market())), year))
        st.session_state[OPERATIONS] = held
    return held[1]


def own_machines() -> tuple[Machine, ...]:
    """The planner's own machines, none where they cannot be read: a plan with figures of its own needs no database."""
    from pages.ui import machines

    try:
        return tuple(saved.machine for saved in machines.kept())
    except DatabaseError:
        return ()


def projection_or_error() -> Projection | SolarMiningError:
    """The projection, or the reason there is none."""
    try:
        return projection()
    except SolarMiningError as error:
        return error


def now() -> datetime:
    return datetime.now(UTC)
