"""A weather year as bytes and back, for the cache: Arrow IPC, to the last bit, nothing that runs."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime

import pandas as pd

from core.errors import SolarMiningError, SourceError
from core.inputs import Weather

FACTS = [f.name for f in fields(Weather) if f.init and f.name != "hourly"]


def pack(weather: Weather) -> bytes:
    """The year as Arrow IPC: `time` [s since 1970], its columns, and the rest as JSON beside them."""
    import pyarrow as pa  # type: ignore[import-untyped]

    columns = {"time": pd.DatetimeIndex(weather.hourly.index).as_unit("s").asi8}
    columns |= {name: weather.hourly[name].to_numpy(dtype="float64") for name in weather.hourly.columns}
    facts = {name: getattr(weather, name) for name in FACTS}
    table = pa.table(columns, metadata={"weather": json.dumps(facts, default=datetime.isoformat)})
    with pa.ipc.new_file(sink := pa.BufferOutputStream(), table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpack(data: bytes) -> Weather:
    """The year that `pack` made bytes of; SourceError where it did not make them."""
    import pyarrow as pa

    try:
        table = pa.ipc.open_file(data).read_all()
        facts = json.loads(table.schema.metadata[b"weather"])
        facts |= {"notes": tuple(facts["notes"]), "observed_at": datetime.fromisoformat(facts["observed_at"])}
        columns = {name: table[name].to_numpy() for name in table.column_names[1:]}
        hours = pd.DatetimeIndex(table["time"].to_numpy().view("datetime64[s]"), tz="UTC")
        return Weather(hourly=pd.DataFrame(columns, index=hours), **facts)
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError, SolarMiningError) as error:
        raise SourceError("these bytes hold no weather year", field="cache", expected="a packed year") from error
