"""FILE-06: whatever is done to a weather file, the answer is a year or a FileError, soon.

SOLAR_MINING_MUTATIONS sets how many mutated files are tried in all (1,000 unless told; acceptance asks for 10,000).
"""

import os
import random
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import weather_samples as make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.fetchers.weather_files import read_weather
from core.inputs import WEATHER_COLUMNS, Weather

MUTATIONS = int(os.environ.get("SOLAR_MINING_MUTATIONS", "1000"))
WHOLE = {
    "epw": make.text(make.epw()),
    "tmy3": make.text(make.tmy3()),
    "tm2": make.text(make.tm2()),
    "sam": make.text(make.sam()),
    "half hours": make.text(make.sam(2020, minutes=30, first_minute=0, zone="0")),
    "pvgis": make.text(make.pvgis_tmy()),
    "pvgis json": make.as_json(make.pvgis_tmy_json()),
    "pvgis series": make.text(make.pvgis_series()),
}
PVLIB = Path(find_spec("pvlib").origin).parent / "data"
REAL = {"real tmy3": PVLIB / "723170TYA.CSV", "real tm2": PVLIB / "12839.tm2"}
if FOLDER := os.environ.get("SOLAR_MINING_VALIDATION_DATA"):
    REAL["real epw"] = Path(FOLDER) / "weather__denver_tmy3.epw"
WHOLE |= {form: path.read_bytes() for form, path in REAL.items()}
TOKENS = [
    b"-9900", b"9999", b"999999999", b"99.9", b"", b" ", b"nan", b"inf", b"-inf", b"1e999", b"-5000", b"2500", b"150",
    b"null", b"true", b"[]", b"{}", b'"', b'""', b"'", b",", b",,", b";", b"\t", b"\n", b"\r", b"\n\n", b"\x00", b"\x1a",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x85", b"-", b"+", b".", b"e", b"1_0", b"=1+1", b"0", b"-0", b"29",
    b"24:00", b"02/29/2000", b"20160229:0010", b"1" * 500, b"\xd9\xa1", b"(", b")", b":", b"}", b"]",
]  # fmt: skip


def accepted(data: bytes) -> bool:
    """True when `data` is a valid year, False when it is refused; anything else fails the test."""
    started = time.thread_time()  # of this thread alone: a busy machine is no failure
    try:
        weather = read_weather(data, name="mutant")
    except FileError as refusal:
        weather = refusal
    assert time.thread_time() - started <= 2.0
    if isinstance(weather, FileError):
        assert weather.message
        assert weather.body("id")["error"]["details"]["expected"]
        return False
    assert isinstance(weather, Weather)
    assert np.isfinite(weather.hourly[list(WEATHER_COLUMNS)].to_numpy()).all()
    assert 0 <= weather.sun_minute < 60
    assert len(weather.digest) == 16
    return True


def place_in(data: bytes, rng: random.Random) -> int:
    """Half of all changes hit the header, where the structure is."""
    return rng.randrange(min(len(data), 1500) if rng.random() < 0.5 else len(data))


def mutated(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = place_in(data, rng)
        size = rng.choice((1, 1, 2, 5, 40, 3000))
        other = rng.randrange(len(data))
        data = rng.choice(
            (
                lambda d, at=at: d[:at] + bytes([rng.randrange(256)]) + d[at + 1 :],
                lambda d, at=at: d[:at] + bytes([rng.choice(b"0123456789")]) + d[at + 1 :],
                lambda d, at=at, size=size: d[:at] + d[at + size :],
                lambda d, at=at: d[:at] + rng.choice(TOKENS) + d[at:],
                lambda d, at=at, size=size: d[:at] + rng.choice(TOKENS) + d[at + size :],
                lambda d, at=at: cell_replaced(d, at, rng.choice(TOKENS)),
                lambda d, at=at, size=size, other=other: d[:at] + d[other : other + size] + d[at:],
                lambda d, at=at: d[:at] if rng.random() < 0.3 else d[at:],
                lambda d, at=at: line_dropped(d, at),
            )
        )(data)
        if not data:
            break
    return data


def cell_replaced(data: bytes, at: int, token: bytes) -> bytes:
    start, end = data.rfind(b",", 0, at) + 1, data.find(b",", at)
    return data[:start] + token + (data[end:] if end >= 0 else b"")


def line_dropped(data: bytes, at: int) -> bytes:
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1
    return data[:start] + (data[end:] if end else b"")


@pytest.mark.parametrize("form", list(WHOLE))
def test_a_mutated_file_gives_a_year_or_a_file_error_within_two_seconds(form):
    rng = random.Random(form)
    tries = max(1, MUTATIONS // len(WHOLE))
    read = sum(accepted(mutated(WHOLE[form], rng)) for _ in range(tries))
    print(f"{form}: {tries} mutants, {read} read, {tries - read} refused")
    assert accepted(WHOLE[form])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda t: t.encode("utf-8", "replace"))))
def test_any_bytes_are_refused_as_a_file_error(data):
    assert not accepted(data)


HEADS = [b"\n".join(data.split(b"\n", 12)[:12])[:3000] for data in WHOLE.values()]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(HEADS), st.integers(0, 1200), st.binary(max_size=60), st.integers(0, 60))
def test_a_torn_header_is_refused_as_a_file_error(head, at, put, cut):
    assert not accepted(head[:at] + put + head[at + cut :])
