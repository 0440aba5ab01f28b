"""Where the components are: a map of each in its colour, all of them laid over one another, and the intensity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from daemon.report.component_maps import BRIGHT, binned, draw_share
from daemon.report.drawing import figure
from daemon.unmixing.contents import Dimension
from daemon.unmixing.work import Outcome

Floats = NDArray[np.float64]

_COLUMNS = 3


def draw_maps(outcome: Outcome, colours: Sequence[str], ink: str) -> Figure:
    """Draw all maps, each from 0 to its own largest share: a component of a few percent must be seen.

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
    drawn = figure(9.0, rows * (2.75 * proportion + 0.8))
    axes = drawn.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
    if (engine := drawn.get_layout_engine()) is not None:
        # The bars below the maps are not counted as theirs.
        engine.set(hspace=0.16)  # type: ignore[call-arg] # the constrained layout has it
    extent, unit = _extent(outcome)
    abundances, intensity = binned(found.abundances), binned(found.intensity)
    axes[0].imshow(_overlay(abundances, colours), extent=extent, origin="upper")
    axes[0].set_title("all components")
    for number, colour in enumerate(colours):
        image = draw_share(axes[number + 1], abundances[number], colour, extent=extent)
        _finish(axes[number + 1], image, outcome.labels[number], colour, "share of the pixel's counts")
    image = axes[panels - 1].imshow(intensity, cmap="gray", extent=extent, origin="upper", vmin=0.0)
    _finish(axes[panels - 1], image, "intensity", ink, "mean counts")
    for spare in axes[panels:]:
        spare.remove()
    for place, panel in enumerate(axes[:panels]):
        # Pixels are square: the ticks at the side tell the scale.
        panel.tick_params(length=2, labelsize=7, labelbottom=False, bottom=False)
        panel.spines[:].set_visible(False)
        if place % _COLUMNS == 0:
            panel.set_ylabel(unit)
    return drawn


def _overlay(abundances: Floats, colours: Sequence[str]) -> Floats:
    """Lay components over one another, each stretched from its smallest to its largest share, shape (y, x, 3)."""
    low, high = np.percentile(abundances, [100.0 - BRIGHT, BRIGHT], axis=(1, 2))[:, :, None, None]
    stretched = np.clip((abundances - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)
    mixed = np.einsum("kyx,kc->yxc", stretched, np.array([to_rgb(colour) for colour in colours]))
    return mixed / np.maximum(mixed.max(axis=2, keepdims=True), 1.0)


def _finish(axes: Axes, image: AxesImage, title: str, colour: str, label: str) -> None:
    """Name a map and put its colours below it."""
    axes.set_title(title, color=colour, fontweight="bold")
    bar = axes.inset_axes((0.0, -0.075, 1.0, 0.035))
    colours = axes.figure.colorbar(image, cax=bar, orientation="horizontal")
    colours.set_label(label, fontsize=7.5)
    bar.tick_params(labelsize=7, length=2)
    colours.outline.set_visible(False)


def _extent(outcome: Outcome) -> tuple[tuple[float, float, float, float], str]:
    """Edges of the image, left, right, bottom and top, and their unit."""
    height, width = outcome.unmixing.intensity.shape
    left, right, unit_x = _edges(outcome.stack.columns, width)
    top, bottom, unit_y = _edges(outcome.stack.rows, height)
    if unit_x != unit_y:
        (left, right), (top, bottom), unit_x = (-0.5, width - 0.5), (-0.5, height - 0.5), "pixel"
    return (left, right, bottom, top), unit_x


def _edges(axis: Dimension, size: int) -> tuple[float, float, str]:
    """Outer edges of evenly spaced pixels, and their unit."""
    values = axis.values
    if values is None or size < 2 or not np.allclose(np.diff(values), (values[-1] - values[0]) / (size - 1)):
        return -0.5, size - 0.5, "pixel"
    half = 0.5 * (values[-1] - values[0]) / (size - 1)
    return float(values[0] - half), float(values[-1] + half), axis.units or "pixel"
