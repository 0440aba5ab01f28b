"""Images as they could have been: what a microscope may vary, and nothing that it cannot.

Turns by multiples of 60° and mirror images are symmetries of the 7 × 7 lattice (60° exchange its halves, as turning the
sample does); by small angles, scales and shears because samples are mounted and piezos calibrated only so well. Noise
of lines, blur, second tips and missing lines come after the turn: they belong to the direction of the scan. Clusters
are never pasted or moved, because they sit in half-cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, conv2d, grid_sample

from analysis.detection.training.samples import Sample

INSIDE = 0.5
"""A cluster counts in a cut-out when at least this part of its box is inside."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far images are varied.

    Attributes:
        size: Side of the cut-outs, working pixels.
        turn: Deviation of small turns, degrees.
        stretch: Deviation of scales and of the shear.
        contrast: Deviation of the logarithm of the contrast.
        noise: Most noise from pixel to pixel, in units of the corrugation.
        lines: Most deviation of the lines' offsets, in the same units.
        chance: How often each of blur, second tip, noise and offsets of lines occurs.
        partial: How often only a part of the lines is there.
    """

    size: int = 192
    turn: float = 3.0
    stretch: float = 0.04
    contrast: float = 0.15
    noise: float = 0.5
    lines: float = 0.3
    chance: float = 0.25
    partial: float = 0.1


@dataclass(frozen=True, slots=True)
class Example:
    """A cut-out with its clusters.

    Attributes:
        values: What the network sees, (1, size, size), float32.
        boxes: Boxes, px, (n, 4), float32.
        labels: Their classes, (n,), int64.
    """

    values: Tensor
    boxes: Tensor
    labels: Tensor


def augment(sample: Sample, style: Augmentation, rng: np.random.Generator) -> Example:
    """Vary one sample.

    Args:
        sample: The sample.
        style: How far.
        rng: Source of all that is drawn.
    """
    matrix, shift = _draw_map(sample.values.shape, style, rng)
    values = _cut(sample.values, matrix, shift, style.size)
    boxes, labels = _move(sample.boxes, sample.truth.labels, matrix, shift, style.size)
    values = _degrade(values, style, rng)
    if rng.random() < style.partial:
        rows = int(rng.uniform(0.3, 1.0) * style.size)
        values[..., rows:, :] = 0.0
        boxes, labels = _kept(boxes, labels, style.size, rows)
    return Example(values, torch.from_numpy(boxes.astype(np.float32)), torch.from_numpy(labels))


def _draw_map(
    shape: tuple[int, ...], style: Augmentation, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw a map from cut-out to image: image = matrix · (cut-out - size / 2) + shift, in (x, y)."""
    matrix = np.diag([1.0, -1.0 if rng.random() < 0.5 else 1.0])
    # Half of the time the pixels stay what they are: turns by 60° smear the noise.
    exact = rng.random() < 0.5
    angle = np.pi * rng.integers(0, 2) if exact else np.deg2rad(60.0 * rng.integers(0, 6) + style.turn * rng.normal())
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ matrix
    drawn = style.stretch * rng.normal(size=3)
    if not exact:
        matrix = np.array([[np.exp(drawn[0]), drawn[2]], [0.0, np.exp(drawn[1])]]) @ matrix
    sides = np.array(shape[::-1], float)
    free = np.maximum(sides - style.size, 0.125 * style.size)
    shift = 0.5 * sides + np.round(free * rng.uniform(-0.5, 0.5, 2))
    return matrix, shift


def _cut(values: Tensor, matrix: NDArray[np.float64], shift: NDArray[np.float64], size: int) -> Tensor:
    """Sample the image at the cut-out's pixels; 0, the median, outside."""
    rows, columns = values.shape
    half = 0.5 * np.array([columns, rows])
    # torch counts from -1 to 1 between the outer edges of the outer pixels.
    theta = np.column_stack([0.5 * size * matrix / half[:, None], (shift - half) / half])
    grid = affine_grid(torch.from_numpy(theta[None]).float(), [1, 1, size, size], align_corners=False)
    return grid_sample(values[None, None], grid, mode="bicubic", padding_mode="zeros", align_corners=False)[0]


def _move(
    boxes: NDArray[np.float64],
    labels: NDArray[np.int64],
    matrix: NDArray[np.float64],
    shift: NDArray[np.float64],
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Move boxes into the cut-out; their middles turn, their sides stay: clusters are as wide in every direction."""
    middle = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    half = 0.5 * (boxes[:, 2:] - boxes[:, :2]) / np.sqrt(abs(np.linalg.det(matrix)))
    moved = (middle - shift) @ np.linalg.inv(matrix).T + 0.5 * size
    return _kept(np.hstack([moved - half, moved + half]), labels, size, size)


def _kept(
    boxes: NDArray[np.float64], labels: NDArray[np.int64], columns: int, rows: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Clip boxes to the cut-out; those that are seen in part neither count nor are wrong to find."""
    clipped = np.clip(boxes, 0.0, [columns, rows, columns, rows])
    part = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1) / np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    some = part > 0.05
    return clipped[some], np.where(part < INSIDE, -1, labels)[some]


def _degrade(values: Tensor, style: Augmentation, rng: np.random.Generator) -> Tensor:
    """Take the image with a worse tip, in a worse hour, with another contrast."""
    values = values * float(np.exp(style.contrast * rng.normal()))
    blur, second, noise, lines = rng.random(4) < style.chance
    if second:
        moved = torch.roll(values, tuple(rng.integers(-4, 5, 2)), (1, 2))
        # Both ends of a double tip carry current: the nearer one dominates.
        values = torch.logaddexp(values, moved - float(rng.uniform(1.0, 4.0)))
        values = values - values.median()
    if blur:
        values = _blurred(values, rng)
    shape = tuple(values.shape[1:])
    if noise:
        drawn = rng.normal(size=shape).astype(np.float32)
        values = values + float(style.noise * rng.random()) * torch.from_numpy(drawn)
    if lines:
        offsets = rng.normal(size=(shape[0], 1)).astype(np.float32)
        values = values + float(style.lines * rng.random()) * torch.from_numpy(offsets)
    return values


def _blurred(values: Tensor, rng: np.random.Generator) -> Tensor:
    """Blur (1, y, x) with a Gaussian of another width along x and y: a blunt, asymmetric tip."""
    at = torch.arange(-3, 4, dtype=torch.float32)
    kernels = [torch.exp(-0.5 * (at / float(width)) ** 2) for width in rng.uniform(0.3, 1.0, 2)]
    x, y = (kernel / kernel.sum() for kernel in kernels)
    padded = torch.nn.functional.pad(values[None], (3, 3, 3, 3), mode="replicate")
    return conv2d(conv2d(padded, x.reshape(1, 1, 1, 7)), y.reshape(1, 1, 7, 1))[0]
