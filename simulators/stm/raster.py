"""Where the tip really is while it draws an image: drift, creep, hysteresis and a scanner that is not calibrated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PAD = 48
"""Lines and columns beyond the image's edges for which positions are known, so that what is cut can be placed."""


@dataclass(frozen=True, slots=True)
class ScannerStyle:
    """How far a scanner is from what its controller believes.

    Attributes:
        scale_error: Deviation of the two axes' calibration factors from 1, which remains the same for one instrument.
        shear: Deviation of the shear between the axes.
        drift: Deviation of the thermal drift over one image, as a fraction of its height.
        creep: Deviation of the creep's size at an image's start, as a fraction of its height.
        hysteresis: Deviation of the fast axis' bow in its plane, as a fraction of the width.
        jitter: Deviation of a line's position along the fast axis, Å.
    """

    scale_error: float = 0.02
    shear: float = 0.02
    drift: float = 0.03
    creep: float = 0.025
    hysteresis: float = 0.008
    jitter: float = 0.15


@dataclass(frozen=True, slots=True)
class Raster:
    """Positions of an image's pixels on the surface: ``lines[row] + fast * columns[column]``.

    Attributes:
        shape: Rows and columns.
        lines: Where each line begins, Å, ``PAD`` more lines at both ends, shape (rows + 2 PAD, 2).
        columns: How far each column is along the fast axis, Å, padded likewise, shape (columns + 2 PAD,).
        fast: Displacement on the surface per Å of the fast axis, shape (2,).
        slow: The same of the slow axis, shape (2,).
    """

    shape: tuple[int, int]
    lines: Floats
    columns: Floats
    fast: Floats
    slow: Floats

    @property
    def inner(self) -> tuple[Floats, Floats]:
        """Lines and columns without the padding."""
        return self.lines[PAD:-PAD], self.columns[PAD:-PAD]

    @property
    def step(self) -> float:
        """Mean distance between two columns on the surface, Å."""
        span = float(self.columns[-1] - self.columns[0]) / (len(self.columns) - 1)
        return span * float(np.linalg.norm(self.fast))

    def points(self) -> Floats:
        """Return the position of every pixel, Å, shape (rows, columns, 2)."""
        lines, columns = self.inner
        return lines[:, None, :] + columns[None, :, None] * self.fast

    def bounds(self, margin: float) -> tuple[Floats, Floats]:
        """Return the corners of a rectangle on the surface around the image, with a margin, Å."""
        lines, columns = self.inner
        corners = np.concatenate([lines + columns[0] * self.fast, lines + columns[-1] * self.fast])
        return corners.min(axis=0) - margin, corners.max(axis=0) + margin

    def pixels(self, points: Floats) -> Floats:
        """Return where points of the surface appear.

        Args:
            points: Å, shape (n, 2).

        Returns:
            Column and row, pixels from the image's corner (the middle of the first pixel is 0.5), shape (n, 2); points
            beyond the padding lie at its edge.
        """
        inverse = np.linalg.inv(np.stack([self.fast, self.slow]))
        lines = self.lines @ inverse
        places = points @ inverse
        rows = np.interp(places[:, 1], lines[:, 1], np.arange(len(lines)) - PAD + 0.5)
        begins = np.interp(places[:, 1], lines[:, 1], lines[:, 0])
        columns = np.interp(places[:, 0] - begins, self.columns, np.arange(len(self.columns)) - PAD + 0.5)
        return np.stack([columns, rows], axis=-1)


def draw_raster(
    style: ScannerStyle,
    rng: np.random.Generator,
    shape: tuple[int, int],
    pixel: float,
    centre: tuple[float, float],
    angle: float,
    calibration: Floats,
) -> Raster:
    """Draw the path of one image.

    Args:
        style: Of the scanner.
        rng: Source of randomness of this image.
        shape: Rows and columns.
        pixel: Side of a pixel as the controller believes, Å.
        centre: Of the image on the surface, Å.
        angle: Of the fast axis on the surface, rad.
        calibration: True displacement per Å of either axis, rows for fast and slow, shape (2, 2).

    Returns:
        The positions.
    """
    height, width = shape[0] * pixel, shape[1] * pixel
    rows = np.arange(-PAD, shape[0] + PAD) + 0.5
    share = rows / shape[0]
    slow = pixel * (rows - 0.5 * shape[0])
    late = np.maximum(share, -0.02)
    creep = np.exp(-late / rng.uniform(0.04, 0.2))
    drift = height * (style.drift * rng.normal(size=2) * (share[:, None] - 0.5))
    drift += height * style.creep * rng.normal(size=2) * creep[:, None]
    drift[:, 0] += style.jitter * rng.normal(size=len(rows))
    across = pixel * (np.arange(-PAD, shape[1] + PAD) + 0.5 - 0.5 * shape[1])
    bow = style.hysteresis * rng.normal() * width * ((2.0 * across / width) ** 2 - 1.0 / 3.0)
    cos, sin = np.cos(angle), np.sin(angle)
    fast_axis, slow_axis = calibration @ np.array([[cos, sin], [-sin, cos]])
    # However strong the drift, the tip does not go backwards: each line is further on than the one before.
    down = np.maximum.accumulate(slow + drift[:, 1] + 1e-9 * rows)
    down += 1e-6 * pixel * np.arange(len(rows))
    lines = np.asarray(centre) + drift[:, :1] * fast_axis + down[:, None] * slow_axis
    return Raster(shape, lines, np.maximum.accumulate(across + bow), fast_axis, slow_axis)


def draw_calibration(style: ScannerStyle, rng: np.random.Generator) -> Floats:
    """Draw how an instrument's axes really move, per Å of what its controller believes, shape (2, 2)."""
    scales = 1.0 + style.scale_error * rng.normal(size=2)
    return np.array([[scales[0], 0.0], [style.shear * rng.normal(), scales[1]]])
