"""Cases of the protocol and of what mining earns: V1 to V21."""

from __future__ import annotations

from core.models import mining, network
from core.studies.validation.case import Case, Within
from core.units import DAY_S, SATS_PER_BTC

CORE = "Bitcoin Core, src/test/pow_tests.cpp"
RULE = "Bitcoin Core, GetBlockSubsidy: 50 BTC >> height ÷ 210,000"
PROTOCOL, MINING = "Protocol", "What mining earns"
RETARGETS = (
    ("V3", "within the clamp", 0x1D00FFFF, 1261130161, 1262152739, 0x1D00D86A),
    ("V4", "stopped by the proof-of-work limit", 0x1D00FFFF, 1231006505, 1233061996, 0x1D00FFFF),
    ("V5", "no more than four times harder", 0x1C05A3F4, 1279008237, 1279297671, 0x1C0168FD),
)
SUBSIDIES = (
    (0, 50.0), (209_999, 50.0), (210_000, 25.0), (420_000, 12.5), (630_000, 6.25), (839_999, 6.25), (840_000, 3.125), (1_050_000, 1.5625),
    (1_260_000, 0.78125),
)  # fmt: skip
GROWTHS = (("2015-06", 49.6924e9, 120, 6.75), ("2018-10", 7.1829e12, 80, 3.65), ("2021-07", 13.6726e12, 47, 4.85))
FORTY_EH = 820e18 * 600 / 2**32  # difficulty at which the network of V16 finds a block in ten minutes
DEVICE_S = 10.0 / 3.51 * 3600.0  # how long 10 kWh run a machine of 3,510 W


def cases() -> tuple[Case, ...]:
    return (*_protocol(), *_mining())


def _exact(number: str, quantity: str, unit: str, expected: float, source: str, ours: float) -> Case:
    return Case(number, PROTOCOL, quantity, unit, expected, 0.0, "exact", source, lambda ground: ours)


def _protocol() -> tuple[Case, ...]:
    wiki = 'Bitcoin wiki, "Difficulty"'
    eras = [mining.subsidy_sats(era * 210_000) for era in range(64)]
    return (
        Case("V1", PROTOCOL, "Difficulty of target 0x1b0404cb", "1", 16307.420938523983, 1e-12, "relative", wiki, lambda ground: mining.difficulty_from_bits(0x1B0404CB)),
        *(
            _exact(number, f"Next target, {words}", "compact target", float(told), CORE, float(mining.retarget_bits(bits, first, last)))
            for number, words, bits, first, last, told in RETARGETS
        ),
        *(_exact("V7", f"Subsidy at height {height:,}", "BTC", btc, RULE, mining.subsidy_sats(height) / SATS_PER_BTC) for height, btc in SUBSIDIES),
        _exact("V8", "All coins there will ever be", "satoshi", 2_099_999_997_690_000.0, RULE, 210_000.0 * sum(eras)),
        _exact("V8", "Last era that pays anything", "era", 32.0, RULE, float(max(era for era, sats in enumerate(eras) if sats))),
        _exact("V8", "Subsidy at height 6,930,000", "satoshi", 0.0, RULE, float(mining.subsidy_sats(6_930_000))),
        Case("V10", PROTOCOL, "Hash rate of the network at difficulty 16,307.42", "TH/s", 0.116733, 5e-6, "relative", f"{wiki}, rounded to six digits", lambda ground: mining.network_hashrate_ths(16307.420938523983)),
    )  # fmt: skip


def _case(
    number: str, quantity: str, unit: str, expected: float, tolerance: float, within: Within, source: str, ours: float
) -> Case:
    return Case(number, MINING, quantity, unit, expected, tolerance, within, source, lambda ground: ours)


def _mining() -> tuple[Case, ...]:
    hashprice = mining.hashprice_usd_per_ph_day(100_000.0, 1e14, 3.125)
    coins = mining.expected_btc(234.0, DEVICE_S, FORTY_EH, 3.125)
    blocks = mining.expected_blocks(1e6, 30 * DAY_S, 1e14)
    calculator, ercot = "bitcoinhodler.club calculator, 2026", "Study of ERCOT, November 2022: $86/MWh for an S19"
    return (
        _case("V11", "Hashprice at difficulty 10¹⁴ and $100,000", "USD/PH/day", 62.8643, 1e-6, "relative", "Hashrate Index, definition", hashprice),
        _case("V11", "The same as a page prints it", "USD/PH/day", 62.81, 1e-3, "relative", "elektronics.dev, which rounds a factor on the way", hashprice),
        _case("V12", "Coins of 1 TH/s in a day", "BTC", 6.286427e-7, 1e-7, "relative", "elektronics.dev", mining.expected_btc(1.0, DAY_S, 1e14, 3.125)),
        _case("V16", "Coins of 234 TH/s from 10 kWh", "BTC", 1.53e-5, 0.01, "relative", calculator, coins),
        _case("V16", "What they are worth at $85,000", "USD", 1.30, 0.01, "relative", calculator, 85_000 * coins),
        *(
            _case("V18", f"Growth of difficulty from {since} to 2025-06", "%/month", percent, 0.01, "absolute", "bitcointalk.org, topic 5547650", 100 * network.implied_monthly_growth(first, 126.4114e12, months))
            for since, first, months, percent in GROWTHS
        ),
        _case("V19", "Break-even power price at 29.5 J/TH and $60.9/PH/day", "USD/kWh", 0.086, 1e-3, "relative", ercot, mining.breakeven_usd_per_kwh(29.5, 60.9)),
        _case("V19", "Break-even power price at 34.5 J/TH and $71.2/PH/day", "USD/kWh", 0.086, 1e-3, "relative", ercot, mining.breakeven_usd_per_kwh(34.5, 71.2)),
        _case("V20", "Hashcost of 17.5 J/TH at 5 ¢/kWh", "USD/PH/day", 21.0, 1e-12, "relative", "Hashrate Index, definition", mining.hashcost_usd_per_ph_day(17.5, 0.05)),
        _case("V21", "Blocks that 1 EH/s finds in 30 days", "blocks", 6.035, 1e-3, "relative", "Definition, difficulty 10¹⁴", blocks),
        _case("V21", "How far luck spreads them", "1", 0.407, 1e-3, "relative", "Poisson: 1 / √n", mining.blocks_cv_frac(blocks)),
    )  # fmt: skip
