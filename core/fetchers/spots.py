"""Places on Earth that providers are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Self

from core.errors import SourceError, ValidationError
from core.sections import Site

DECIMALS = 4  # of a degree: 11 m, so that one click on a map and the next are one question to the cache
NEAR_DEG = 1.0  # the coarsest grid a provider answers from
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Spot:
    """A place: latitude [°, north +] and longitude [°, east +], rounded to some 11 m."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        for name, most in (("latitude", 90), ("longitude", 180)):
            value = getattr(self, name)
            if not (isfinite(value) and abs(value) <= most):
                expected = f"a number from −{most} to {most}"
                raise ValidationError(f"{name}: expected {expected}", field=name, value=value, expected=expected)
            object.__setattr__(self, name, round(value, DECIMALS) + 0.0)  # −0.0 is 0.0

    @classmethod
    def of(cls, site: Site) -> Self:
        """Where a site is."""
        return cls(site.latitude, site.longitude)

    @property
    def utc_offset_hours(self) -> float:
        """The clock of the sun, to the full hour: a zone's clock is not told by the place alone."""
        return float(max(-12, min(12, round(self.longitude / 15))))

    def check_near(self, provider: str, latitude: float, longitude: float) -> None:
        """SourceError where a reply is about another place than this."""
        east = abs((longitude - self.longitude + 180) % 360 - 180) * cos(radians(self.latitude))
        if not (abs(latitude - self.latitude) <= NEAR_DEG and east <= NEAR_DEG):
            raise SourceError(
                f"{provider} answered for another place",
                field="latitude, longitude",
                value=f"{latitude:.2f}, {longitude:.2f}",
                expected=f"near {self.latitude:.2f}, {self.longitude:.2f}",
            )


@dataclass(frozen=True)
class SpotYear:
    """One calendar year at a place."""

    spot: Spot
    year: int

    def check_known(self, provider: str, first: int, last: int = 9999) -> None:
        """SourceError where a provider has no such year."""
        if not first <= self.year <= last:
            expected = f"{first} or later" if last == 9999 else f"{first} to {last}"
            raise SourceError(f"{provider} has no {self.year}", field="year", value=self.year, expected=expected)


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (latitude, longitude) [°] on a sphere of 6,371 km; 2 R asin √h (haversine)."""
    (lat_a, lon_a), (lat_b, lon_b) = ((radians(lat), radians(lon)) for lat, lon in (a, b))
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, h)))
