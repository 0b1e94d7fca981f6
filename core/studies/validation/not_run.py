"""Cases that are known and not run here, and why: nothing is claimed of them."""

from __future__ import annotations

from typing import NamedTuple


class NotRun(NamedTuple):
    """What is published, and what would be needed to try it."""

    id: str
    what: str
    published: str
    why: str


NOT_RUN = (
    NotRun("V9", "Times of halvings in the past", "block 210,000 on 2012-11-28, 420,000 on 2016-07-09", "Needs the headers of the chain: a time of the past is read, not worked out."),
    NotRun("V22", "Riot, July 2022: income of load let off", "$1,122/MWh", "A division of two published figures, $9.5 M by 8,468 MWh: nothing of ours is tried by it."),
    NotRun("V23", "ARK's nine systems", "profits of −$2.3 M to −$45.5 M a year", "Needs ARK's workbook of 2020, CC BY-NC: it may not be shipped. All nine profits were rebuilt to the dollar outside this program."),
    NotRun("V24", "ARK, Figure 2", "−50 to −220 basis points", "Needs the same workbook."),
    NotRun("V25", "ARK, Figure 3", "shares of the investment of 70/30 and 57/10/33 %", "Needs the same workbook."),
    NotRun("V26", "ARK's case without the noise", "−$74.6 M a year by its rule, −$62.3 M at best", "Needs the same workbook."),
    NotRun("V30", "Lal, Zhu & You (2023)", "$47 M for 32 projects in Texas", "Its inputs could not be had: a headline is no test."),
    NotRun("V31", "McDonald et al. (2023)", "returns of 8 to 104 % by city", "Its tables could not be had."),
    NotRun("V39", "SAM, PVWatts-Battery commercial", "NPV $583,964.00, payback 7.2169 years", "Needs the yearly bills of SAM's case with the battery; SAM itself is held against ours in 200 random cases by the tests."),
    NotRun("V43", "REopt, pv_storage.json", "216.67 kW and 49.02 kW / 83.3 kWh", "Needs REopt's load and tariff; and it sizes for a load that must be served, which is not what a mine is."),
    NotRun("V48", "T21: power over the temperature of a day", "250 W, 7.3 % at equal settings", "A measurement without the temperatures it was made at."),
    NotRun("V49", "S19 Pro in the field", "29.69 J/TH at 23.1 °C", "A measurement of one machine: an input of a plan, not a result."),
)  # fmt: skip
