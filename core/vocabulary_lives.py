"""What the figures of a risk analysis are called and mean: those of many lives of a plan, made of a thing and a percentile."""

import re

from core.vocabulary import Word

PLAIN: dict[str, Word] = {
    "npv_mean_usd": Word("NPV, mean", "USD", "Mean net present value of the lives.", "up"),
    "cvar_safe_95_usd": Word(
        "NPV, worst twentieth, at the risk-free rate",
        "USD",
        "Mean of the worst twentieth of the lives, discounted without a premium.",
        "up",
    ),
    "loss_probability_frac": Word(
        "Chance of a loss", "1", "Share of the lives that earn less than the discount rate.", "down"
    ),
    "loss_safe_probability_frac": Word(
        "Chance of a loss at the risk-free rate",
        "1",
        "Share of the lives that earn less than money does without risk.",
        "down",
    ),
    "never_pays_back_probability_frac": Word(
        "Chance of no payback", "1", "Share of the lives whose cash never makes up for the investment.", "down"
    ),
    "out_of_cash_probability_frac": Word(
        "Chance to run out of cash",
        "1",
        "Share of the lives in which operation at some time has spent more than it earned and what was set aside.",
        "down",
    ),
}
NAMED = {5: "poor (P5)", 50: "middle (P50)", 95: "good (P95)"}
OF_LIVES = {  # by the percentile {p}: label, unit, meaning, good direction
    r"npv_p(\d+)_usd": ("NPV, {named}", "USD", "{share} of the lives are worth this or less.", "up"),
    r"npv_safe_p(\d+)_usd": (
        "NPV at the risk-free rate, {named}", "USD", "Discounted without a premium for risk, {share} of the lives are worth this or less.", "up",
    ),
    r"var_(\d+)_usd": ("VaR {p}", "USD", "The best of the worst {rest} % of the lives (value at risk).", "up"),
    r"cvar_(\d+)_usd": ("NPV, worst {tail}", "USD", "Mean of the worst {rest} % of the lives (CVaR at {p} %).", "up"),
    r"mined_p(\d+)_btc": ("Coins, {named}", "BTC", "{share} of the lives mine so many coins over the horizon or fewer.", "up"),
    r"lowest_cash_p(\d+)_usd": (
        "Lowest cash, {named}", "USD", "What is left in the leanest month, what was set aside in it: so much or less in {share} of the lives.", "up",
    ),
    r"drawdown_p(\d+)_usd": (
        "Deepest fall of cash, P{p}", "USD", "What operation has earned by then falls from its highest by so much or less in {share} of the lives.", "down",
    ),
    r"pv_kwh_year1_exceedance_p(\d+)": (
        "Solar energy, first year, P{p} (exceedance)", "kWh", "{share} of the lives yield so much or more in the first year.", "up",
    ),
    r"pv_kwh_ten_years_exceedance_p(\d+)": (
        "Solar energy, mean of ten years, P{p} (exceedance)", "kWh", "{share} of the lives yield so much or more in the mean of the first ten years.", "up",
    ),
}  # fmt: skip
TAILS = {90: "tenth", 95: "twentieth", 99: "hundredth"}


def word(name: str) -> Word:
    """The word for a figure of `RiskAnalysis.metrics`; KeyError for one that is none."""
    if name in PLAIN:
        return PLAIN[name]
    for pattern, (label, unit, meaning, good) in OF_LIVES.items():
        if found := re.fullmatch(pattern, name):
            p = int(found[1])
            said = {
                "p": p,
                "rest": 100 - p,
                "share": "Half" if p == 50 else f"{p} %",
                "named": NAMED.get(p, f"P{p}"),
                "tail": TAILS.get(p, f"{100 - p} %"),
            }
            told = meaning.format(**said)
            return Word(label.format(**said), unit, told[0].upper() + told[1:], "up" if good == "up" else "down")
    raise KeyError(name)
