"""The network as its miners answer to what a block pays, on the outlook's own curve of machines: for a plan and for paths."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.models import machines, mining
from core.models.response import Network, Response, network_efficiency_j_per_th, respond
from core.sections import Outlook
from core.studies.fleet import hardware_curve

Floats: TypeAlias = NDArray[np.float64]
CALM = Response(shock=0.0)


def block_cost_usd(outlook: Outlook, month: NDArray[np.datetime64]) -> Floats:
    """What the power of a block at difficulty 1 costs the network's mean machine, (months,) [USD]."""
    hardware = outlook.hardware
    years = (month - np.datetime64(hardware.as_of, "M")).astype(np.float64) / 12.0
    new = machines.efficiency_j_per_th(years, hardware_curve(hardware))
    mean = network_efficiency_j_per_th(new, outlook.network_j_per_th)
    paid = mining.hashprice_usd_per_ph_day(1.0, 1.0, 1.0)
    return np.asarray(mining.hashcost_usd_per_ph_day(mean, outlook.network_usd_per_kwh) / paid)


def responded(
    outlook: Outlook,
    month: NDArray[np.datetime64],
    days: Floats,
    difficulty: float,
    height: float,
    price_usd: Floats,
    fees_btc: Any,
    normal: Floats,
    how: Response = CALM,
) -> Network:
    """The network along price paths (months, paths) from today's difficulty and height; see `models.response.respond`."""
    cost = block_cost_usd(outlook, month)
    return respond(how, difficulty, height, days, price_usd, fees_btc, cost, normal)
