"""What is left to chance around a plan, and how it goes together."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from core.sections.quantity import Count, Section, listed, quantity

Factor = Literal["price", "difficulty", "fees", "idle", "power", "sun"]
FEWEST_MONTHS, MOST_MONTHS, MOST_PAIRS, MOST_SUN, MOST_SPREAD = 24, 600, 15, 3.0, 5.0


class Correlation(Section):
    """How two things go together: of months, or of a year's and the sum of its months'."""

    first: Factor = Field("price", title="One thing")
    second: Factor = Field("difficulty", title="The other")
    coefficient: float = quantity(0.0, "1", "Correlation", "−1 to 1; 0: each goes its own way.", -1, 1)


class Risk(Section):
    """What is left to chance around the plan, which is the median of most of it, and how a risk analysis is run."""

    model_config = ConfigDict(validate_default=True)  # what a choice needs may have been left out

    paths: Count = quantity(10_000, "", "Paths", "Simulated lives of the mine.", 100, 1_000_000)
    seed: Count = quantity(1, "", "Seed", "The same seed gives the same paths.", 0, 2**31 - 1)
    price: Literal["strays", "resampled", "by_year"] = Field(
        "strays",
        title="Bitcoin price",
        description="strays: around the plan's by the figures below; resampled: by months of the past, in pieces as they came, their mean taken off; by_year: as far from the plan as the planner says, year by year.",
    )
    block_months: Count = quantity(
        12, "months", "Pieces of", "For resampled: how many months are taken as they came.", 1, 120
    )
    resampled_changes: tuple[float, ...] = listed(
        "1",
        "Months of the past",
        "For resampled: changes of ln price from month to month, in their order.",
        MOST_MONTHS,
    )
    price_deviations: tuple[float, ...] = listed(
        "1",
        "Own spread",
        "For by_year: standard deviation of ln price around the plan's at the end of each year; the last stays. 0.5: P95 is 2.3 times the plan.",
        40,
    )
    price_volatility_per_year: float = quantity(
        0.65, "1/√yr", "Price volatility, now", "Of ln price: 0.71 from 2018 to 2024, 0.65 from 2021.", 0, 3
    )
    price_volatility_later_per_year: float = quantity(
        0.40, "1/√yr", "Price volatility, later", "What it calms down to; the same as now: it stays.", 0, 3
    )
    price_volatility_fade_years: float = quantity(
        5.0, "yr", "Volatility calms over", "Years in which the difference falls to 37 %; 0: at once.", 0, 100
    )
    price_pull_per_year: float = quantity(
        0.15, "1/yr", "Pull of the plan", "How fast a price that strayed comes back to the plan's; 0: never.", 0, 10
    )
    price_jumps_per_year: float = quantity(0.0, "1/yr", "Price jumps", "How often, on average.", 0, 50)
    price_jump_deviation: float = quantity(0.2, "1", "Size of jumps", "Standard deviation in ln price.", 0, 2)
    difficulty: Literal["follows", "responds", "plan"] = Field(
        "follows",
        title="Difficulty",
        description="follows: where price strays from the plan, miners come or go and difficulty follows; responds: the same with what factories can ship, who loses and the halvings in it; plan: it grows as planned whatever price does.",
    )
    difficulty_pull_per_month: float = quantity(
        0.074, "1/month", "Miners' answer", "Share of the gap to what price bears that closes in a month.", 0, 1
    )
    difficulty_shock: float = quantity(
        0.08, "1/√month", "Shocks of difficulty", "Of ln difficulty, whatever price does.", 0, 1
    )
    fees_deviation: float = quantity(
        0.5,
        "1",
        "Spread of fees",
        "Standard deviation of ln fees around the plan's; they keep 80 % of a month's.",
        0,
        3,
    )
    fees_jumps_per_year: float = quantity(
        0.0,
        "1/yr",
        "Fee jumps",
        "Months of crowded blocks, on average; single weeks had fees above 30 % of a block.",
        0,
        12,
    )
    fees_jump_times: float = quantity(8.0, "1", "Fees then, times", "Over those of a usual month.", 1, 1000)
    power_price_deviation_per_year: float = quantity(
        0.05, "1/√yr", "Spread of power prices", "Of ln of all prices of the grid, each year on top of the last.", 0, 1
    )
    yield_deviation: float = quantity(
        0.05, "1", "Uncertainty of yield", "Standard deviation of what the array yields in the long run.", 0, 0.5
    )
    yield_deviation_of_years: float = quantity(
        0.03, "1", "Spread of sun years", "Standard deviation of a year's sun around the long run.", 0, 0.5
    )
    sun_years_frac: tuple[float, ...] = listed(
        "1",
        "Real sun years",
        "Yield of real years over their mean; each year of a path is one of them. Empty: spread as above.",
        60,
    )
    idle_deviation: float = quantity(
        0.7, "1", "Spread of idle time", "Standard deviation of ln of the time machines stand, month by month.", 0, 3
    )
    overrun_deviation: float = quantity(
        0.10, "1", "Spread of building cost", "Standard deviation of ln of what is built, machines apart.", 0, 1
    )
    delay_deviation_months: float = quantity(
        0.0, "months", "Delay", "Half of the delays are within 0.67 of it: coins come later, fixed costs do not.", 0, 24
    )
    failures_deviation: float = quantity(
        0.3,
        "1",
        "Spread of failures",
        "Standard deviation of ln of how often machines fail, for the life of a path.",
        0,
        3,
    )
    renewal_deviation: float = quantity(
        0.2,
        "1",
        "Spread of later machines' prices",
        "Standard deviation of ln of their price; what old ones bring goes with it.",
        0,
        2,
    )
    safe_rate_per_year: float = quantity(
        0.04,
        "1/yr",
        "Risk-free rate",
        "What money earns without risk: a tail of paths at a rate with a premium counts risk twice.",
        -0.5,
        1,
    )
    liquidity_usd: float = quantity(
        0.0, "USD", "Money set aside", "For bad months, beside what operation has earned by then.", 0, 1e10
    )
    correlations: tuple[Correlation, ...] = listed(
        "", "What goes together", "Pairs that are not named go their own ways.", MOST_PAIRS
    )

    @field_validator("resampled_changes")
    @classmethod
    def _enough(cls, value: tuple[float, ...], known: ValidationInfo) -> tuple[float, ...]:
        fewest = max(FEWEST_MONTHS, known.data.get("block_months", 0))
        if known.data.get("price") == "resampled" and len(value) < fewest:
            raise ValueError(f"{fewest} months or more where price is resampled in such pieces, not {len(value)}")
        return value

    @field_validator("price_deviations")
    @classmethod
    def _spreads(cls, value: tuple[float, ...], known: ValidationInfo) -> tuple[float, ...]:
        if not all(0.0 <= sd <= MOST_SPREAD for sd in value):
            raise ValueError(f"numbers from 0 to {MOST_SPREAD:g}")
        if known.data.get("price") == "by_year" and not value:
            raise ValueError("a number for each year, one or more, where price is by_year")
        return value

    @field_validator("sun_years_frac")
    @classmethod
    def _of_years(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) == 1 or not all(0.0 <= year <= MOST_SUN for year in value):
            raise ValueError(f"no years, or two and more from 0 to {MOST_SUN:g}")
        return value

    @field_validator("correlations")
    @classmethod
    def _pairs(cls, value: tuple[Correlation, ...]) -> tuple[Correlation, ...]:
        pairs = [frozenset((one.first, one.second)) for one in value]
        if len(set(pairs)) < len(pairs) or any(len(pair) < 2 for pair in pairs):
            raise ValueError("each pair of two different things once")
        return value
