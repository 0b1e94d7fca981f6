"""ERCOT, the grid of Texas: what power costs at its settlement points, without a key.

Contract: the public reports of ercot.com (MIS). Two calls make an answer: a list of documents, then a document, a zip
archive with one csv. Report 12331 holds the day-ahead prices of a delivery day, 12301 the real-time prices of a quarter
of an hour; both are kept for some 30 days, as csv and as xml in turn. Hours are those that end at 01:00 to 24:00 on the
Central clock: on the day it goes forward 03:00 is missing, on the day it goes back 02:00 comes twice, the second time
with DSTFlag Y. Prices are in USD/MWh, some with a blank in front, some below 0.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from core.errors import ValidationError
from core.fetchers.fields import Fields, body_of, failed, refused, words_of
from core.fetchers.provider import Reply, Request, Source
from core.world import PowerPrices

NAME = "ERCOT"
BASE = "https://www.ercot.com"
NOTICE = "Prices: ERCOT, public market reports"
CENTRAL = ZoneInfo("America/Chicago")
MOST_CSV_BYTES = 20_000_000  # a day of all points takes about 1 MB
PER_MINUTE = 20
Market = Literal["day-ahead", "real-time"]
REPORTS = {"day-ahead": "12331", "real-time": "12301"}
MINUTES = {"day-ahead": 60, "real-time": 15}
COLUMNS = {
    "day-ahead": ("DeliveryDate", "HourEnding", "SettlementPoint", "SettlementPointPrice", "DSTFlag"),
    "real-time": (
        "DeliveryDate", "DeliveryHour", "DeliveryInterval", "SettlementPointName", "SettlementPointType",
        "SettlementPointPrice", "DSTFlag",
    ),
}  # fmt: skip
POINT_COLUMN = {"day-ahead": 2, "real-time": 3}
WEIGHTED = "LZEW"  # a second price of the same load zone, weighted by energy
KWH_PER_MWH = 1000.0


@dataclass(frozen=True)
class Document:
    """A document of a report, and when it was published."""

    number: str
    published_at: datetime


@dataclass(frozen=True)
class Documents:
    """The csv documents of a report that can be had, oldest first."""

    documents: tuple[Document, ...]


@dataclass(frozen=True)
class AtPoint:
    """The prices of one settlement point in one document."""

    market: Market
    document: str
    point: str

    def __post_init__(self) -> None:
        check_point(self.point)


def check_point(point: str) -> None:
    """ValidationError where this cannot be the name of a settlement point."""
    if not re.fullmatch(r"[A-Z0-9_.\-]{1,40}", point, re.ASCII):
        expected = "the name of a settlement point, such as HB_WEST or LZ_NORTH"
        raise ValidationError(f"point: expected {expected}", field="point", value=point, expected=expected)


def day_starts(day: date) -> datetime:
    """When a day of the Central clock begins [UTC]."""
    return datetime.combine(day, time(), CENTRAL).astimezone(UTC)


# The list


def _ask_list(base: str, asked: Market, key: str) -> Request:
    return Request(f"{base}/misapp/servlets/IceDocListJsonWS", {"reportTypeId": REPORTS[asked]})


def _read_list(reply: Reply, asked: Market) -> Documents:
    """{"ListDocsByRptTypeRes": {"DocumentList": [{"Document": {"DocID", "FriendlyName", "PublishDate", …}}]}}"""
    listed = Fields.of(body_of(reply, NAME), NAME).object("ListDocsByRptTypeRes").raw.get("DocumentList")
    rows = [listed] if isinstance(listed, dict) else listed  # one document may come without its list
    if not isinstance(rows, list) or not rows:
        raise refused(NAME, "DocumentList", listed, "a list with at least one document")
    found = [Fields.of(row, NAME, "DocumentList").object("Document") for row in rows]
    kept = [_document(row, asked) for row in found if row.text("FriendlyName").endswith("_csv")]
    if not kept:
        raise refused(NAME, "FriendlyName", found[0].raw["FriendlyName"], "that of any csv document")
    return Documents(tuple(sorted(kept, key=lambda document: (document.published_at, document.number))))


def _document(row: Fields, asked: Market) -> Document:
    number = row.text("DocID")
    if not re.fullmatch(r"\d{1,20}", number, re.ASCII):
        raise refused(NAME, "DocID", number, "a number")
    if row.text("ReportTypeID") != REPORTS[asked]:
        raise refused(NAME, "ReportTypeID", row.raw["ReportTypeID"], REPORTS[asked])
    try:
        at = datetime.fromisoformat(row.text("PublishDate"))
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise refused(NAME, "PublishDate", row.raw["PublishDate"], "a time with its offset from UTC")
    return Document(number, at.astimezone(UTC))


# A document


def _ask_document(base: str, asked: AtPoint, key: str) -> Request:
    if not re.fullmatch(r"\d{1,20}", asked.document, re.ASCII):
        raise ValidationError(
            "document: expected a number", field="document", value=asked.document, expected="a number"
        )
    return Request(f"{base}/misdownload/servlets/mirDownload", {"doclookupId": asked.document})


def _read_document(reply: Reply, asked: AtPoint) -> PowerPrices:
    """A zip archive with one csv, whose rows are of all points; no prices where the point is not among them."""
    prices: dict[datetime, float] = {}
    for row in _rows(_csv_of(reply), asked.market):
        if row[POINT_COLUMN[asked.market]].strip() != asked.point or WEIGHTED in row:
            continue
        start, usd_per_kwh = interval(row, asked.market)
        if start in prices:
            raise refused(NAME, "DSTFlag", start.isoformat(), "such that an interval comes once")
        prices[start] = usd_per_kwh
    starts = tuple(sorted(prices))
    if asked.market == "day-ahead" and starts:
        _check_whole_day(starts)
    return PowerPrices(asked.point, MINUTES[asked.market], starts, tuple(prices[start] for start in starts))


def interval(row: list[str], market: Market) -> tuple[datetime, float]:
    """Where the interval of a row begins [UTC], and its price [USD/kWh]; SourceError names the cell that is wrong."""
    cells = dict(zip(COLUMNS[market], (cell.strip() for cell in row), strict=True))
    return _start(cells, market), _usd_per_mwh(cells["SettlementPointPrice"]) / KWH_PER_MWH


def _csv_of(reply: Reply) -> str:
    """The text of the one csv; an archive that holds more, or unpacks to more than it may, is refused."""
    start = reply.body[:64].lstrip()
    if reply.status != 200:
        raise failed(
            NAME, f"HTTP {reply.status}, {'a web page' if start[:1] == b'<' else words_of(start.decode('latin-1'))}"
        )
    if start.startswith(b"<") or not start:
        raise failed(NAME, f"{'a web page' if start else 'nothing'} instead of an archive", "a zip archive")
    try:
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            return _member(archive).decode("utf-8-sig")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise refused(NAME, "document", type(error).__name__, "a zip archive with one csv as UTF-8") from error


def _member(archive: zipfile.ZipFile) -> bytes:
    members = archive.infolist()
    if len(members) != 1 or not members[0].filename.lower().endswith(".csv"):
        named = ", ".join(words_of(member.filename) for member in members[:3])
        raise refused(NAME, "document", f"{len(members)} files: {named}", "an archive with one csv")
    if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a limit
        raise refused(NAME, "document", f"method {members[0].compress_type}", "an archive packed by deflate")
    with archive.open(members[0]) as file:
        data = file.read(MOST_CSV_BYTES + 1)
    if len(data) > MOST_CSV_BYTES:
        raise refused(NAME, "document", "more", f"at most {MOST_CSV_BYTES / 1e6:g} MB unpacked")
    return data


def _rows(text: str, market: Market) -> Iterator[list[str]]:
    """The rows below the header, each as long as it."""
    expected = COLUMNS[market]
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        head = tuple(cell.strip() for cell in next(lines, []))
        if head != expected:
            raise refused(NAME, "header", words_of(",".join(head)), ",".join(expected))
        found = [row for row in lines if row]
    except csv.Error as error:
        raise refused(NAME, "document", words_of(error), "a csv") from error
    if not found:
        raise refused(NAME, "document", "no rows", "prices")
    if wrong := next((row for row in found if len(row) != len(expected)), None):
        raise refused(NAME, "row", words_of(",".join(wrong)), f"of {len(expected)} cells")
    return iter(found)


def _start(cells: dict[str, str], market: Market) -> datetime:
    """Where an interval begins [UTC]. The repeated hour is told by its flag, an hour that does not exist is the next."""
    day = _day(cells["DeliveryDate"])
    if market == "day-ahead":
        hour, minute = _whole(cells["HourEnding"].removesuffix(":00"), 24, "HourEnding"), 0
    else:
        hour = _whole(cells["DeliveryHour"], 24, "DeliveryHour")
        minute = 15 * (_whole(cells["DeliveryInterval"], 4, "DeliveryInterval") - 1)
    flag = cells["DSTFlag"]
    local = datetime.combine(day, time(hour - 1, minute), CENTRAL)
    again = local.replace(fold=1)
    if flag not in ("Y", "N") or (flag == "Y" and not _offset_h(local) > _offset_h(again)):
        raise refused(NAME, "DSTFlag", flag, "Y in the hour that comes again, N in all others")
    return (again if flag == "Y" else local).astimezone(UTC)


def _offset_h(at: datetime) -> float:
    return (at.utcoffset() or timedelta()).total_seconds() / 3600


def _day(text: str) -> date:
    if re.fullmatch(r"\d\d/\d\d/\d{4}", text, re.ASCII):
        try:
            return date(int(text[6:]), int(text[:2]), int(text[3:5]))
        except ValueError:
            pass
    raise refused(NAME, "DeliveryDate", words_of(text), "a day as MM/DD/YYYY")


def _whole(text: str, most: int, name: str) -> int:
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise refused(NAME, name, words_of(text), f"from 1 to {most}")
    return int(text)


def _usd_per_mwh(text: str) -> float:
    if not re.fullmatch(r"-?(\d{1,7}(\.\d{0,10})?|\.\d{1,10})", text, re.ASCII):
        raise refused(NAME, "SettlementPointPrice", words_of(text), "a number")
    return float(text)


def _check_whole_day(starts: tuple[datetime, ...]) -> None:
    """SourceError unless these are all hours of one Central day: 24, 23 or 25 of them."""
    day = starts[0].astimezone(CENTRAL).date()
    first, end = day_starts(day), day_starts(day + timedelta(days=1))
    hours = [first + timedelta(hours=n) for n in range(int((end - first).total_seconds() // 3600))]
    if list(starts) != hours:
        raise refused(NAME, "HourEnding", f"{len(starts)} hours of {day}", f"each of the {len(hours)} hours of a day")


LIST = Source[Market, Documents](NAME, BASE, _ask_list, _read_list, PER_MINUTE, notice=NOTICE)
DOCUMENT = Source[AtPoint, PowerPrices](NAME, BASE, _ask_document, _read_document, PER_MINUTE, notice=NOTICE)
