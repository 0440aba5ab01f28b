"""Where the components are: a map of each in its colour, all of them laid over one another, and the intensity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from daemon.report.drawing import figure
from daemon.unmixing.contents import Dimension
from daemon.unmixing.work import Outcome

Floats = NDArray[np.float64]

LARGEST = 400
"""Pixels of a drawn map along its longer side: more than are seen would only make the report heavy."""

_COLUMNS = 3
_BRIGHT = 99.5
"""Percentile of the intensity that is drawn as the brightest."""


def draw_maps(outcome: Outcome, colours: Sequence[str], ink: str) -> Figure:
    """Draw all maps.

    Args:
        outcome: The unmixed stack.
        colours: One for each component.
        ink: Colour of texts.
    """
    found = outcome.unmixing
    panels = found.n_components + 2
    rows = -(-panels // _COLUMNS)
    height, width = found.intensity.shape
    proportion = float(np.clip(height / width, 0.3, 2.0))
    drawn = figure(9.0, rows * (2.75 * proportion + 0.85))
    axes = drawn.subplots(rows, _COLUMNS, squeeze=False).ravel()
    extent, label = _extent(outcome)
    bin_ = max(1, -(-max(height, width) // LARGEST))
    abundances, intensity = _binned(found.abundances, bin_), _binned(found.intensity, bin_)
    _draw_overlay(axes[0], abundances, intensity, colours, extent)
    for number, colour in enumerate(colours):
        panel = axes[number + 1]
        shades = LinearSegmentedColormap.from_list("shades", ["black", colour])
        image = panel.imshow(abundances[number], cmap=shades, vmin=0.0, vmax=1.0, extent=extent, origin="upper")
        _finish(panel, image, outcome.labels[number], colour, "share of the pixel's counts")
    image = axes[panels - 1].imshow(intensity, cmap="gray", extent=extent, origin="upper", vmin=0.0)
    _finish(axes[panels - 1], image, "intensity", ink, "mean counts")
    for spare in axes[panels:]:
        spare.remove()
    for panel in axes[:panels]:
        panel.tick_params(length=2, labelsize=7)
        panel.spines[:].set_visible(False)
    axes[0].set_ylabel(label)
    return drawn


def _draw_overlay(
    axes: Axes, abundances: Floats, intensity: Floats, colours: Sequence[str], extent: tuple[float, float, float, float]
) -> None:
    """Draw all components in their colours, as bright as the pixel."""
    mixed = np.einsum("kyx,kc->yxc", abundances, np.array([to_rgb(colour) for colour in colours]))
    brightness = np.clip(intensity / max(float(np.percentile(intensity, _BRIGHT)), 1e-300), 0.0, 1.0)
    axes.imshow(np.clip(mixed * np.sqrt(brightness)[:, :, None], 0.0, 1.0), extent=extent, origin="upper")
    axes.set_title("all components")


def _finish(axes: Axes, image: AxesImage, title: str, colour: str, label: str) -> None:
    """Name a map and put its colours below it."""
    axes.set_title(title, color=colour, fontweight="bold")
    bar = axes.inset_axes((0.0, -0.17, 1.0, 0.035))
    colours = axes.figure.colorbar(image, cax=bar, orientation="horizontal")
    colours.set_label(label, fontsize=7.5)
    bar.tick_params(labelsize=7, length=2)
    colours.outline.set_visible(False)


def _extent(outcome: Outcome) -> tuple[tuple[float, float, float, float], str]:
    """Edges of the image, left, right, bottom and top, and the label of its axes."""
    height, width = outcome.unmixing.intensity.shape
    left, right, unit_x = _edges(outcome.stack.columns, width)
    top, bottom, unit_y = _edges(outcome.stack.rows, height)
    if unit_x != unit_y:
        (left, right), (top, bottom), unit_x = (-0.5, width - 0.5), (-0.5, height - 0.5), "pixel"
    return (left, right, bottom, top), f"x, y ({unit_x})"


def _edges(axis: Dimension, size: int) -> tuple[float, float, str]:
    """Outer edges of evenly spaced pixels, and their unit."""
    values = axis.values
    if values is None or size < 2 or not np.allclose(np.diff(values), (values[-1] - values[0]) / (size - 1)):
        return -0.5, size - 0.5, "pixel"
    half = 0.5 * (values[-1] - values[0]) / (size - 1)
    return float(values[0] - half), float(values[-1] + half), axis.units or "pixel"


def _binned(maps: Floats, bin_: int) -> Floats:
    """Average squares of pixels over the last two axes; what is left over at the edges is cut off."""
    if bin_ == 1:
        return maps
    height, width = (length // bin_ * bin_ for length in maps.shape[-2:])
    cut = maps[..., :height, :width]
    return cut.reshape(*maps.shape[:-2], height // bin_, bin_, width // bin_, bin_).mean(axis=(-3, -1))
