"""Errors found in the studies that solar mining is argued from: what was published, the arithmetic that shows it, what we find."""

from __future__ import annotations

from typing import NamedTuple

from core.models import network
from core.studies import worked_examples as worked

MONTH_HOURS = 730.5
ARK_NOISE = (0.42, 0.51)  # relative spread of the noise in hourly estimates of the network's hash rate, 2020


class Slip(NamedTuple):
    """`published` and `ours` in words; `shown`: arithmetic worked out now; `checked`: where its truth is tried."""

    where: str
    what: str
    published: str
    shown: str
    ours: str
    checked: str


def slips() -> tuple[Slip, ...]:
    """Every one, the weightiest first; arithmetic by the functions that projections use."""
    return (_ark_noise(), _ark_loss(), _bastian_pinto(), _cornell(), _hakimi(), _braiins())


def _ark_noise() -> Slip:
    low, high = (100.0 * (noise_bias(sd) - 1.0) for sd in ARK_NOISE)
    return Slip(
        "ARK & Square (2021), Bitcoin Clean Energy Initiative",
        "Mining revenue rests on dividing by noise: hourly income of miners over an hourly estimate of the network's hash rate.",
        "Mean of the hourly ratios of 2020: $0.1364 per TH/s and day. Mining adds 220 basis points a year to a 90 % solar system.",
        "The mean of 1/H of a noisy H lies above 1 over its mean, by 1 + c² for log-normal noise of relative spread c. Hourly estimates "
        f"carry 42 to 51 %: {low:+.0f} to {high:+.0f} %. Found in the data: {100 * (0.1364 / 0.1112 - 1):+.1f} %, as all income over all hashes is $0.1112.",
        "Coins come from difficulty, which is known without noise. With six hours of smoothing alone the 90 % system's return falls from −192 to −414 "
        "basis points, as bad as the same system without miners (−411).",
        "The data is ARK's (CC BY-NC) and not shipped: 0.1364, 0.1112 and the returns were worked out outside this program. The law of the bias is worked out here.",
    )  # fmt: skip


def noise_bias(relative_sd: float) -> float:
    """Mean of 1/H over 1/mean of H, where H carries log-normal noise.

    E[H] · E[1/H] = 1 + c².

    relative_sd c ≥ 0 [1]. Source: moments of the log-normal distribution; Jensen (1906) for its sign.
    """
    return 1.0 + relative_sd**2


def _ark_loss() -> Slip:
    return Slip(
        "ARK & Square (2021)",
        "“Constant profitability” is a constant loss.",
        "Differences from a reference system are shown, not the sign of the reference.",
        "Profit over investment of the published systems: −188 to −201 basis points a year, before interest, tax, ageing of panels and losses of the battery.",
        "A net present value, with all of these, beside each result.",
        "Nine profits rebuilt to the dollar from ARK's workbook outside this program (V23).",
    )


def _bastian_pinto() -> Slip:
    kw = 1750 * 2.212 / 0.85
    return Slip(
        "Bastian-Pinto et al. (2021), RSER 138:110520",
        "Kilowatts are compared with megawatt-hours of a month where mining is capped.",
        "Mean NPV of mining for two years $3.63 M, for two and two years $5.78 M.",
        f"1,750 rigs of 2,212 W behind 0.85 draw {kw:,.0f} kW: in a month of {MONTH_HOURS} hours {kw * MONTH_HOURS / 1000:,.0f} MWh, not {kw:,.0f}. The cap was {1000 / MONTH_HOURS:.2f} times too wide.",
        "$2.41 M and $3.42 M.",
        "Both tables are worked out by the cases V27 of this page.",
    )  # fmt: skip


def _cornell() -> Slip:
    return Slip(
        "Lal & You, repository AI_Crypto_Synergy",
        "Each hour's hash rate is multiplied by the seconds of a day, and 8,760 hours are summed.",
        "Mining revenue of a year.",
        f"8,760 hours of 86,400 s are {8760 * 86_400 / (365 * 86_400):.0f} years: revenue 24 times too high as coded.",
        "An hour has 3,600 seconds.",
        "Read in the code and not run (it needs GAMS); the paper of 2023 may rest on other code.",
    )


def _hakimi() -> Slip:
    coins = worked.hakimi_mined_btc()
    return Slip(
        "Hakimi et al. (2024), Heliyon",
        "A payback of 3.5 years is a back-test on 2020 to 2023, with power netted over the year as if night were day.",
        "Mining pays back in 3.5 years, selling the power in 8.1.",
        f"The same farm mined {coins[0]:.0f} coins in 2020 and {coins[3]:.0f} in 2023, at the same power: difficulty had risen {worked.HAKIMI_DIFFICULTY[3] / worked.HAKIMI_DIFFICULTY[0]:.1f} times and the subsidy had halved.",
        "3.8 years on their years; from 2025 on, at its price and difficulty, selling earns about twice what mining does.",
        "Coins and paybacks are worked out by the cases V29 of this page; the figures of 2025 outside this program.",
    )  # fmt: skip


def _braiins() -> Slip:
    a_year = 100.0 * float(network.yearly_growth(0.06))
    return Slip(
        "Braiins, profitability methodology",
        "Not wrong, but easily read wrong: growth of difficulty of 6 % a month, for as long as five years.",
        "“About 100 % a year.”",
        f"(1.06)¹² − 1 = {a_year:.1f} % a year; over five years {(1 + a_year / 100) ** 5:,.0f} times the difficulty of today.",
        "Growth that fades, or difficulty that answers to what mining pays; halvings by height.",
        "Worked out here.",
    )
