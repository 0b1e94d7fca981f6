"""What the browser itself does for a page: keys that lead from page to page, and what it remembers where the server may not.

Its local storage holds the units chosen and, in `public` mode, the draft of each page: nothing of them stays on the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.ui import said, session

KEY, FOUND = "browser", "_found_in_browser"
LONGEST = 1 << 20  # characters of a draft, as many as of a file that is imported
JS = r"""
const KEY = 'solar-mining', MOST = 8, OLD_MS = 30 * 864e5;
const here = window.solarMining ??= {page: '', guard: false};

const read = () => { try { return JSON.parse(localStorage.getItem(KEY)) ?? {} } catch { return {} } };
const write = kept => { try { localStorage.setItem(KEY, JSON.stringify(kept)); return true } catch { return false } };

function pruned(drafts) {
  const young = Object.entries(drafts).filter(([, one]) => Date.now() - one.at < OLD_MS);
  return Object.fromEntries(young.sort((a, b) => b[1].at - a[1].at).slice(0, MOST));
}

function kept(data) {
  const all = read(), drafts = {...all.drafts}, before = JSON.stringify(all);
  if (data.units) all.units = data.units;
  delete drafts[data.forget];
  if (!data.draft) delete drafts[data.page];
  else if (drafts[data.page]?.text !== data.draft.text) drafts[data.page] = {...data.draft, at: Date.now()};
  all.drafts = pruned(drafts);
  return JSON.stringify(all) === before || write(all);
}

function found(page) {
  const {units, drafts = {}} = read();
  const others = Object.entries(drafts).filter(([of]) => of !== page).sort((a, b) => b[1].at - a[1].at);
  return {units, draft: others.length ? {page: others[0][0], ...others[0][1]} : null};
}

// charts have the colours of one ground: a page that turns light or dark under them is drawn anew
function watchGround(data, setStateValue) {
  const dark = () => {
    const [r, g, b] = getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor.match(/[\d.]+/g);
    return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  };
  here.ground?.disconnect();
  here.dark ??= data.dark;  // what the server was told of last: it is told once of each change
  here.ground = new MutationObserver(() => {
    if (dark() !== here.dark) setStateValue('dark', here.dark = !here.dark);
  });
  here.ground.observe(document.querySelector('[data-testid=stApp]'), {attributes: true, attributeFilter: ['class', 'style']});
  here.ground.observe(document.head, {childList: true});
}

function follow(step) {
  const links = [...document.querySelectorAll('[data-testid=stTopNavLink]')];
  const path = one => new URL(one.href).pathname.replace(/\/$/, '');
  const at = links.findIndex(one => path(one) === location.pathname.replace(/\/$/, ''));
  links[(at + step + links.length) % links.length]?.click();
}

function pressed(event) {
  const step = {PageDown: 1, PageUp: -1}[event.key];
  const help = event.key === '/' && (event.ctrlKey || event.metaKey);
  if (event.altKey && step) follow(step);
  else if (help) document.querySelector('.st-key-help button')?.click();
  else return;
  event.preventDefault();
}

// while a field holds what was typed and not yet taken over, Ctrl+Z is the field's own
function ownUndo(event) {
  const undo = event.key.toLowerCase() === 'z' && (event.ctrlKey || event.metaKey);
  if (event.key === 'Enter') here.typed = null;
  else if (undo && here.typed === event.target) event.stopImmediatePropagation();
}

// on a phone the navigation lies over the page: it goes once a page was chosen
function chosen(event) {
  if (innerWidth > 768 || !event.target.closest?.('[data-testid=stSidebarNavLink]')) return;
  setTimeout(() => document.querySelector('[data-testid=stSidebarCollapseButton] button')?.click(), 100);
}

if (!here.listens) {
  here.listens = true;
  document.addEventListener('keydown', event => here.pressed(event));
  addEventListener('keydown', event => here.ownUndo(event), true);
  addEventListener('input', event => { here.typed = event.target });
  addEventListener('click', event => here.chosen(event));
  addEventListener('focusout', () => { here.typed = null });
  addEventListener('beforeunload', event => { if (here.guard) event.preventDefault() });
}
Object.assign(here, {pressed, ownUndo, chosen});

export default function ({data, setStateValue}) {
  if (here.page !== data.page) {
    here.page = data.page;
    here.dark = data.dark;
    const told = found(data.page);
    if (told.units || told.draft) setStateValue('found', told);
  }
  watchGround(data, setStateValue);
  here.guard = !kept(data) && Boolean(data.draft) || data.guard;
}
"""


@dataclass(frozen=True)
class Left:
    """A draft that another page of this browser left: which, what it is called, when [ms since 1970], and itself as JSON."""

    page: str
    name: str
    at_ms: float
    text: str


def mount(page: str, *, draft: dict[str, str] | None, forget: str, guard: bool) -> None:
    """Tell the browser what to remember of this page; what it remembered of others comes back on the next run.

    `guard`: leaving the page would lose something, so that the browser asks first.
    """
    data = {"page": page, "draft": draft, "forget": forget, "guard": guard}
    data |= {"units": st.session_state.get(said.UNITS), "dark": session.dark()}
    _component()(key=KEY, data=data, on_found_change=_take, on_dark_change=lambda: None)


@st.cache_resource
def _component() -> Any:
    return st.components.v2.component(KEY, js=JS)


def left() -> Left | None:
    """The newest draft that another page left in this browser; what it says is no better than any upload."""
    told = st.session_state.get(FOUND)
    return told if isinstance(told, Left) else None


def forget() -> None:
    """The draft that was left is of no more use."""
    st.session_state.pop(FOUND, None)


def _take() -> None:
    """What came out of the browser's storage, where it is what we once put in."""
    told = dict(st.session_state.get(KEY, {})).get("found")
    if not isinstance(told, dict):
        return
    if told.get("units") in {said.METRIC, said.CUSTOMARY}:
        st.session_state.setdefault(said.UNITS, told["units"])
    st.session_state[FOUND] = _left(told.get("draft"))


def _left(draft: Any) -> Left | None:
    if not isinstance(draft, dict):
        return None
    page, name, at_ms, text = (draft.get(part) for part in ("page", "name", "at", "text"))
    texts = all(isinstance(one, str) and len(one) <= LONGEST for one in (page, name, text))
    return Left(str(page), str(name), float(at_ms), str(text)) if texts and isinstance(at_ms, int | float) else None
