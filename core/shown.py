"""Figures as people read them: sensible digits, a unit, a true minus sign; one way for pages, reports and files."""

from __future__ import annotations

import math
from typing import Any

from core.results import Projection
from core.vocabulary import word

DAY_S = 86_400.0
EXACT_DIGITS = 6


def figure(name: str, value: float | None) -> str:
    """A metric in the words of a page: sensible digits, its unit; a dash where there is none."""
    unit = word(name).unit
    if value is None:
        return "–"
    if unit == "USD":
        return money(value)
    if unit in {"USD/BTC", "USD/PH/day"}:
        return money(value, cents=abs(value) < 1000)
    if unit == "USD/kWh":
        return f"{value * 100:,.{1 if abs(value) >= 0.1 else 2}f} ¢/kWh".replace("-", "−")
    if name.endswith("_frac") or unit == "1/yr":
        return f"{value * 100:,.1f} %".replace("-", "−")
    if unit == "kWh" and abs(value) >= 1e7:
        return f"{value / 1e6:,.1f} GWh"
    if unit == "kWh":
        return f"{value / 1000:,.0f} MWh" if abs(value) >= 1e5 else f"{value:,.0f} kWh"
    if unit == "yr":
        return f"{value:,.1f} years"
    if unit == "BTC":
        return f"{value:,.{4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0}f} BTC"
    return f"{digits(value)} {'' if unit == '1' else unit}".strip().replace("-", "−", 1 if value < 0 else 0)


def digits(value: float) -> str:
    """Four significant digits, thousands apart; powers of ten only where there is no other way."""
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-3:
        return f"{value:.4g}"
    if size >= 1000 or value == 0:
        return f"{value:,.0f}"
    return f"{value:,.{3 - math.floor(math.log10(size))}f}".rstrip("0").rstrip(".")


def signed(frac: float) -> str:
    """A share in percent with its sign."""
    return f"{100 * frac:+.1f} %".replace("-", "−")


def money(value: float, *, cents: bool = False) -> str:
    """Dollars with a true minus sign; millions shortened."""
    sign, size = "−" if value < 0 else "", abs(value)
    if size >= 1e6:
        return f"{sign}${size / 1e6:,.{3 if size < 1e8 else 1}f} M"
    return f"{sign}${size:,.2f}" if cents else f"{sign}${size:,.0f}"


def amount(value: float | None) -> str:
    """Dollars and cents as a statement prints them: out in brackets, a dash for nothing."""
    if value is None or value != value:
        return ""
    if round(value, 2) == 0:
        return "–"
    return f"({-value:,.2f})" if value < 0 else f"{value:,.2f}"


def metric_in_words(projection: Projection, name: str) -> str:
    """A metric as a page shows it; "Never" or "None" where it does not exist."""
    value, reason = projection.metrics[name], projection.reasons.get(name, "")
    if value is not None:
        return figure(name, value)
    return "Never" if reason.startswith("never") else "None" if reason.startswith("no ") else "–"


def of_lives(name: str, value: float) -> str:
    """A figure of a risk analysis as a page shows it."""
    if name.endswith("_frac"):
        return f"{100 * value:.1f} %"
    return f"{value:,.2f} BTC" if name.endswith("_btc") else money(value)


def caption(name: str) -> str:
    """Label and unit of a column."""
    words = word(name)
    return f"{words.label} ({words.unit})" if words.unit not in {"", "1"} else words.label


def reading(value: float) -> str:
    """A figure from outside in all its digits."""
    return f"{value:,.0f}" if value >= 1e6 else f"{value:,.10g}"


def exact(name: str, value: float | None) -> str:
    """A metric without its unit in the digits that can be compared: dollars to the cent, else six digits."""
    if value is None:
        return "–"
    places = EXACT_DIGITS - 1 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{2 if word(name).unit == 'USD' else max(0, places)}f}".replace("-", "−")


def is_share(path: str, unit: str, value: Any) -> bool:
    """Whether a field of a scenario is a share or a yearly rate, which people read in percent."""
    return isinstance(value, float) and ("_frac" in path.rsplit(".", 1)[-1] or unit == "1/yr")


def old_in_words(seconds: float) -> str:
    """How old something is, as people say it."""
    return "just now" if seconds < 60 else f"{age_in_words(seconds)} old"


def age_in_words(seconds: float) -> str:
    """An age as people say it."""
    if 60 <= seconds < 3600:
        return f"{int(seconds / 60)} min"
    sizes = ((365.25 * DAY_S, "year"), (30.4 * DAY_S, "month"), (DAY_S, "day"), (3600.0, "hour"))
    for size, unit in sizes:
        if seconds >= size:
            count = int(seconds / size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
