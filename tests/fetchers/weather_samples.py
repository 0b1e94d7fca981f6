"""Weather files written from the documented formats, with made-up values that are easy to follow.

Row r of the year (0 is the first hour of January in the file's own clock) has ghi = 100 + r % 24, dni = r % 900,
dhi = r % 300, temperature = r % 50 − 10.5, wind = r % 20 / 2, unless a test changes a cell.
"""

import json

import numpy as np
import pandas as pd

ROWS = 8760


def values(rows: int = ROWS) -> pd.DataFrame:
    r = np.arange(rows)
    return pd.DataFrame(
        {"ghi": 100 + r % 24, "dni": r % 900, "dhi": r % 300, "temp_air": r % 50 - 10.5, "wind_speed": r % 20 / 2}
    )


def calendar(year: int, minutes: int = 60, leap_day: bool = True) -> pd.DatetimeIndex:
    index = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:59", freq=f"{minutes}min")
    return index if leap_day else index[~((index.month == 2) & (index.day == 29))]


def epw(year: int = 1999, *, title: str = "TMY3", zone: str = "-7.0", leap_day: bool = True, data=None) -> list[str]:
    when = calendar(year, leap_day=leap_day)
    data = values(len(when)) if data is None else data
    head = [
        f"LOCATION,Somewhere,CO,USA,{title},725650,39.83,-104.65,{zone},1650.0",
        "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,made for a test",
        "COMMENTS 2,",
        "DATA PERIODS,1,1,Data,Sunday, 1/ 1,12/31",
    ]
    rows = [
        f"{t.year},{t.month},{t.day},{t.hour + 1},0,flags,{v.temp_air},-19.7,85,83700,0,0,190,{v.ghi:g},{v.dni:g},"
        f"{v.dhi:g},0,0,0,0,180,{v.wind_speed},3,3,777.7,77777,9,999999999,30,0.044,0,88,0.22,999.0,99.0"
        for t, v in zip(when, data.itertuples(), strict=True)
    ]
    return head + rows


def tmy3() -> list[str]:
    names = [
        "Date (MM/DD/YYYY)", "Time (HH:MM)", "GHI (W/m^2)", "GHI source", "DNI (W/m^2)", "DHI (W/m^2)",
        "Dry-bulb (C)", "Wspd (m/s)",
    ]  # fmt: skip
    rows = [
        f"{t.month:02d}/{t.day:02d}/{1980 + t.month},{t.hour + 1:02d}:00,{v.ghi},1,{v.dni},{v.dhi},{v.temp_air},{v.wind_speed}"
        for t, v in zip(calendar(2001), values().itertuples(), strict=True)
    ]
    return ['123456,"SOME PLACE, WITH A COMMA",NC,-5.0,36.100,-79.950,273', ",".join(names), *rows]


def tm2() -> list[str]:
    rows = []
    for t, v in zip(calendar(2001), values().itertuples(), strict=True):
        row = list(" " * 142)
        for start, text in (
            (1, f"{60 + t.month:02d}{t.month:02d}{t.day:02d}{t.hour + 1:02d}"), (17, f"{v.ghi:04d}A7"),
            (23, f"{v.dni:04d}A7"), (29, f"{v.dhi:04d}A7"), (67, f"{round(v.temp_air * 10):4d}A7"),
            (95, f"{round(v.wind_speed * 10):03d}A7"),
        ):  # fmt: skip
            row[start : start + len(text)] = text
        rows.append("".join([*row[:141], "0"]))
    return [" 12839 MIAMI                  FL  -5 N 25 48 W  80 16     2", *rows]


def sam(
    year: int = 2019, *, minutes: int = 60, first_minute: int = 30, zone: str = "-6", local: str = "-6"
) -> list[str]:
    when = calendar(year, minutes)
    rows = [
        f"{t.year},{t.month},{t.day},{t.hour},{t.minute + first_minute},{v.ghi},{v.dhi},{v.dni},{v.wind_speed},{v.temp_air}"
        for t, v in zip(when, values(len(when)).itertuples(), strict=True)
    ]
    return [
        "Source,Location ID,City,State,Country,Latitude,Longitude,Time Zone,Elevation,Local Time Zone,GHI Units,Wind Speed Units",
        f"NSRDB,611351,-,-,-,32.33,-100.18,{zone},761,{local},w/m2,m/s",
        "Year,Month,Day,Hour,Minute,GHI,DHI,DNI,Wind Speed,Temperature",
        *rows,
    ]


def pvgis_tmy(*, offset: str = "0.1761") -> list[str]:
    rows = [
        f"{2004 + t.month}{t.month:02d}{t.day:02d}:{t.hour:02d}00,{v.temp_air},90.0,{v.ghi:.1f},{v.dni:.1f},{v.dhi:.1f},300,{v.wind_speed},257,99870"
        for t, v in zip(calendar(2001), values().itertuples(), strict=True)
    ]
    head = ["Latitude (decimal degrees): 45.000", "Longitude (decimal degrees): 8.000", "Elevation (m): 250.0"]
    head += [f"Irradiance Time Offset (h): {offset}"] if offset else []
    head += ["month,year", *(f"{m},{2004 + m}" for m in range(1, 13))]
    return [*head, "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP", *rows, "", "T2m: 2-m air temperature", ""]


def pvgis_tmy_json(*, offset: float = 0.1761) -> dict:
    rows = [
        {
            "time(UTC)": f"{2004 + t.month}{t.month:02d}{t.day:02d}:{t.hour:02d}00", "T2m": v.temp_air, "RH": 90.0,
            "G(h)": float(v.ghi), "Gb(n)": float(v.dni), "Gd(h)": float(v.dhi), "WS10m": v.wind_speed,
        }
        for t, v in zip(calendar(2001), values().itertuples(), strict=True)
    ]  # fmt: skip
    place = {"latitude": 45.0, "longitude": 8.0, "elevation": 250.0, "irradiance_time_offset": offset}
    inputs = {"location": place, "meteo_data": {"radiation_db": "PVGIS-SARAH3"}}
    return {"inputs": inputs, "outputs": {"tmy_hourly": rows}, "meta": {}}


def pvgis_series(*, slope: str = "0", columns: str = "time,Gb(i),Gd(i),Gr(i),H_sun,T2m,WS10m,Int") -> list[str]:
    """Every hour has 400 W/m² of beam on the horizontal under a sun 30° high, and 100 of diffuse light."""
    rows = [f"{t:%Y%m%d:%H}10,400.0,100.0,0.0,30.0,12.5,2.5,0.0" for t in calendar(2016)]
    return [
        "Latitude (decimal degrees):\t45.000",
        "Longitude (decimal degrees):\t8.000",
        "Elevation (m):\t250",
        "Radiation database:\tPVGIS-SARAH",
        "",
        "",
        f"Slope: {slope} deg. ",
        "Azimuth: 0 deg. ",
        columns,
        *rows,
        "",
        "Gb(i): Beam (direct) irradiance on the inclined plane (plane of the array) (W/m2)",
    ]


def text(lines: list[str], end: str = "\n") -> bytes:
    return (end.join(lines) + end).encode()


def as_json(raw: dict) -> bytes:
    return json.dumps(raw).encode()


def with_cell(lines: list[str], line: int, column: int, cell: str) -> list[str]:
    """A copy with one cell changed; both counted from 1."""
    fields = lines[line - 1].split(",")
    fields[column - 1] = cell
    return [*lines[: line - 1], ",".join(fields), *lines[line:]]
