"""Machines to choose from: the bundled catalogue and the planner's own, compared, kept and put into the plan."""

from typing import Any

import pandas as pd
import streamlit as st

from core import charts, exports
from core.errors import SolarMiningError
from core.fetchers import equipment
from core.machine import Machine, days_since, plain, to_json
from pages.ui import library, machine_form, machines, said, session, show

COLUMNS = (
    "model", "manufacturer", "hashrate_ths", "power_w", "efficiency_j_per_th", "price_usd_per_th", "price_usd",
    "price_date", "cooling", "released", "origin", "temp_min_c", "temp_max_c", "price_basis", "price_source", "source",
    "note",
)  # fmt: skip
SORTS = {"own": 0, "catalogue": 1}


def page() -> None:
    show.header("Equipment")
    kept = machines.kept()
    intro(kept)
    mishaps()
    frame = equipment.catalogue([saved.machine for saved in kept])
    shown = filtered(frame)
    at = table(shown)
    if at is not None:
        picked(frame.loc[at], kept)
    market(shown)
    file(kept)


def intro(kept: list[Any]) -> None:
    """What the plan holds now, and the door to a machine of one's own."""
    units = [f"{said.number(unit.count)} × {unit.model or 'machines'}" for unit in session.current().fleet.units]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(session.literal(f"In this plan: {', '.join(units) or 'no machines'}."), width="content")
        with st.container(horizontal=True, width="content"):
            gone = machines.deleted()
            if gone is not None:
                st.button(
                    session.literal(f"Bring back “{gone.model}”"),
                    icon=":material/undo:",
                    on_click=library.told,
                    args=(machines.bring_back,),
                )
            if st.button("Add a machine", icon=":material/add:"):
                machine_form.add({})
    if not library.stores():
        st.caption(
            "Nothing is stored on this server: own machines last as long as this page is open. Machines put into the plan go "
            "with its file; the list itself can be downloaded below."
        )


def mishaps() -> None:
    """Own machines that can no longer be read."""
    for saved_id, name in machines.damaged().items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.error(session.literal(f"The figures of “{name}” were damaged on the disk and are not used."))
            st.button(
                "Delete it",
                key=f"delete {saved_id}",
                on_click=library.told,
                args=(lambda saved_id=saved_id: machines.delete(saved_id, None, None),),
            )


