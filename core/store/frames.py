"""Tables of figures as bytes and back, to the last bit: Arrow IPC with zstd.

Types, units of time, time zones, the index and its frequency come back as they were.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import DatabaseError, ValidationError

FREQUENCY = b"index_frequency"


def packed(frame: pd.DataFrame, field: str) -> bytes:
    """The frame as bytes; ValidationError where a number in it is missing or infinite."""
    import pyarrow as pa  # type: ignore[import-untyped]

    _refuse_infinite(frame, field)
    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowException, ValueError, TypeError) as error:
        expected = "columns of one kind each, no two with one name"
        raise ValidationError(f"{field}: expected {expected}", field=field, expected=expected) from error
    frequency = getattr(frame.index, "freqstr", None) or ""
    table = table.replace_schema_metadata({**table.schema.metadata, FREQUENCY: frequency.encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _refuse_infinite(frame: pd.DataFrame, field: str) -> None:
    for name, column in frame.select_dtypes(np.floating).items():
        if not np.isfinite(column.to_numpy(dtype=float, na_value=np.nan)).all():
            raise ValidationError(
                f"{field}: a number in column {name} is missing or infinite",
                field=f"{field}.{name}",
                expected="finite numbers",
            )


def unpacked(data: bytes, field: str) -> pd.DataFrame:
    """The frame that `packed` made bytes of; DatabaseError where it did not make them."""
    import pyarrow as pa

    try:
        table = pa.ipc.open_file(pa.BufferReader(data)).read_all()
        frame: pd.DataFrame = table.to_pandas()
        frequency = (table.schema.metadata or {}).get(FREQUENCY, b"").decode()
    except (pa.ArrowException, ValueError, OSError) as error:
        raise DatabaseError(f"{field}: these bytes hold no table", field=field, expected="an Arrow table") from error
    if frequency and isinstance(frame.index, pd.DatetimeIndex):
        frame.index = pd.DatetimeIndex(frame.index, freq=frequency)
    return frame
