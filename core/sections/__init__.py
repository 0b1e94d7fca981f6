"""The sections of a scenario, as frozen pydantic models.

Each field declares its unit, bounds, label and help once; forms, API schema and documentation read that line.
"""

from core.sections.mine import Fleet, Grid, Outlook, Unit
from core.sections.money import Finance, Risk
from core.sections.plant import Array, Battery, Mounting, Site
from core.sections.quantity import Count, Section, quantity

__all__ = [
    "Array", "Battery", "Count", "Finance", "Fleet", "Grid", "Mounting", "Outlook", "Risk", "Section", "Site", "Unit",
    "quantity",
]  # fmt: skip
