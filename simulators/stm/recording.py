"""What the controller makes of the surface's height: feedback, noise, offsets between lines, tilt and bow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RecordingStyle:
    """How heights are recorded.

    Attributes:
        noise: Deviation of the recorded height from pixel to pixel, Å.
        slow_noise: Deviation of the noise that lasts for a good part of a line, Å.
        gain: Least and greatest share of an error that the feedback makes good within one pixel.
        line_noise: Deviation of the offset from line to line, Å.
        wander: Deviation of the step of the random walk that the offset takes from line to line, Å.
        hum: Greatest amplitude of the mains' hum, Å.
        spikes: Expected number of spikes per 10,000 pixels.
        tilt: Deviation of the surface's slope along either axis.
        bow: Deviation of the scanner's bow at the image's edge, Å.
    """

    noise: float = 0.05
    slow_noise: float = 0.03
    gain: tuple[float, float] = (0.55, 0.95)
    line_noise: float = 0.10
    wander: float = 0.05
    hum: float = 0.03
    spikes: float = 0.3
    tilt: float = 0.012
    bow: float = 0.6


def record(height: Floats, pixel: float, style: RecordingStyle, rng: np.random.Generator) -> NDArray[np.float32]:
    """Record an image.

    Args:
        height: Of a tip that would keep the current constant, Å, shape (rows, columns).
        pixel: Side of a pixel, Å.
        style: How.
        rng: Source of randomness.

    Returns:
        The height that the controller records, Å, same shape.
    """
    rows, columns = height.shape
    follow = float(rng.uniform(*style.gain))
    seen = height + _fast_noise(height.shape, style, follow, rng) + _slow_noise(height.shape, style, rng)
    start = seen[:, :1] * (1.0 - follow)
    recorded = lfilter([follow], [1.0, follow - 1.0], seen, axis=1, zi=start)[0]
    offsets = style.line_noise * rng.normal(size=rows) + np.cumsum(style.wander * rng.normal(size=rows))
    recorded = recorded + offsets[:, None] + _background(height.shape, pixel, style, rng) + rng.uniform(-200.0, 200.0)
    for place in rng.integers(0, recorded.size, rng.poisson(style.spikes * recorded.size / 1e4)):
        row, column = divmod(int(place), columns)
        tail = float(rng.normal()) * 1.2 * np.exp(-np.arange(min(6, columns - column)) / 1.5)
        recorded[row, column : column + len(tail)] += tail
    return recorded.astype(np.float32)


def _fast_noise(shape: tuple[int, int], style: RecordingStyle, follow: float, rng: np.random.Generator) -> Floats:
    """Return noise in the current as the feedback sees it, Å, and the mains' hum."""
    rows, columns = shape
    # The feedback's own filter lowers the deviation by sqrt(g / (2 - g)).
    noise = style.noise / np.sqrt(follow / (2.0 - follow)) * rng.normal(size=shape)
    cycles = rng.uniform(6.0, 40.0)
    time = np.arange(rows)[:, None] * rng.uniform(0.0, 1.0) + cycles * np.arange(columns) / columns
    return noise + style.hum * float(rng.uniform()) ** 2 * np.sin(2.0 * np.pi * time)


def _slow_noise(shape: tuple[int, int], style: RecordingStyle, rng: np.random.Generator) -> Floats:
    """Return noise that goes on from line to line and lasts for a quarter of one, Å."""
    rows, columns = shape
    knots, last = 16, float(np.exp(-4.0 / 16))
    innovations = style.slow_noise * np.sqrt(1.0 - last**2) * rng.normal(size=rows * knots + 1)
    wandering = lfilter([1.0], [1.0, -last], innovations)
    times = np.arange(rows * columns) * (knots / columns)
    return np.interp(times, np.arange(len(wandering)), wandering).reshape(shape)


def _background(shape: tuple[int, int], pixel: float, style: RecordingStyle, rng: np.random.Generator) -> Floats:
    """Return the surface's tilt and the scanner's bow, Å."""
    rows, columns = shape
    y = (np.arange(rows)[:, None] + 0.5) / rows - 0.5
    x = (np.arange(columns) + 0.5) / columns - 0.5
    slope_x, slope_y = style.tilt * rng.normal(size=2)
    bow_x, bow_y, twist = 4.0 * style.bow * rng.normal(size=3)
    plane = slope_x * x * columns * pixel + slope_y * y * rows * pixel
    return plane + bow_x * x**2 + bow_y * y**2 + 0.5 * twist * x * y
