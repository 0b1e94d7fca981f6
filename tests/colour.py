"""Colours as eyes see them: CIELAB, CIEDE2000, and what dichromats see.

Sources: IEC 61966-2-1 (sRGB), CIE 15, Sharma, Wu & Dalal (2005) for ΔE2000, Machado, Oliveira & Fernandes (2009) for
protanopia, deuteranopia and tritanopia (severity 1), WCAG 2.2 for contrast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
SEEN = {
    "usual": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def linear(colour: str) -> Vector:
    """sRGB as light: #RRGGBB → (3,) in 0…1."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(colour: str, eyes: str = "usual") -> Vector:
    """L*, a*, b* of what eyes of a kind see."""
    xyz = TO_XYZ @ np.clip(SEEN[eyes] @ linear(colour), 0.0, 1.0) / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def lightness(colour: str) -> float:
    return float(lab(colour)[0])


def contrast(one: str, other: str) -> float:
    """Relative luminance of the lighter over the darker, as WCAG has it."""
    low, high = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def difference(one: str, other: str, eyes: str) -> float:
    """ΔE2000 of two colours for eyes of a kind."""
    return delta_e(lab(one, eyes), lab(other, eyes))


def delta_e(one: Vector, other: Vector) -> float:
    """ΔE2000 of two points of CIELAB."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2.0
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    (c1, h1), (c2, h2) = (
        (np.hypot(stretch * a, b), np.degrees(np.arctan2(b, stretch * a)) % 360.0) for a, b in ((a1, b1), (a2, b2))
    )
    turn = 0.0 if c1 * c2 == 0.0 else (h2 - h1 + 180.0) % 360.0 - 180.0
    lightness_mean, chroma, hue = (
        (l1 + l2) / 2.0,
        (c1 + c2) / 2.0,
        h1 + h2 if c1 * c2 == 0.0 else (h1 + turn / 2.0) % 360.0,
    )
    t = 1.0 + sum(
        k * np.cos(np.radians(n * hue + at))
        for k, n, at in ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    )
    off = (lightness_mean - 50.0) ** 2
    d_l = (l2 - l1) / (1.0 + 0.015 * off / np.sqrt(20.0 + off))
    d_c = (c2 - c1) / (1.0 + 0.045 * chroma)
    d_h = 2.0 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2.0)) / (1.0 + 0.015 * chroma * t)
    bend = (
        -2.0
        * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
        * np.sin(np.radians(60.0 * np.exp(-(((hue - 275.0) / 25.0) ** 2))))
    )
    return float(np.sqrt(d_l**2 + d_c**2 + d_h**2 + bend * d_c * d_h))
