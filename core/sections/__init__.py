"""The sections of a scenario, as frozen pydantic models.

Each field declares its unit, bounds, label and help once; forms, API schema and documentation read that line.
"""

from core.sections.coins import Hardware, Payout, Treasury
from core.sections.mine import Fleet, Grid, Outlook, Unit
from core.sections.money import Finance, Risk
from core.sections.plant import Array, Battery, Mounting, Site
from core.sections.quantity import Count, Section, quantity
from core.sections.renewal import BatteryReplacement, Failures, InverterReplacement, Refresh, Resale

__all__ = [
    "Array", "Battery", "BatteryReplacement", "Count", "Failures", "Finance", "Fleet", "Grid", "Hardware",
    "InverterReplacement", "Mounting", "Outlook", "Payout", "Refresh", "Resale", "Risk", "Section", "Site", "Treasury",
    "Unit", "quantity",
]  # fmt: skip
