"""From a surface, a path over it and a tip to the height that a perfect controller would draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from simulators.stm.density import DECAY, SAMPLES, cell_density
from simulators.stm.lattice import in_cells
from simulators.stm.lobes import Lobes
from simulators.stm.raster import Raster
from simulators.stm.surface import Surface
from simulators.stm.tip import Tip

Floats = NDArray[np.float64]

LEAST = 0.004
"""A lobe is drawn as far out as it adds more than this to the density."""

SIZES = (9, 13, 19, 27, 41, 61)
"""Half sides of the windows that lobes are drawn in, pixels."""


def render(surface: Surface, raster: Raster, lobes: Lobes, tip: Tip, bias: float, noise: Floats) -> Floats:
    """Return the height of a tip that keeps the current constant.

    Args:
        surface: What it goes over.
        raster: Where.
        lobes: What lies there besides the clean cells.
        tip: The tip, in one state.
        bias: Of the sample, V.
        noise: Normal deviates that lobes take their hopping from, shape (n,).

    Returns:
        Å above a lone adatom, shape (rows, columns).
    """
    density = _density(surface, raster, lobes, tip, bias, noise)
    if tip.share > 0.0:
        second = np.asarray(tip.second)
        moved = Raster(raster.shape, raster.lines + second, raster.columns, raster.fast, raster.slow)
        density += tip.share * _density(surface, moved, lobes, tip, bias, noise)
        density /= 1.0 + tip.share
    return np.log(density) / DECAY + tip.height


def _density(surface: Surface, raster: Raster, lobes: Lobes, tip: Tip, bias: float, noise: Floats) -> Floats:
    """Return the density of states below one end of a tip, shape (rows, columns)."""
    table = cell_density(tip.apex, bias)
    points = raster.points()
    number, height, clearance = surface.stairs.terraces(points)
    first = int(number.min())
    if np.isinf(clearance).all():
        lines, columns = raster.inner
        places = _fractions(lines - surface.stairs.offset(first), raster.fast, columns)
    else:
        offsets = np.array([surface.stairs.offset(terrace) for terrace in range(first, int(number.max()) + 1)])
        places = np.moveaxis(in_cells(points - offsets[number - first]), -1, 0)
    density = map_coordinates(table, SAMPLES * places, np.float64, order=1, mode="grid-wrap", prefilter=False)
    add_lobes(density, raster, lobes, tip.apex.covariance, noise)
    np.maximum(density, 0.25 * table.min(), out=density)
    middle = height[height.shape[0] // 2, height.shape[1] // 2]
    return density * np.exp(DECAY * (height - middle))


def _fractions(lines: Floats, fast: Floats, columns: Floats) -> Floats:
    """Return positions as multiples of the cell's vectors, shape (2, rows, columns)."""
    begins, along = in_cells(lines), in_cells(fast)
    return begins.T[:, :, None] + along[:, None, None] * columns


def add_lobes(density: Floats, raster: Raster, lobes: Lobes, covariance: Floats, noise: Floats) -> None:
    """Add Gaussians to the density of states, each where the tip sees it.

    Args:
        density: What they are added to, shape (rows, columns).
        raster: Where the pixels are.
        lobes: The Gaussians.
        covariance: Of an adatom's Gaussian, Å², shape (2, 2).
        noise: Normal deviates that the hopping is taken from, shape (n,).
    """
    widest = np.sqrt(np.linalg.eigvalsh(covariance)[-1])
    reach = widest * lobes.widths * np.sqrt(2.0 * np.log(np.maximum(np.abs(lobes.amplitudes), 0.02) / LEAST))
    half = np.ceil(reach / raster.step).astype(int) + 1
    pixels = np.floor(raster.pixels(lobes.points)).astype(int)
    smallest, inverse = 0, np.asarray(np.linalg.inv(covariance), float)
    for size in SIZES:
        chosen = (half > smallest) & ((half <= size) | (size == SIZES[-1]))
        smallest = size
        if chosen.any():
            _add_windows(density, raster, lobes.select(chosen), pixels[chosen], size, inverse, noise)


def _add_windows(
    density: Floats, raster: Raster, lobes: Lobes, pixels: NDArray[np.int64], size: int, inverse: Floats, noise: Floats
) -> None:
    """Add Gaussians in windows of ``2 size + 1`` pixels around them."""
    span = np.arange(-size, size + 1)
    rows, columns = pixels[:, 1:] + span, pixels[:, :1] + span
    inside_rows, inside_columns = _within(rows, density.shape[0]), _within(columns, density.shape[1])
    use = np.asarray(inside_rows.any(axis=1) & inside_columns.any(axis=1))
    if not use.any():
        return
    rows, columns, lobes = rows[use], columns[use], lobes.select(use)
    inside = inside_rows[use][:, :, None] & inside_columns[use][:, None, :]
    lines, along = raster.inner
    begins = lines[np.clip(rows, 0, len(lines) - 1)] - lobes.points[:, None, :]
    steps = along[np.clip(columns, 0, len(along) - 1)]
    x = (begins[:, :, 0, None] + (steps * raster.fast[0])[:, None, :]).astype(np.float32)
    y = (begins[:, :, 1, None] + (steps * raster.fast[1])[:, None, :]).astype(np.float32)
    scale = (1.0 / lobes.widths**2)[:, None, None].astype(np.float32)
    xx, xy, yy = (np.float32(value) for value in (inverse[0, 0], inverse[0, 1], inverse[1, 1]))
    values = np.exp(-0.5 * scale * (xx * x * x + 2 * xy * x * y + yy * y * y))
    values *= _occupation(lobes, values.shape, noise)
    flat = rows[:, :, None] * density.shape[1] + columns[:, None, :]
    total = np.bincount(flat[inside], values[inside], minlength=density.size)
    density += total.reshape(density.shape)


def _within(numbers: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """Tell which numbers are indices of an axis."""
    return (numbers >= 0) & (numbers < length)


def _occupation(lobes: Lobes, shape: tuple[int, ...], noise: Floats) -> NDArray[np.float32]:
    """Return each lobe's amplitude at each pixel of its window: atoms come and go within lines and between them."""
    count = int(np.prod(shape))
    # A stretch of given deviates, begun where this window's sizes say, costs a tenth of drawing new ones.
    begin = (shape[0] * 7919 + shape[1] * 104729) % len(noise)
    deviates = np.resize(np.roll(noise, -begin), count + shape[0] * shape[1])
    pixels, lines = deviates[:count].reshape(shape), deviates[count:].reshape(shape[:2])
    change = lobes.hopping[:, None, None] * (0.8 * pixels + 0.6 * lines[:, :, None])
    return (lobes.amplitudes[:, None, None] * np.clip(1.0 + change, 0.05, 3.0)).astype(np.float32)
