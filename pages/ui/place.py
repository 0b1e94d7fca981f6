"""Where the plant stands: found by name, picked on a map, and what the draft takes over from the place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core import charts
from pages.ui import library, live, said, session, show

if TYPE_CHECKING:
    from core.fetchers.places import Found
    from core.fetchers.spots import Spot
    from core.sections import Site

QUERY = "_place_query"
HEIGHT = "height of the place"
VIEWS = {"World": 0.0, "Region": 5.0, "Near": 1.25}  # half of the height of the map [°], 0: all of it
POLES = (-58.0, 78.0)  # nobody lives beyond
NAMED_KM = 60.0
LEAST_LETTERS = 2


def picker() -> None:
    """The map, and beside it the search and what is known of the place."""
    with st.container(border=True):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            earth()
        with right:
            search()


def search() -> None:
    """A box for a name; what it leads to, to pick from."""
    st.subheader("Find the place", anchor=False)
    key = session.widget_key("place search")
    st.text_input(
        "Search a place",
        key=key,
        max_chars=100,
        placeholder="City, town or region",
        on_change=_look_up,
        args=(key,),
    )
    query = str(st.session_state.get(QUERY, ""))
    if len(query) >= LEAST_LETTERS:
        results(query)
    else:
        st.caption("Or click on the map: the nearest town names the site. Finer steps in the fields below.")


def _look_up(key: str) -> None:
    from core.fetchers.places import GEOCODING

    query = " ".join(str(st.session_state.get(key) or "").split())
    st.session_state[QUERY] = query
    if len(query) >= LEAST_LETTERS and geocoder():
        live.ask_for(GEOCODING, query, again=True)


def geocoder() -> bool:
    """Whether anybody may be asked for a name."""
    from core.fetchers.places import GEOCODING
    from core.outside import outside

    return not outside().offline and any(not outside().access.why_not(source) for source in GEOCODING.sources)


def results(query: str) -> None:
    """The places of that name: the provider's, until then and without one the cities that ship with the program."""
    from core.fetchers.ask import known
    from core.fetchers.places import GEOCODING
    from core.outside import outside

    key = GEOCODING.key(query)
    told = known(GEOCODING, query, outside())
    for i, found in enumerate(told.value):
        st.button(_label(found), key=session.widget_key(f"found {i}"), on_click=_pick, args=(found,), width="stretch")
    if live.waits(key):
        st.caption(f":shimmer[Asking for “{session.literal(query)}” …]")
    elif told.status != "bundled":
        st.caption(session.literal(f"{told.source} · {told.notice}" if told.notice else told.source))
        if not told.value:
            st.info("No place of that name is known.", icon=":material/location_off:")
    else:
        _offline_words(query, bool(told.value), live.trouble(key))


def _offline_words(query: str, any_found: bool, trouble: Exception | None) -> None:
    if not any_found:
        st.info(
            f"“{session.literal(query)}” is not among the some 400 cities that come with the program. Click on the map instead.",
            icon=":material/location_off:",
        )
    if trouble:
        st.caption(f"Nobody answered: {session.literal(str(getattr(trouble, 'message', '')))}")
    elif geocoder():
        st.caption("Nobody answered, so these are the cities that come with the program.")
    else:
        st.caption("Searched: the some 400 cities that come with the program. The README says how to allow a geocoder.")


def _label(found: Found) -> str:
    name = ", ".join(part for part in (found.name, found.region, found.country) if part)
    return session.literal(f"{name} · {position(found.latitude, found.longitude)}")


def position(latitude: float, longitude: float) -> str:
    """Degrees with the letters of the compass."""
    return f"{said.number(abs(latitude), 2)}° {'S' if latitude < 0 else 'N'}, {said.number(abs(longitude), 2)}° {'W' if longitude < 0 else 'E'}"


def _pick(found: Found) -> None:
    from core.fetchers.places import likely_timezone
    from core.fetchers.spots import Spot

    spot = Spot(found.latitude, found.longitude)
    name = ", ".join(part for part in (found.name, found.region or found.country) if part)
    move(spot, name, found.timezone or likely_timezone(spot), found.elevation_m)


def earth() -> None:
    """A map of what ships with the program: no tile of anybody's is asked for. A click moves the site."""
    view = st.segmented_control(
        "Map", list(VIEWS), default="World", key="map view", label_visibility="collapsed", required=True
    )
    window = _window(str(view))
    key = session.widget_key(f"map {view}")
    show.chart(
        spec=_spec(window),
        key=key,
        on_select=lambda: _clicked(key, window),
        selection_mode="place",
        alt="Map with the site; click to move it. Latitude and longitude can be typed below.",
    )
    st.caption("Ground: altitude map of pvlib, terrain by Mapzen from public data. Dots: cities that name time zones.")


