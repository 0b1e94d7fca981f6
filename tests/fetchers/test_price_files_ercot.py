"""Files of ERCOT, and years of market prices, read as years of hourly prices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import FileError, ValidationError
from core.fetchers.price_files import read_prices
from core.fetchers.price_year import year_of
from core.fetchers.providers.ercot import COLUMNS
from core.world import PowerPrices
from tests.fetchers.price_lines import expected, local, price_of, read, refusal

# ERCOT


def settlement(times: list[datetime], points: tuple[str, ...] = ("HB_WEST",)) -> list[str]:
    """Day-ahead prices as ERCOT writes them: hours by their end, the repeated one flagged."""
    rows = [",".join(COLUMNS["day-ahead"])]
    for at in times:
        again = at.fold == 1
        for n, point in enumerate(points):
            rows.append(f"{at:%m/%d/%Y},{at.hour + 1:02d}:00,{point}, {price_of(at) + n:.4f},{'Y' if again else 'N'}")
    return rows


def test_settlement_point_prices_of_a_year() -> None:
    usd, notes = read(settlement(local(2023)))
    assert np.allclose(usd, expected(), atol=1e-7)
    assert "ERCOT’s day-ahead prices at HB_WEST, in USD/MWh" in notes


def test_a_settlement_point_is_asked_for_where_there_are_several() -> None:
    lines = settlement(local(2023), ("HB_WEST", "LZ_NORTH"))
    error = refusal(lines)
    assert (error.field, error.line, error.column) == ("column", 2, 3)
    assert "LZ_NORTH" in error.expected
    assert np.allclose(read(lines, column="LZ_NORTH")[0], expected() + 0.001, atol=1e-7)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("13/01/2023,01:00,HB_WEST,5,N", 1),
        ("01/05/2023,25:00,HB_WEST,5,N", 2),
        ("01/05/2023,05:00,HB_WEST,five,N", 4),
        ("01/05/2023,05:00,HB_WEST,5,Y", 5),
    ],
)
def test_a_cell_of_ercots_is_named_with_its_place(row: str, column: int) -> None:
    lines = settlement(local(2023))
    lines[101] = row
    error = refusal(lines)
    assert (error.line, error.column) == (102, column)


def test_an_interval_that_comes_again_is_refused() -> None:
    lines = settlement(local(2023))
    assert refusal([*lines, lines[5]]).line == len(lines) + 1


# A year of the market


def power(times: list[datetime], minutes: int = 60) -> PowerPrices:
    return PowerPrices(
        "HB_WEST", minutes, tuple(at.astimezone(UTC) for at in times), tuple(price_of(at) / 1000 for at in times)
    )


@pytest.mark.parametrize(("year", "minutes"), [(2023, 60), (2024, 15)])
def test_a_year_of_market_prices_is_the_same_8760_values(year: int, minutes: int) -> None:
    found = year_of(power(local(year, minutes), minutes))
    assert np.allclose(found.usd_per_kwh, expected(), atol=1e-7)
    assert found.source == "HB_WEST"


def test_a_month_of_market_prices_is_no_year() -> None:
    with pytest.raises(ValidationError, match="in a row"):
        year_of(power(local(2023)[:700]))
    with pytest.raises(ValidationError, match="comes again"):
        year_of(power([*local(2023), *local(2024)]))
    with pytest.raises(ValidationError, match="no prices"):
        year_of(PowerPrices("HB_WEST", 60, (), ()))


@pytest.mark.data
def test_ten_months_of_ercot_are_no_year_but_are_understood(validation_data: Path) -> None:
    """Quarters of an hour from June 2024 to March 2025; the missing months are named."""
    content = (validation_data / "tariffs_prices__ercot_south_interval_2024-06_mit.csv").read_bytes()
    with pytest.raises(FileError, match=r"in a row from 03-28") as caught:
        read_prices(content, timezone="UTC", column="HB_SOUTH_DAM")
    assert caught.value.value == (date(2025, 6, 1) - date(2025, 3, 28)).days * 24
