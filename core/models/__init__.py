"""Pure models, one subject a file; subjects do not import each other, and none touches the world.

Each loads when first used: `core.models.mining`.
"""

from importlib import import_module
from types import ModuleType

SUBJECTS = (
    "ageing", "debt", "depreciation", "dispatch", "finance", "mining", "module", "network", "rates", "risk", "running", "solar",
    "sun", "tax",
)  # fmt: skip


def __getattr__(name: str) -> ModuleType:
    if name not in SUBJECTS:
        raise AttributeError(f"module 'core.models' has no attribute {name!r}")
    return import_module(f"core.models.{name}")
