"""How maps of components are drawn, in every report."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from daemon.report.drawing import BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

Floats = NDArray[np.float64]

COLOURS = (VERMILION, BLUE, GREEN, ORANGE, PURPLE, SKY, "#8c6d31", "#7f7f7f")
"""Of the components, in their order; beyond the last they begin anew."""

LARGEST = 400
"""Pixels of a drawn map along its longer side: more than are seen would only make the report heavy."""

BRIGHT = 99.5
"""Percentile of a map that is drawn as the brightest: single pixels must not darken all others."""


def colour_of(component: int) -> str:
    """The colour of a component."""
    return COLOURS[component % len(COLOURS)]


def draw_share(axes: Axes, share: Floats, colour: str, **options: Any) -> AxesImage:
    """Draw a component's map from 0 to its own largest share: a component of a few percent must be seen.

    Args:
        axes: Where.
        share: Of each pixel, shape (y, x).
        colour: The component's.
        **options: Of ``Axes.imshow``.
    """
    shades = LinearSegmentedColormap.from_list("shades", ["black", colour])
    largest = max(float(np.percentile(share, BRIGHT)), 1e-6)
    return axes.imshow(share, cmap=shades, vmin=0.0, vmax=largest, origin="upper", **options)


def binned(maps: Floats) -> Floats:
    """Average squares of pixels over the last two axes until they fit; what is left over at the edges is cut off."""
    bin_ = max(1, -(-max(maps.shape[-2:]) // LARGEST))
    if bin_ == 1:
        return maps
    height, width = (length // bin_ * bin_ for length in maps.shape[-2:])
    cut = maps[..., :height, :width]
    return cut.reshape(*maps.shape[:-2], height // bin_, bin_, width // bin_, bin_).mean(axis=(-3, -1))
