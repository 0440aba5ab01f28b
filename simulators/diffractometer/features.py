"""Where the four contributions to a pattern lie on the detector: regions of interest, and anchors for an unmixing."""

from __future__ import annotations

from analysis.diffraction import Region
from simulators.diffractometer.film import COMPOSITION, TILT
from simulators.diffractometer.pattern import QX, QZ, SHAPE, STEP, peak_positions

FEATURES = ("substrate", "strained", "relaxed", "tilted")
"""The contributions, in the order of the components of the default unmixing."""


def feature_pixels() -> dict[str, tuple[float, float]]:
    """Return the (row, column) of each contribution of a film of mean composition and tilt; between pixels."""
    positions = peak_positions(COMPOSITION, TILT)
    return {
        name: ((float(positions[name][1]) - QZ[0]) / STEP, (float(positions[name][0]) - QX[0]) / STEP)
        for name in FEATURES
    }


def feature_regions(half_width: int = 5) -> dict[str, Region]:
    """Return a square region of interest around each contribution.

    Args:
        half_width: Pixels on each side of the central one; peaks wander by up to two pixels with the composition.
    """
    return {name: Region.around(*centre, half_width, SHAPE) for name, centre in feature_pixels().items()}
