"""Units, and the rules of bitcoin that never change: each figure said once."""

from __future__ import annotations

DAY_S = 86_400.0
HOURS_PER_DAY = 24.0
HOURS = 8760  # of a year as weather and plans have it: without February 29
DAYS_PER_YEAR = 365.25
MONTHS_PER_YEAR = 12

CENTS_PER_USD = 100
SATS_PER_BTC = 100_000_000
HASHES_PER_TH = 1e12
THS_PER_PHS = 1000.0
JOULES_PER_KWH = 3.6e6

BLOCK_SECONDS = 600.0  # that consensus aims at between two blocks
BLOCKS_PER_DAY = DAY_S / BLOCK_SECONDS
BLOCKS_PER_ERA = 210_000  # between two halvings
EPOCH_BLOCKS = 2016  # between two retargets
STEEPEST = 4.0  # most that one retarget may change difficulty, either way
HASHES_PER_DIFFICULTY = 2.0**32
THS_PER_DIFFICULTY = HASHES_PER_DIFFICULTY / BLOCK_SECONDS / HASHES_PER_TH  # hash rate that a difficulty stands for