def filtered(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that the planner's filters leave."""
    with st.grid(4, min_column_width=200):
        text = st.text_input("Search", placeholder="name, maker, note", type="search", key="machine search")
        makers = st.multiselect(
            "Makers", sorted(set(frame["manufacturer"]) - {""}), placeholder="All makers", key="machine makers"
        )
        cooling = st.pills("Cooling", charts.COOLINGS, selection_mode="multi", key="machine cooling")
        origin = st.segmented_control(
            "From", list(SORTS), format_func=str.capitalize, key="machine origin", help="Your own or the catalogue's."
        )
    keep = pd.Series(data=True, index=frame.index)
    searched = (frame["model"] + " " + frame["manufacturer"] + " " + frame["note"]).map(plain)
    for word in plain(text or "").split():
        keep &= searched.str.contains(word, regex=False)
    if makers:
        keep &= frame["manufacturer"].isin(makers)
    if cooling:
        keep &= frame["cooling"].isin(cooling)
    if origin:
        keep &= frame["origin"] == origin
    return frame[keep]


def table(frame: pd.DataFrame) -> Any:
    """The machines; the index of the one picked, None where there is none."""
    listed = frame[list(COLUMNS)]
    event: Any = st.dataframe(
        listed,
        hide_index=True,
        height=420 if len(listed) > 10 else "auto",
        column_config=_columns(),
        on_select="rerun",
        selection_mode="single-row",
        placeholder="–",
        key=session.widget_key(f"machines {hash(listed.to_csv())}"),  # no tick outlives its row
        alt="Table: Machines",
    )
    if frame.empty:
        st.caption("No machine fits these filters.")
    show.downloads(listed, "Machines")
    rows = event.selection.rows
    if not rows or rows[0] >= len(frame):
        st.caption("Tick a machine on its left to use, copy or change it.")
        return None
    return frame.index[rows[0]]


def _columns() -> dict[str, Any]:
    """Each column's words and digits."""
    digits = {
        "hashrate_ths": "%.10g",
        "power_w": "%.10g",
        "efficiency_j_per_th": "%.1f",
        "price_usd_per_th": "%.2f",
        "price_usd": "%.0f",
        "temp_min_c": "%.10g",
        "temp_max_c": "%.10g",
    }
    config: dict[str, Any] = {}
    for name in COLUMNS:
        label, meaning = machine_form.words(name)
        kind = st.column_config.NumberColumn if name in digits else st.column_config.TextColumn
        extra: dict[str, Any] = {"format": digits[name]} if name in digits else {}
        config[name] = kind(label, help=meaning, pinned=name == "model", **extra)
    return config


def picked(row: pd.Series, kept: list[Any]) -> None:
    """What can be done with the machine picked."""
    own = row["origin"] == equipment.OWN
    saved = next((s for s in kept if own and s.machine.model == row["model"]), None)
    machine = saved.machine if saved else next(m for m in equipment.bundled_machines() if m.model == row["model"])
    with st.container(border=True):
        st.markdown(f"**{session.literal(machine.model)}** · {'your own' if own else 'from the catalogue'}")
        st.caption(session.literal(" · ".join(facts(machine))))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input("How many", 1, 1_000_000, 10, key="machine count", width=140)
            st.button(
                "Use in the plan",
                type="primary",
                icon=":material/add:",
                on_click=library.told,
                # the count as it is when the button is pressed: it may not have been drawn yet
                args=(lambda: machines.use(machine, st.session_state["machine count"]),),
            )
            if st.button("Copy as my own", icon=":material/content_copy:"):
                machine_form.add(machines.copied(machine))
            if saved:
                if st.button("Edit", icon=":material/edit:"):
                    machine_form.edit(saved)
                st.button(
                    "Delete",
                    icon=":material/delete:",
                    on_click=library.told,
                    args=(lambda: machines.delete(saved.id, saved.version, machine),),
                )


def facts(machine: Machine) -> list[str]:
    """A machine in a line: figures, warmth, price with its date and source."""
    found = [
        f"{said.exact(machine.hashrate_ths)} TH/s, {said.exact(machine.power_w)} W, {said.number(machine.efficiency_j_per_th, 1)} J/TH"
    ]
    if machine.temp_min_c is not None or machine.temp_max_c is not None:
        limits = (machine.temp_min_c, machine.temp_max_c)
        low, high = ("?" if t is None else said.exact(said.shown(t, "°C")[0], 4) for t in limits)
        found.append(f"{low} to {high} {said.shown(0.0, '°C')[1]} {'air' if machine.cooling == 'air' else 'coolant'}")
    if machine.price_usd is None:
        found.append("no price known: it would count as free")
    else:
        found.append(f"${said.number(machine.price_usd)} ({machine.price_source}; price of {machine.price_date})")
        days = days_since(machine.price_date, session.now().date())
        if days > equipment.STALE_DAYS:
            found.append(f"this price is at least {days} days old: ask for a new one")
    return [*found, machine.note] if machine.note else found


def market(frame: pd.DataFrame) -> None:
    """What hash rate costs by efficiency."""
    ages = [_old(date) for date in frame["price_date"]]
    with st.container(border=True):
        st.subheader("What efficiency costs", anchor=False)
        if frame["price_usd_per_th"].notna().any():
            show.chart(
                spec=charts.price_by_efficiency(frame.assign(age=[charts.AGES[old] for old in ages]), session.dark()),
                alt="Price per TH/s against efficiency, by cooling",
            )
            st.caption(
                "One dot a machine with a known price, as filtered above. Rings: your own. Faint: prices more than 180 days old."
            )
        else:
            st.caption("None of the machines above has a price.")


def _old(price_date: str) -> bool:
    """Whether a price of that date is too old to rest on."""
    return days_since(price_date, session.now().date()) > equipment.STALE_DAYS


def file(kept: list[Any]) -> None:
    """Own machines as a file, out and in."""
    with st.expander("Own machines as a file", icon=":material/swap_horiz:"):
        st.download_button(
            "Download my machines",
            data=to_json(saved.machine for saved in kept),
            file_name=exports.file_name("my machines", "json"),
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            disabled=not kept,
        )
        given = st.file_uploader(
            "Add machines from such a file", type="json", key=session.widget_key("machines file"), max_upload_size=1
        )
        if given is None:
            return
        try:
            library.note(machines.take_file(given.getvalue()), "success")
        except SolarMiningError as error:
            show.failure(error)
            return
        session.redraw()
        st.rerun()


page()
