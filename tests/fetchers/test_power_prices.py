"""Prices of power by hour from ERCOT, on both days on which the clock changes, and what is refused."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import hostile
import pytest

from core.errors import SourceError, ValidationError
from core.fetchers import power_prices
from core.fetchers.power_prices import Wholesale, hourly, wholesale
from core.fetchers.providers import ercot
from core.fetchers.world import Access, World, base_variable
from core.world import PowerPrices
from tests.fetchers import replies_energy as make
from tests.fetchers.replies_bitcoin import NOW, PAGE, reply
from tests.fetchers.replies_energy import AT_WEST, CENTRAL, DAY, dam_csv, rtm_csv, zipped

HOUR = timedelta(hours=1)
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)


# ERCOT's list


def test_of_the_documents_those_in_csv_are_listed_oldest_first() -> None:
    told = ercot.LIST.read(reply(make.LIST), "day-ahead")
    assert [document.number for document in told.documents] == ["75", "77"]
    assert told.documents[1].published_at == datetime(2026, 4, 29, 17, 51, 32, tzinfo=UTC)
    alone = {"ListDocsByRptTypeRes": {"DocumentList": make.document(77, make.NOON)}}
    assert ercot.LIST.read(reply(alone), "day-ahead").documents == told.documents[1:]
    request = ercot.LIST.request("https://www.ercot.com", "real-time", "")
    assert request.url == "https://www.ercot.com/misapp/servlets/IceDocListJsonWS"
    assert request.params == {"reportTypeId": "12301"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (make.listed(), "DocumentList is not"),
        ({"ListDocsByRptTypeRes": {}}, "DocumentList is not"),
        ({"ListDocsByRptTypeRes": ""}, "ListDocsByRptTypeRes is not"),
        (make.listed(make.document(1, make.NOON, form="xml")), "FriendlyName is not"),
        (make.listed(make.document(1, make.NOON, "real-time")), "ReportTypeID is not 12331"),
        (make.listed({"Document": {**make.document(1, make.NOON)["Document"], "DocID": "1&x=2"}}), "DocID is not"),
        (make.listed(make.document(1, make.NOON.replace(tzinfo=None))), "PublishDate is not"),
        (make.listed({"Document": {**make.document(1, make.NOON)["Document"], "PublishDate": "today"}}), "PublishDate"),
    ],
)
def test_a_list_that_is_none_is_refused(body: Any, said: str) -> None:
    with pytest.raises(SourceError, match=f"ERCOT: {said}"):
        ercot.LIST.read(reply(body), "day-ahead")


# A document


def read(body: bytes, market: Any = "day-ahead", point: str = "HB_WEST", status: int = 200) -> PowerPrices:
    return ercot.DOCUMENT.read(reply(body, status), ercot.AtPoint(market, "77", point))


def refused(text: str, said: str, market: Any = "day-ahead", point: str = "HB_WEST") -> None:
    with pytest.raises(SourceError, match=f"ERCOT: {said}"):
        read(zipped(text), market, point)


def test_a_day_is_24_hours_of_utc_in_dollars_a_kwh() -> None:
    told = read(zipped(dam_csv(DAY)))
    assert (told.point, told.minutes, len(told.starts)) == ("HB_WEST", 60, 24)
    assert told.starts[0] == datetime(2026, 4, 30, 5, tzinfo=UTC)  # midnight of the Central summer
    assert told.starts[-1] == datetime(2026, 5, 1, 4, tzinfo=UTC)
    assert told.usd_per_kwh == pytest.approx([(10 + n) / 1000 for n in range(24)])
    winter = read(zipped(dam_csv(date(2026, 1, 15))))
    assert winter.starts[0] == datetime(2026, 1, 15, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(FORWARD, 23), (BACK, 25), (date(2024, 2, 29), 24), (date(2027, 3, 14), 23), (date(2027, 11, 7), 25)],
)
def test_days_on_which_the_clock_changes_have_23_and_25_hours_without_gap_or_double(day: date, hours: int) -> None:
    told = read(zipped(dam_csv(day)))
    assert len(told.starts) == hours
    assert {later - start for start, later in zip(told.starts, told.starts[1:], strict=False)} == {HOUR}
    assert told.usd_per_kwh == pytest.approx([(10 + n) / 1000 for n in range(hours)])  # rows were in order of time


def test_the_flag_marks_the_second_of_the_two_hours() -> None:
    lines = dam_csv(BACK).splitlines()
    first, again = (next(x for x in lines if f",02:00,HB_WEST, {price}" in x) for price in ("11,N", "12,Y"))
    i, j = lines.index(first), lines.index(again)
    lines[i], lines[j] = lines[j], lines[i]  # whatever the order of the rows
    told = read(zipped("\n".join(lines)))
    at = dict(zip(told.starts, told.usd_per_kwh, strict=True))
    assert at[datetime(2026, 11, 1, 6, tzinfo=UTC)] == pytest.approx(0.011)  # 01:00 of summer time
    assert at[datetime(2026, 11, 1, 7, tzinfo=UTC)] == pytest.approx(0.012)  # 01:00 of standard time


def test_an_hour_that_the_clock_leaves_out_is_the_next_one() -> None:
    """Some reports label the first hour of summer time 03:00, others 04:00; both at once are refused."""
    labelled = dam_csv(FORWARD).replace(",04:00,", ",03:00,")
    assert read(zipped(labelled)) == read(zipped(dam_csv(FORWARD)))
    refused(dam_csv(FORWARD) + "03/08/2026,03:00,HB_WEST, 5,N\n", "DSTFlag is not such that an interval comes once")


def test_blanks_and_prices_below_zero_and_at_the_cap_are_prices() -> None:
    prices = [-0.5, 5000, 0, -251, 31, *[35.06] * 19]
    told = read(zipped(dam_csv(DAY, prices)))
    assert told.usd_per_kwh[:5] == pytest.approx((-0.0005, 5.0, 0.0, -0.251, 0.031))
    assert power_prices.wholesale_doubt(told, AT_WEST) == ""
    assert "costs -0.6" in power_prices.wholesale_doubt(replace(told, usd_per_kwh=(-0.6,)), AT_WEST)
    assert "costs 10 USD" in power_prices.wholesale_doubt(replace(told, usd_per_kwh=(10.0,)), AT_WEST)


def test_a_quarter_of_an_hour_is_read_and_the_weighted_price_of_a_zone_left_aside() -> None:
    told = read(zipped(rtm_csv(date(2026, 6, 11), 14, 2, -3.15)), "real-time", "LZ_WEST")
    assert told == PowerPrices("LZ_WEST", 15, (datetime(2026, 6, 11, 18, 15, tzinfo=UTC),), (pytest.approx(-0.00315),))
    again = read(zipped(rtm_csv(BACK, 2, 4, 20.0, "Y")), "real-time", "LZ_WEST")
    assert again.starts == (datetime(2026, 11, 1, 7, 45, tzinfo=UTC),)
    late = read(zipped(rtm_csv(DAY, 24, 4, 20.0)), "real-time", "LZ_WEST")
    assert late.starts == (datetime(2026, 5, 1, 4, 45, tzinfo=UTC),)


def test_a_point_that_is_not_among_them_has_no_prices() -> None:
    assert read(zipped(dam_csv(DAY)), point="HB_EAST") == PowerPrices("HB_EAST", 60, (), ())


def test_rows_that_cannot_be_are_refused_by_their_name() -> None:
    good = dam_csv(DAY)
    refused("", "header is not")
    refused(make.DAM_HEAD + "\n", "document is not prices")
    refused(good.replace("HourEnding", "Hour"), "header is not")
    refused(make.RTM_HEAD + good[len(make.DAM_HEAD) :], "header is not")
    refused(good.replace(",01:00,HB_WEST, 10,N", ",01:00,HB_WEST, 10"), "row is not of 5 cells")
    refused(good.replace("HB_WEST, 10,", "HB_WEST, n/a,"), "SettlementPointPrice is not")
    refused(good.replace("HB_WEST, 10,", "HB_WEST, nan,"), "SettlementPointPrice is not")
    refused(good.replace("HB_WEST, 10,", "HB_WEST, 1e3,"), "SettlementPointPrice is not")
    refused(good.replace("HB_WEST, 10,", "HB_WEST,,"), "SettlementPointPrice is not")
    refused(good.replace(",01:00,HB_WEST", ",00:00,HB_WEST"), "HourEnding is not")
    refused(good.replace(",01:00,HB_WEST", ",25:00,HB_WEST"), "HourEnding is not")
    refused(good.replace(",01:00,HB_WEST", ",01:30,HB_WEST"), "HourEnding is not")
    refused(good.replace("04/30/2026,01:00,HB_WEST", "30/04/2026,01:00,HB_WEST"), "DeliveryDate is not")
    refused(good.replace("04/30/2026,01:00,HB_WEST", "2026-04-30,01:00,HB_WEST"), "DeliveryDate is not")
    refused(good.replace("HB_WEST, 10,N", "HB_WEST, 10,Y"), "DSTFlag is not")  # no hour comes twice on that day
    refused(good.replace("HB_WEST, 10,N", "HB_WEST, 10,"), "DSTFlag is not")
    refused(good.replace("02:00,HB_WEST", "01:00,HB_WEST"), "DSTFlag is not such that an interval comes once")
    refused(good.replace("04/30/2026,24:00,HB_WEST, 33,N\n", ""), "HourEnding is not each of the 24 hours")
    refused(dam_csv(BACK).replace("HB_WEST, 12,Y", "HB_EAST, 12,Y"), "HourEnding is not each of the 25 hours")
    refused(rtm_csv(DAY, 14, 5, 1.0), "DeliveryInterval is not", "real-time", "LZ_WEST")
    refused(rtm_csv(DAY, 0, 1, 1.0), "DeliveryHour is not", "real-time", "LZ_WEST")


def with_method(method: int) -> bytes:
    return zipped(dam_csv(DAY), method=method)


def two_files() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", dam_csv(DAY))
        archive.writestr("b.csv", dam_csv(DAY))
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped(dam_csv(DAY)))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(magic) + at
        data[place : place + 2] = struct.pack("<H", 1)
    return bytes(data)


def damaged() -> bytes:
    data = bytearray(zipped(dam_csv(DAY)))
    data[60:80] = bytes(20)
    return bytes(data)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "nothing instead of an archive"),
        (PAGE, "a web page instead of an archive"),
        (b"PK\x03\x04", "document is not a zip archive"),
        (dam_csv(DAY).encode(), "document is not a zip archive"),
        (zipped(dam_csv(DAY))[:-30], "document is not a zip archive"),
        (damaged(), "document is not a zip archive"),
        (encrypted(), "document is not a zip archive"),
        (two_files(), "document is not an archive with one csv"),
        (zipped(dam_csv(DAY), "prices.xml"), "document is not an archive with one csv"),
        (zipped(b"\xff\xfe\x00"), "document is not a zip archive with one csv as UTF-8"),
        (zipped(bytes(ercot.MOST_CSV_BYTES + 1)), "document is not at most 20 MB"),
        (with_method(zipfile.ZIP_LZMA), "document is not an archive packed by deflate"),
        (with_method(zipfile.ZIP_BZIP2), "document is not an archive packed by deflate"),
        (zipped(make.DAM_HEAD + '\n"04/30/2026'), "document is not a csv|row is not"),
    ],
)
def test_what_is_no_archive_with_one_csv_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=f"ERCOT.*({said})"):
        read(body)


def test_an_archive_that_lies_about_its_size_unpacks_to_no_more_than_it_may() -> None:
    data = bytearray(zipped(bytes(40_000_000)))
    for magic, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(magic) + at
        data[place : place + 4] = struct.pack("<I", 1000)
    with pytest.raises(SourceError, match="ERCOT: document is not"):
        read(bytes(data))


def test_what_cannot_be_asked_is_not_asked() -> None:
    for point in ("", "hb_west", "HB WEST", "HB_WEST\n", "../x", "A" * 41):
        with pytest.raises(ValidationError, match="point"):
            ercot.AtPoint("day-ahead", "1", point)
    with pytest.raises(ValidationError, match="document"):
        ercot.DOCUMENT.request("https://m", ercot.AtPoint("day-ahead", "1&x=2", "HB_WEST"), "")
    with pytest.raises(ValidationError, match="last"):
        Wholesale("day-ahead", "HB_WEST", DAY, DAY - timedelta(days=1))
    with pytest.raises(ValidationError, match="last"):
        Wholesale("day-ahead", "HB_WEST", DAY, DAY + timedelta(days=31))
    with pytest.raises(ValidationError, match="market"):
        Wholesale("weekly", "HB_WEST", DAY, DAY)  # type: ignore[arg-type]


# Hours of several documents


def quarters(day: date, hour: int, prices: list[float]) -> list[PowerPrices]:
    return [read(zipped(rtm_csv(day, hour, q, price)), "real-time", "LZ_WEST") for q, price in enumerate(prices, 1)]


def test_an_hour_is_the_mean_of_its_four_quarters_and_none_without_all_of_them() -> None:
    asked = Wholesale("real-time", "LZ_WEST", DAY, DAY)
    told = hourly(asked, [*quarters(DAY, 14, [10.0, 20.0, -30.0, 40.0]), *quarters(DAY, 15, [1.0, 2.0, 3.0])])
    assert told == PowerPrices("LZ_WEST", 60, (datetime(2026, 4, 30, 18, tzinfo=UTC),), (pytest.approx(0.01),))
    newer = quarters(DAY, 14, [50.0])
    assert hourly(asked, [*quarters(DAY, 14, [10.0, 20.0, -30.0, 40.0]), *newer]).usd_per_kwh == (pytest.approx(0.02),)


def test_hours_of_other_days_are_left_out() -> None:
    asked = Wholesale("day-ahead", "HB_WEST", DAY, DAY)
    days = [read(zipped(dam_csv(DAY + timedelta(days=n)))) for n in (-1, 0, 1)]
    assert hourly(asked, days) == days[1]
    both = Wholesale("day-ahead", "HB_WEST", BACK, BACK)
    assert len(hourly(both, [read(zipped(dam_csv(BACK)))]).starts) == 25


# Over the wire


LISTED, DOWNLOAD = "/misapp/servlets/IceDocListJsonWS", "/misdownload/servlets/mirDownload"


def world_of(server: hostile.Server, folder: Path | None = None) -> World:
    return World(folder, Access(bases={base_variable(ercot.NAME): server.base}), now=lambda: NOW)


def archives(server: hostile.Server, *days: date) -> None:
    server.on(DOWNLOAD, *(hostile.reply(200, zipped(dam_csv(day))) for day in days))


def test_days_are_listed_then_fetched_and_kept(server: hostile.Server, tmp_path: Path) -> None:
    server.on(LISTED, hostile.json_reply(make.LIST))
    archives(server, DAY - timedelta(days=1), DAY)
    world = world_of(server, tmp_path)
    asked = Wholesale("day-ahead", "HB_WEST", DAY - timedelta(days=1), DAY)
    answer = wholesale(asked, world)
    assert (answer.status, answer.source, answer.why) == ("live", "ERCOT", "")
    assert len(answer.value.starts) == 48
    assert answer.value.starts[0] == asked.begin
    assert answer.value.starts[-1] + HOUR == asked.end
    assert [s.target.partition("=")[2] for s in server.seen] == ["12331", "75", "77"]  # no xml
    assert answer.observed_at == NOW  # tomorrow's price is known today
    again = wholesale(asked, world)
    assert (again.status, again.value) == ("cached", answer.value)
    assert len(server.seen) == 3


def test_a_day_that_cannot_be_had_is_named_and_the_others_are_told(server: hostile.Server) -> None:
    server.on(LISTED, hostile.json_reply(make.LIST))
    server.on(DOWNLOAD, hostile.reply(200, PAGE), hostile.reply(200, zipped(dam_csv(DAY))))
    answer = wholesale(Wholesale("day-ahead", "HB_WEST", DAY - timedelta(days=1), DAY), world_of(server))
    assert len(answer.value.starts) == 24
    assert "a web page instead of an archive" in answer.why
    assert "24 of 48 hours are missing" in answer.why


def test_days_that_are_not_listed_and_a_point_that_is_not_there_are_said(server: hostile.Server) -> None:
    server.on(LISTED, hostile.json_reply(make.LIST))
    server.on(DOWNLOAD, hostile.reply(200, zipped(dam_csv(DAY))))
    with pytest.raises(SourceError, match="ERCOT lists no document for these days"):
        wholesale(Wholesale("day-ahead", "HB_WEST", date(2026, 1, 1), date(2026, 1, 2)), world_of(server))
    with pytest.raises(ValidationError, match="point: not in the report"):
        wholesale(Wholesale("day-ahead", "HB_NOWHERE", DAY, DAY), world_of(server))


def test_without_a_list_or_without_a_document_there_are_no_prices(server: hostile.Server) -> None:
    asked = Wholesale("day-ahead", "HB_WEST", DAY, DAY)
    server.on(LISTED, hostile.reply(403, b"no"))
    with pytest.raises(SourceError, match=r"market documents.*HTTP 403"):
        wholesale(asked, world_of(server))
    server.on(LISTED, hostile.json_reply(make.LIST))
    server.on(DOWNLOAD, hostile.reply(404, PAGE))
    with pytest.raises(SourceError, match=r"no wholesale prices: .*404"):
        wholesale(asked, world_of(server))


def test_a_quarter_is_a_document_and_what_the_limit_cuts_off_comes_when_asked_again(server: hostile.Server) -> None:
    """Four hours are 16 documents: with the list 17 calls of the 20 a minute; one more hour goes beyond them."""
    asked = Wholesale("real-time", "LZ_WEST", DAY, DAY)
    ends = [asked.begin + timedelta(minutes=15 * n) for n in range(1, 21)]
    documents = [make.document(100 + n, end.astimezone(CENTRAL), "real-time") for n, end in enumerate(ends)]
    server.on(LISTED, hostile.json_reply(make.listed(*reversed(documents))))
    bodies = [zipped(rtm_csv(DAY, 1 + n // 4, 1 + n % 4, float(n))) for n in range(20)]
    server.on(DOWNLOAD, *(hostile.reply(200, body) for body in bodies))
    seconds = [0.0]
    access = Access(bases={base_variable(ercot.NAME): server.base})
    world = World(None, access, now=lambda: NOW, elapsed_s=lambda: seconds[0])
    first = wholesale(asked, world, within_s=20.0)
    assert first.value.usd_per_kwh == pytest.approx([0.0015, 0.0055, 0.0095, 0.0135])
    assert "limit of calls is used up" in first.why
    assert "20 of 24 hours are missing" in first.why
    assert len(server.seen) == 20
    seconds[0] += 61
    second = wholesale(asked, world, within_s=20.0)
    assert second.value.usd_per_kwh == pytest.approx([0.0015, 0.0055, 0.0095, 0.0135, 0.0175])
    assert len(server.seen) == 21
    assert "19 of 24 hours are missing" in second.why


# Recorded and documented replies, where the validation data is at hand


@pytest.mark.data
def test_recorded_reports_are_read_and_believed(validation_data: Path) -> None:
    folder = validation_data / "api_payloads" / "energy"
    listed = ercot.LIST.read(reply((folder / "ercot_mis_doclist_dam.json").read_bytes()), "day-ahead")
    assert [document.number for document in listed.documents] == ["1237078370", "1237449739"]
    day = read(zipped((folder / "ercot_mis_dam_spp_20260612.excerpt.csv").read_bytes()))
    assert (day.starts[0], day.usd_per_kwh[0]) == (datetime(2026, 6, 12, 5, tzinfo=UTC), pytest.approx(0.03631))
    assert len(day.starts) == 24
    assert power_prices.wholesale_doubt(day, AT_WEST) == ""
    quarter = zipped((folder / "ercot_mis_rtm_spp_20260611_1330.excerpt.csv").read_bytes())
    told = read(quarter, "real-time", "LZ_WEST")  # of 13:15 to 13:30 on the Central clock
    assert told == PowerPrices("LZ_WEST", 15, (datetime(2026, 6, 11, 18, 15, tzinfo=UTC),), (pytest.approx(-0.00315),))
