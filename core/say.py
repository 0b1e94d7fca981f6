"""Figures in words: money, shares and metrics with sensible digits, and numbers written as a language writes them.

Marks are CLDR 46's, of a number's whole and decimal part (unicode.org/cldr, `numbers.json`, "symbols-numberSystem-latn");
digits are always 0 to 9, in groups of three. A minus is the true sign, U+2212.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.vocabulary import word

MINUS = "−"
FT_PER_M, SQFT_PER_M2, MPH_PER_MS = 3.280839895, 10.763910417, 2.236936292  # NIST SP 811, B.8


@dataclass(frozen=True)
class Marks:
    """What stands between thousands and before decimals."""

    thousands: str = ","
    decimal: str = "."


ENGLISH = Marks()
DOTS, SPACES, FINE_SPACES, QUOTES = Marks(".", ","), Marks("\u00a0", ","), Marks("\u202f", ","), Marks("’", ".")
# languages and, where a country differs, languages of countries; all others write as English does
LANGUAGES = (
    (DOTS, "ca da de el es eu gl hr id is it mk nl pt ro sl sr tr vi"),
    (SPACES, "be bg cs de-AT en-ZA et fi fr-CA hu hy ka lt lv nb nn no pl pt-PT ru sk sq sv uk"),
    (FINE_SPACES, "fr"),
    (QUOTES, "de-CH de-LI it-CH"),
    (ENGLISH, "es-DO es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-SV es-US"),
)
WRITTEN = {language: marks for marks, languages in LANGUAGES for language in languages.split()}


def marks_of(locale: str) -> Marks:
    """The marks of a language as a browser names it, such as "de-CH"; English ones where it is not known."""
    language, _, rest = locale.partition("-")
    country = rest.rsplit("-", 1)[-1]
    return WRITTEN.get(f"{language}-{country}", WRITTEN.get(language, ENGLISH))


def number(value: float, digits: int = 0, marks: Marks = ENGLISH, *, sign: str = "-") -> str:
    """A number with so many decimals, thousands apart; `sign="+"` writes one before gains too."""
    return _written(format(value, f"{sign},.{digits}f"), marks)


def short(value: float, digits: int = 4, marks: Marks = ENGLISH) -> str:
    """So many significant digits, thousands apart, no zeros behind; powers of ten only where there is no other way."""
    size = abs(value)
    if size >= 1e7 or 0 < size < 1e-3:
        return _written(f"{value:.{digits}g}", marks)
    if size >= 10 ** (digits - 1) or value == 0:
        return number(value, 0, marks)
    plain = f"{value:,.{digits - 1 - math.floor(math.log10(size))}f}"
    return _written(plain.rstrip("0").rstrip("."), marks)


def exact(value: float, digits: int = 10, marks: Marks = ENGLISH) -> str:
    """Up to so many digits, none that says nothing."""
    return _written(f"{value:,.{digits}g}", marks)


def percent(frac: float, digits: int = 1, marks: Marks = ENGLISH, *, sign: str = "-") -> str:
    """A share in percent."""
    return f"{number(100 * frac, digits, marks, sign=sign)} %"


def money(value: float, marks: Marks = ENGLISH, *, cents: bool = False) -> str:
    """Dollars; millions shortened, nothing without a sign."""
    places = 2 if cents else 0
    sign, size = MINUS if round(value, places) < 0 else "", abs(value)
    if size >= 1e6:
        return f"{sign}${number(size / 1e6, 3 if size < 1e8 else 1, marks)} M"
    return f"{sign}${number(size, places, marks)}"


def amount(value: float, code: str, marks: Marks = ENGLISH) -> str:
    """An amount of another currency; millions shortened."""
    return f"{number(value / 1e6, 3, marks)} M {code}" if abs(value) >= 1e6 else f"{number(value, 0, marks)} {code}"


def metric(name: str, value: float | None, marks: Marks = ENGLISH) -> str:
    """A metric in the words of a page: sensible digits, its unit; a dash where there is none."""
    unit = word(name).unit
    if value is None:
        return "–"
    if unit == "USD":
        return money(value, marks)
    if unit in {"USD/BTC", "USD/PH/day"}:
        return money(value, marks, cents=abs(value) < 1000)
    if unit == "USD/kWh":
        return f"{number(value * 100, 1 if abs(value) >= 0.1 else 2, marks)} ¢/kWh"
    if name.endswith("_frac") or unit == "1/yr":
        return percent(value, 1, marks)
    return _measured(value, unit, marks)


def _measured(value: float, unit: str, marks: Marks) -> str:
    """A value in a unit that is neither money nor a share."""
    if unit == "kWh":
        return energy(value, marks)
    if unit == "yr":
        return f"{number(value, 1, marks)} years"
    if unit == "BTC":
        return f"{number(value, 4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0, marks)} BTC"
    return f"{short(value, 4, marks)} {'' if unit == '1' else unit}".strip()


def energy(kwh: float, marks: Marks = ENGLISH) -> str:
    """Energy [kWh] in the unit that suits its size."""
    if abs(kwh) >= 1e7:
        return f"{number(kwh / 1e6, 1, marks)} GWh"
    return f"{number(kwh / 1000, 0, marks)} MWh" if abs(kwh) >= 1e5 else f"{number(kwh, 0, marks)} kWh"


# metric unit: (unit in US use, factor, offset)
CUSTOMARY = {
    "°C": ("°F", 1.8, 32.0),
    "K": ("°F", 1.8, 0.0),  # how much warmer
    "m": ("ft", FT_PER_M, 0.0),
    "m²": ("sq ft", SQFT_PER_M2, 0.0),
    "m/s": ("mph", MPH_PER_MS, 0.0),
}


def converted(value: float, unit: str, *, customary: bool) -> tuple[float, str]:
    """A value and its unit as they are shown: metric as they are kept, or in US customary units where there are any."""
    if not customary or unit not in CUSTOMARY:
        return value, unit
    other, factor, offset = CUSTOMARY[unit]
    return value * factor + offset, other


def metric_again(value: float, unit: str, *, customary: bool) -> float:
    """What a value that was typed in US customary units is in the metric `unit`."""
    if not customary or unit not in CUSTOMARY:
        return value
    _, factor, offset = CUSTOMARY[unit]
    return (value - offset) / factor


def _written(plain: str, marks: Marks) -> str:
    """A number as Python writes it, with the marks of a language."""
    swapped = plain.translate({ord(","): marks.thousands, ord("."): marks.decimal})
    return swapped.replace("-", MINUS, 1) if plain.startswith("-") else swapped
