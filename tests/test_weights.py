"""What a result weighs, held against what its arrays say of themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

import core
from core.weights import held_bytes


def test_a_result_weighs_what_its_tables_and_arrays_do() -> None:
    answer = core.project(core.Scenario())
    tables = (answer.hourly, answer.monthly, answer.yearly, answer.statement)
    assert held_bytes(answer) == sum(int(table.memory_usage().sum()) for table in tables)


def test_what_holds_no_table_weighs_nothing_and_parts_are_summed() -> None:
    assert held_bytes({"words": "many " * 1000, "count": 3, "none": None}) == 0
    assert held_bytes([np.zeros(10), (np.zeros(5),), {"row": pd.Series(np.zeros(2), index=[0, 1])}]) == 8 * 17 + 16
