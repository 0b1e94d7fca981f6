"""Results as tables."""

from __future__ import annotations

import numpy as np

from core.studies.tables import table


def test_a_table_has_its_columns_in_order_and_each_kind_is_kept() -> None:
    months = np.array(["2026-01", "2026-02"], dtype="datetime64[s]")
    frame = table({"month": months, "paid_usd": np.array([1.5, -2.0]), "machines": np.array([3, 4])})
    assert list(frame.columns) == ["month", "paid_usd", "machines"]
    assert [str(kind) for kind in frame.dtypes] == ["datetime64[s]", "float64", "float64"]
    assert frame["month"].tolist() == months.tolist()
    assert frame["machines"].tolist() == [3.0, 4.0]


def test_tables_of_the_same_columns_do_not_share_their_numbers() -> None:
    numbers = np.ones(3)
    one, other = (table({"year": np.arange(3), "paid_usd": numbers}) for _ in range(2))
    one.loc[0, "paid_usd"] = 7.0
    numbers[1] = 9.0
    assert other["paid_usd"].tolist() == [1.0, 1.0, 1.0]
    assert one["paid_usd"].tolist() == [7.0, 1.0, 1.0]
