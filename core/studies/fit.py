"""What a window of the past says of price and difficulty, as the risk section takes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.figures import refused
from core.models.calibration import FEWEST_MONTHS, LEADS, ErrorCorrection, Moments, error_correction, moments
from core.models.price_paths import log_changes
from core.studies.backtest import unbroken
from core.world import MarketHistory

NEAR_ONE = 0.3  # of the elasticity


@dataclass(frozen=True, eq=False)
class Fit:
    """Months from `first` to `last` (YYYY-MM): moments of monthly changes, and how difficulty followed what a block paid.

    `price_changes`: of ln price, month by month, to a millionth.
    """

    first: str
    last: str
    moments: Moments
    response: ErrorCorrection
    price_changes: tuple[float, ...]

    @property
    def changes(self) -> dict[str, float]:
        """Fields of a scenario as the window had them: what calms down or pulls back is not seen in moments."""
        found = {
            "risk.price_volatility_per_year": round(self.moments.price_volatility_per_year, 3),
            "risk.difficulty_shock": round(self.response.deviation, 3),
        }
        if not self.answers:
            return found
        return {**found, "risk.difficulty_pull_per_month": round(float(np.clip(-self.response.pull, 0.0, 1.0)), 3)}

    @property
    def answers(self) -> bool:
        """Whether difficulty is seen to follow what a block pays one for one, which the paths take for granted."""
        return abs(self.response.elasticity - 1.0) < NEAR_ONE


def fit(history: MarketHistory, months: int) -> Fit:
    """The last `months` changes of a history of month's ends; ValidationError for fewer than 24 or more than there are.

    The level that bears difficulty is price times subsidy. See `models.calibration` for what short windows cannot say.
    """
    known = unbroken(history)
    if not FEWEST_MONTHS <= months < len(known) - LEADS:
        raise refused("months", months, f"{FEWEST_MONTHS} to {len(known) - LEADS - 1} months of history")
    price, difficulty, subsidy = (
        np.asarray(row[: len(known)]) for row in (history.price_usd, history.difficulty, history.subsidy_btc)
    )
    return Fit(
        str(known[-months - 1] + 1),
        str(known[-1]),
        moments(price, difficulty, months),
        error_correction(difficulty, price * subsidy, price, months),
        tuple(round(float(change), 6) for change in log_changes(price)[-months:]),
    )
