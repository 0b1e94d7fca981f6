"""A scenario's books under the owner's terms: its equipment, purchase by purchase, and its work as a pro-forma takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.bank_statement import REVENUE
from core.errors import CalculationError
from core.inputs import CreditRule
from core.scenario import Scenario
from core.studies.cash import Books
from core.studies.fleet import FleetLife, Vintage
from core.studies.levies import Asset
from core.studies.operation import Operation
from core.studies.plant import plant_assets

Floats: TypeAlias = NDArray[np.float64]
RENEWED = {"battery": "battery_renewal_usd", "array": "inverter_renewal_usd"}


def assets_of(scenario: Scenario, books: Books, life: FleetLife, rules: Iterable[CreditRule] = ()) -> list[Asset]:
    """The first investment and all later purchases with their write-off, credit and sale.

    Machines are written off and sold vintage by vintage; old ones without a buyer leave their basis as a loss. New cells
    and inverters are written off as the class they serve, beside what they replace.
    """
    plant = {asset.name: asset for asset in plant_assets(scenario.finance, books.capex, rules)}
    machines = _machines(plant.pop("machines"), life.vintages, bool(scenario.fleet.resale.realised_frac))
    renewed = [
        Asset(f"{kind}_renewed", books.yearly[line], plant[kind].recovery, kind=kind)
        for kind, line in RENEWED.items()
        if books.yearly[line].any()
    ]
    every = [*plant.values(), *machines, *renewed]
    return [asset for asset in every if asset.cost_usd.any() or asset.sales_usd.any()]


def _machines(first: Asset, vintages: Iterable[Vintage], resold: bool) -> list[Asset]:
    """As many assets as vintages of one year go in different years; salvage of the first where machines are not resold."""
    years = first.years
    held: dict[tuple[int, int], list[float]] = {(0, years): [0.0, 0.0 if resold else float(first.sales_usd[-1])]}
    for vintage in vintages:
        entry = held.setdefault((_year(vintage.bought, first=True), _year(vintage.gone)), [0.0, 0.0])
        entry[0] += vintage.cost_usd
        entry[1] += vintage.proceeds_usd
    lanes: list[Asset] = []
    taken: list[set[int]] = []
    for (bought, sold), (cost, proceeds) in held.items():
        at = next((i for i, used in enumerate(taken) if bought not in used), len(lanes))
        if at == len(lanes):
            name = "machines" if not lanes else f"machines_{at + 1}"
            nothing = np.zeros(years + 1)
            sale = np.full(years + 1, years)
            lanes.append(
                replace(first, name=name, kind="machines", cost_usd=nothing, proceeds_usd=nothing.copy(), sold_in=sale)
            )
            taken.append(set())
        taken[at].add(bought)
        lane = lanes[at]
        lane.cost_usd[bought], lane.proceeds_usd[bought], lane.sold_in[bought] = cost, proceeds, sold  # type: ignore[index]
    return lanes


def _year(month: int, *, first: bool = False) -> int:
    """Year of operation of a month; the first fleet is bought in year 0."""
    return 0 if first and month == 0 else month // 12 + 1


def operation_of(books: Books) -> Operation:
    """What the plant earns and spends year by year; gains on coins before the exchange's fee, which is a cost."""
    yearly = books.yearly
    gain = yearly["coin_gain_usd"] + yearly["exchange_fee_usd"]
    return Operation(
        yearly["pv_kwh"],
        {name: yearly[name] for name in REVENUE},
        {
            "import_cost_usd": yearly["import_cost_usd"],
            "upkeep_usd": yearly["opex_usd"],
            "repair_usd": yearly["repair_usd"],
            "exchange_fee_usd": yearly["exchange_fee_usd"],
        },
        unsold_usd=yearly["mining_revenue_usd"] - yearly["coin_sales_usd"] + gain,
        coin_gain_usd=gain,
    )


def sun_frac(books: Books) -> Floats:
    """Share of the energy mined that did not come from the grid, (years + 1,); 0 where nothing is mined."""
    mined, bought = books.yearly["mined_kwh"], books.yearly["import_kwh"]
    return np.divide(np.maximum(mined - bought, 0.0), mined, out=np.zeros(mined.shape), where=mined > 0)


def check_finite(books: Books) -> None:
    """CalculationError naming the first line that is not finite."""
    for name, values in {**books.monthly, **books.yearly}.items():
        if not np.isfinite(values).all():
            raise CalculationError(
                f"{name} is not finite: the growth, prices or sizes of this scenario are too large to calculate with",
                field=name,
                expected="finite numbers; try smaller growth rates or a shorter horizon",
            )
