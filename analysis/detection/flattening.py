"""Flattening of microscope images: what the scanner and the controller added to the surface is taken away again.

All functions take heights in any unit, shape (y, x), and return new arrays of float64; values that are missing (NaN)
stay missing and do not count. An image without any value comes back as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.detection.levels import line_levels, main_level, median

Floats = NDArray[np.float64]
Product = tuple[Floats, Floats]
"""Two matrices, (y, k) and (k, x), whose product is an image."""

SAMPLE = 128
"""Backgrounds are fitted to every n-th pixel, so that about this many come along either axis."""

WITHIN = 3.5
"""Pixels farther from the main level than this are not of it, deviations."""

BLOCKS = 8
"""Slopes are taken from so many blocks along either axis."""

LINE_SAMPLE = 256
"""Lines are aligned by about this many of their pixels."""

PART = 200_000
"""Products of matrices are made in parts of so many multiplications."""

ROUNDS = 4
"""How often the main level and its background are found in turns."""


def flatten(height: ArrayLike, degree: int = 2) -> Floats:
    """Flatten an image, steps, clusters, offsets between lines and all.

    Lines are aligned by the median of their differences, the scanner's bow is read off the slopes along the lines, and
    a polynomial is fitted to the level that most pixels lie at. Other terraces, clusters and holes count for none of
    these. Last, each line's part of that level is set to 0. So the level does not depend on what lies on it, but for
    lines that lie on other terraces altogether.

    Args:
        height: The image, shape (y, x).
        degree: Of the polynomial, 0 to 5.

    Returns:
        The flattened image, whose main level is 0.

    Raises:
        ValueError: It has not two axes, or the degree is not one of these.
    """
    image = _checked(height)
    _check_degree(degree)
    # In place: what a large image costs is memory fetched and given back rather than arithmetic.
    image -= _offsets(image)[:, None]
    _subtract(image, _bow(image))
    background = _polynomial(image, degree, robust=True)
    if background is None:
        return image
    _subtract(image, background)
    level, spread = main_level(image)
    image -= line_levels(image, level, WITHIN * spread)[:, None]
    return image


def subtract_plane(height: ArrayLike) -> Floats:
    """Subtract the plane that fits an image best, by least squares."""
    return subtract_polynomial(height, 1)


def subtract_polynomial(height: ArrayLike, degree: int = 2, robust: bool = False) -> Floats:
    """Subtract the polynomial in x and y, of a total degree, that fits an image best, by least squares.

    Args:
        height: The image, shape (y, x).
        degree: Highest sum of the two exponents, 0 to 5.
        robust: Fit only the level that most pixels lie at, found in turns with the fit, and a part of the pixels.

    Returns:
        The image without it.

    Raises:
        ValueError: The image has not two axes, or the degree is not one of these.
    """
    image = _checked(height)
    _check_degree(degree)
    _subtract(image, _polynomial(image, degree, robust=robust))
    return image


def _polynomial(image: Floats, degree: int, *, robust: bool) -> Product | None:
    """Return what :func:`subtract_polynomial` subtracts; None for an image without any value."""
    steps = [max(1, round(length / SAMPLE)) if robust else 1 for length in image.shape]
    part = image[:: steps[0], :: steps[1]]
    rows, columns = (_legendre(length, degree) for length in image.shape)
    use = np.isfinite(part)
    if not use.any():
        return None
    coefficients = np.zeros((degree + 1, degree + 1))
    for _ in range(ROUNDS if robust else 1):
        chosen = use
        if robust:
            left = part - rows[:: steps[0]] @ coefficients @ columns[:: steps[1]].T
            level, spread = main_level(left)
            chosen = use & (np.abs(left - level) <= WITHIN * spread)
        coefficients = _fit(part, chosen, rows[:: steps[0]], columns[:: steps[1]])
    return rows @ coefficients, columns.T


def align_lines(height: ArrayLike, method: str = "median") -> Floats:
    """Align the lines of an image.

    Args:
        height: The image, shape (y, x).
        method: ``median`` sets every line's median to 0; ``difference`` sets the median of the differences between
            neighbouring lines to 0, which leaves steps as they are, and lets small errors add up over many lines.

    Returns:
        The image with its lines aligned.

    Raises:
        ValueError: The image has not two axes, or the method is another.
    """
    image = _checked(height)
    if method == "median":
        return image - median(image, axis=1)[:, None]
    if method != "difference":
        raise ValueError(f"lines are aligned by 'median' or 'difference', not {method!r}")
    return image - _offsets(image)[:, None]


def _offsets(image: Floats) -> Floats:
    """Return the offsets of the lines by the differences between neighbours, so that the mean becomes 0, shape (y,)."""
    offsets = np.zeros(len(image))
    there = np.flatnonzero(np.isfinite(image).any(axis=1))
    if not there.size:
        return offsets
    some = image[there, :: max(1, round(image.shape[1] / LINE_SAMPLE))]
    offsets[there[1:]] = np.cumsum(np.nan_to_num(median(np.diff(some, axis=0), axis=1)))
    return offsets + np.nanmean(some - offsets[there, None])


def without_bow(height: ArrayLike) -> Floats:
    """Subtract what the scanner's bow adds along the lines: the paraboloid that the slopes along the lines speak of.

    In each of a number of blocks the median of the slopes is taken, and the plane fitted to them whose absolute errors
    are least: a step, or a cluster, counts in few blocks only.

    Args:
        height: The image, shape (y, x), its lines aligned.

    Returns:
        The image without it; the means of the lines stay.

    Raises:
        ValueError: The image has not two axes.
    """
    image = _checked(height)
    _subtract(image, _bow(image))
    return image


def _bow(image: Floats) -> Product | None:
    """Return what :func:`without_bow` subtracts; None for images too small, or too empty, to tell."""
    rows, columns = image.shape
    lag = max(1, columns // (2 * BLOCKS))
    if columns < 3 * lag or rows < BLOCKS:
        return None
    step = max(1, round(rows / SAMPLE))
    slopes = (image[::step, lag:] - image[::step, :-lag]) / lag
    x, y = np.arange(columns) / columns - 0.5, np.arange(rows) / rows - 0.5
    middles = np.arange(columns - lag) / columns + 0.5 * lag / columns - 0.5
    blocks = [
        (np.mean(middles[across]), np.mean(y[::step][down]), median(slopes[down][:, across].ravel(), axis=0))
        for down in np.array_split(np.arange(len(slopes)), BLOCKS)
        for across in np.array_split(np.arange(columns - lag), BLOCKS)
        if across.size and down.size
    ]
    found = np.array([block for block in blocks if np.isfinite(block[2])])
    if len(found) < BLOCKS:
        return None
    slope, bend, twist = columns * _least_absolute(found)
    along = np.stack([0.5 * bend * x**2, x])
    return np.column_stack([np.ones(rows), slope + twist * y]), along - along.mean(axis=1, keepdims=True)


def _subtract(image: Floats, product: Product | None) -> None:
    """Subtract a product of matrices from an image, in place.

    It is made in parts that are small enough for one thread: threads of their own for so little would wait for, and
    hinder, those of the network.
    """
    if product is None:
        return
    left, right = product
    lines = max(1, PART // right.size)
    for first in range(0, len(image), lines):
        image[first : first + lines] -= left[first : first + lines] @ right


def _least_absolute(points: Floats) -> Floats:
    """Return a, b, c of the plane a + b x + c y with the least absolute errors at points (x, y, z), by reweighting."""
    terms, values = np.column_stack([np.ones(len(points)), points[:, :2]]), points[:, 2]
    weights, solution = np.ones(len(points)), np.zeros(3)
    for _ in range(4 * ROUNDS):
        solution = np.asarray(np.linalg.lstsq(terms * weights[:, None], values * weights, rcond=None)[0], float)
        errors = np.abs(values - terms @ solution)
        weights = 1.0 / np.sqrt(np.maximum(errors, 1e-3 * errors.mean() + 1e-300))
    return solution


def _fit(image: Floats, chosen: NDArray[np.bool_], rows: Floats, columns: Floats) -> Floats:
    """Return the coefficients of the best polynomial, (order y, order x), by the normal equations."""
    orders = rows.shape[1]
    y, x = np.nonzero(np.add.outer(np.arange(orders), np.arange(orders)) < orders)
    weights = chosen.astype(float)
    seen = np.where(chosen, image, 0.0)
    shift = seen.sum() / weights.sum()
    right = (rows.T @ (seen - shift * weights) @ columns)[y, x]
    products_y = (rows[:, :, None] * rows[:, None, :]).reshape(len(rows), -1)
    products_x = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    every = (products_y.T @ weights @ products_x).reshape(orders, orders, orders, orders)
    solution = np.linalg.lstsq(every[y[:, None], y, x[:, None], x], right)[0]
    coefficients = np.zeros((orders, orders))
    coefficients[y, x] = solution
    coefficients[0, 0] += shift
    return coefficients


def _legendre(length: int, degree: int) -> Floats:
    """Return Legendre polynomials along an axis, shape (length, degree + 1)."""
    axis = np.linspace(-1.0, 1.0, length) if length > 1 else np.zeros(1)
    return np.asarray(np.polynomial.legendre.legvander(axis, degree), float)


def _check_degree(degree: int) -> None:
    """Check the degree of a polynomial."""
    if not 0 <= degree <= 5:
        raise ValueError(f"the polynomial's degree must be 0 to 5, not {degree}")


def _checked(height: ArrayLike) -> Floats:
    """Return a new image as numbers, infinite ones missing."""
    image = np.array(height, float)
    if image.ndim != 2 or not image.size:
        raise ValueError(f"an image has rows and columns; this one has the shape {image.shape}")
    image[np.isinf(image)] = np.nan
    return image
