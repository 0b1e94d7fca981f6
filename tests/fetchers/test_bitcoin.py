"""The bundled market and the halvings."""

from datetime import UTC, datetime

from core.fetchers.bitcoin import bundled_market, halvings


def test_the_bundled_market_is_the_month_end_of_april_2026_and_says_so():
    readings = {r.name: r for r in bundled_market().readings}
    assert {name: r.value for name, r in readings.items()} == {
        "price_usd": 75_894.0,
        "difficulty": 1.3897e14,
        "fees_btc_per_block": 0.025,
        "height": 946_200.0,
    }
    for reading in readings.values():
        assert reading.status == "bundled"
        assert reading.observed_at == datetime(2026, 4, 30, tzinfo=UTC)
        assert reading.source
        assert reading.why == "bundled with the program"


def test_the_bundled_hash_rate_is_of_the_size_the_network_had():
    # difficulty · 2³² / 600 s; captures of 2026 put the network at 0.89–0.95 ZH/s in August, at a difficulty 10 % lower
    hashrate_ehs = bundled_market().difficulty.value * 2**32 / 600 / 1e18
    assert 900 < hashrate_ehs < 1100


def test_the_bundled_height_fits_ten_minute_blocks_since_the_last_halving():
    last = halvings()[-1]
    height = bundled_market().height
    minutes = (height.observed_at - last.time).total_seconds() / 60 / (height.value - last.height)
    assert 9.7 < minutes < 10.1  # blocks run a little fast while hash rate grows


def test_the_four_halvings_have_the_times_of_their_block_headers():
    times = {h.height: int(h.time.timestamp()) for h in halvings()}
    assert times[210_000] == 1_354_116_278  # published header times
    assert times[420_000] == 1_468_082_773
    dates = {h.height: h.time.astimezone(UTC).date().isoformat() for h in halvings()}
    assert dates == {210_000: "2012-11-28", 420_000: "2016-07-09", 630_000: "2020-05-11", 840_000: "2024-04-20"}


def test_halvings_lie_on_multiples_of_210_000_and_each_halves():
    for number, halving in enumerate(halvings(), 1):
        assert halving.height == 210_000 * number
        assert halving.subsidy_btc == 50 / 2**number
        assert halving.time.tzinfo is not None