def _window(view: str) -> charts.Window:
    """The piece of the Earth to show: all of it, or what lies around the site."""
    import math

    half = VIEWS.get(view, 0.0)
    if not half:
        return charts.Window(-180.0, POLES[0], 180.0, POLES[1])
    site = session.current().site
    wide = min(180.0, 2 * half / max(0.2, math.cos(math.radians(site.latitude))))
    middle = min(max(site.longitude, -180 + wide), 180 - wide)
    height = min(max(site.latitude, -90 + half), 90 - half)
    return charts.Window(middle - wide, height - half, middle + wide, height + half)


def _spec(window: charts.Window) -> charts.Spec:
    import pandas as pd

    from core.fetchers.places import all_cities
    from core.fetchers.relief import heights_m

    towns = [(city.name, city.latitude, city.longitude) for city in all_cities()]
    site = session.current().site
    columns = ["name", "latitude", "longitude"]
    ground = heights_m(window.west, window.south, window.east, window.north)
    here = pd.DataFrame([(site.name, site.latitude, site.longitude)], columns=columns)
    return charts.site_map(window, ground, pd.DataFrame(towns, columns=columns), here, session.dark())


def _clicked(key: str, window: charts.Window) -> None:
    from core.fetchers.places import nearest_city
    from core.fetchers.spots import Spot

    chosen = st.session_state[key]["selection"]["place"]
    if not chosen:
        return None
    spot = Spot(float(chosen[0]["latitude"]), float(chosen[0]["longitude"]))
    city = nearest_city(spot)
    east, north = window.step
    if abs(city.latitude - spot.latitude) <= north and abs(city.longitude - spot.longitude) <= east:
        return _pick(city)
    return _move_near(spot)


def _move_near(spot: Spot) -> None:
    """A place without a name of its own: named after the nearest town, if that is near."""
    from core.fetchers.places import likely_timezone, nearest_city
    from core.fetchers.spots import distance_km

    city = nearest_city(spot)
    km = distance_km((spot.latitude, spot.longitude), (city.latitude, city.longitude))
    name = f"Near {city.name}" if km <= NAMED_KM else position(spot.latitude, spot.longitude)
    move(spot, name, likely_timezone(spot))


def coordinates() -> None:
    """Latitude and longitude to type; unlike the fields of the plan they move all that hangs on the place."""
    site = session.current().site
    keys = [session.widget_key(f"place {name}") for name in ("latitude", "longitude")]
    with st.container(horizontal=True):
        for key, label, value, most in zip(
            keys, ("Latitude (°)", "Longitude (°)"), site_of(site), (90.0, 180.0), strict=True
        ):
            st.number_input(
                label, -most, most, value, format="%.10g", key=key, on_change=_typed, args=tuple(keys), width=150
            )


def site_of(site: Site) -> tuple[float, float]:
    """Where it is, north and east positive [°]."""
    return site.latitude, site.longitude


def _typed(north: str, east: str) -> None:
    from core.fetchers.spots import Spot

    given = st.session_state[north], st.session_state[east]
    if None not in given and given != site_of(session.current().site):
        _move_near(Spot(*(float(value) for value in given)))


def move(spot: Spot, name: str, timezone: str, elevation_m: float | None = None) -> None:
    """The draft's site is there now, under the sky of the place; hills of the old place do not come along."""
    from core.fetchers.ask import known
    from core.fetchers.places import ELEVATION
    from core.outside import outside

    height = known(ELEVATION, spot, outside()).value.elevation_m if elevation_m is None else elevation_m
    changes: dict[str, Any] = {
        "site.latitude": spot.latitude,
        "site.longitude": spot.longitude,
        "site.name": name,
        "site.timezone": timezone,
        "site.elevation_m": max(-430.0, height),
        "site.weather": "auto",
    }
    if session.current().array.horizon:
        changes["array.horizon"] = ()
        library.note("The far horizon of the old place was taken off the array.", "success")
    session.change(changes)
    session.redraw()
    st.session_state[QUERY] = ""
    live.forget(HEIGHT)
    if elevation_m is None and not outside().offline:
        live.wish(HEIGHT, ELEVATION, spot)


def take_height() -> None:
    """The height of the place, once a provider has told it and the site has not moved on."""
    from core.fetchers.ask import Answer
    from core.fetchers.spots import Spot

    told, site = live.granted(HEIGHT), session.current().site
    if told is None:
        return
    if isinstance(told, Answer) and told.status != "bundled" and live.wished(HEIGHT) == Spot.of(site):
        session.change({"site.elevation_m": max(-430.0, told.value.elevation_m)}, step=False)
        session.redraw()
    live.forget(HEIGHT)
