"""A whole plan as text that fits into a link: what it says needs nobody to keep it, and no default of another version."""

from __future__ import annotations

import base64
import binascii
import zlib

from core.errors import ScenarioError
from core.scenario import Scenario, read

LONGEST = 7000  # characters: servers and mail programs take addresses of 8,000
LARGEST = 1 << 20  # bytes that a link may unfold to


def written(scenario: Scenario) -> str:
    """The plan as letters, digits, - and _; empty where it is too long for a link, as with a year of hourly prices."""
    text = base64.urlsafe_b64encode(zlib.compress(scenario.to_json().encode(), 9)).decode().rstrip("=")
    return text if len(text) <= LONGEST else ""


def opened(text: str) -> Scenario:
    """The plan that a link carries; ScenarioError where it was cut or changed, or carries none."""
    try:
        folded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unfolding = zlib.decompressobj()
        plain = unfolding.decompress(folded, LARGEST)
        if not unfolding.eof or unfolding.unused_data:
            raise ValueError("not whole")
        return read(plain.decode())
    except (ValueError, binascii.Error, zlib.error) as error:
        expected = "a link as it was copied, to its last character"
        raise ScenarioError("this link carries no plan", field="plan", value=text, expected=expected) from error
