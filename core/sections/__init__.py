"""The sections of a scenario, as frozen pydantic models.

Each field declares its unit, bounds, label and help once; forms, API schema and documentation read that line.
"""

from core.sections.coins import Hardware, Payout, Treasury
from core.sections.fleet import Control, Cooling, Fleet, Mode, Unit
from core.sections.mine import Grid, Outlook
from core.sections.money import Finance
from core.sections.plant import FILE, Array, Battery, Mounting, Site
from core.sections.quantity import Count, Section, quantity
from core.sections.renewal import BatteryReplacement, Failures, InverterReplacement, Refresh, Resale
from core.sections.risk import Correlation, Risk
from core.sections.tariff import DemandResponse, Outages, Tariff
from core.sections.tax_and_debt import Construction, Credits, Debt, Depreciation, Owning, Recovery, Tax

__all__ = [
    "FILE", "Array", "Battery", "BatteryReplacement", "Construction", "Control", "Cooling", "Correlation", "Count", "Credits", "Debt",
    "DemandResponse", "Depreciation", "Failures", "Finance", "Fleet", "Grid", "Hardware", "InverterReplacement", "Mode",
    "Mounting", "Outages", "Outlook", "Owning", "Payout", "Recovery", "Refresh", "Resale", "Risk", "Section", "Site",
    "Tariff", "Tax", "Treasury", "Unit", "quantity",
]  # fmt: skip
