"""Backgrounds of absorption spectra: straight line, Shirley, and arctangent steps at the edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Background = Literal["none", "line", "shirley", "arctangent"]

BACKGROUNDS: tuple[Background, ...] = get_args(Background)

_WIDTH = 0.6
"""Width w of an arctangent step in eV: the core hole's lifetime at the L3 edges of 3d metals, and the instrument."""

_END = 0.06
"""Share of the energies at either end whose mean is the level there."""

_ROWS = 16384


@dataclass(frozen=True, slots=True)
class Edges:
    """Where an absorption spectrum rises.

    Attributes:
        positions: Energies of the steps, a little above each white line, shape (s,), in eV.
        heights: Heights of the steps relative to the first, shape (s,): 1 and ½ for L3 and L2.
    """

    positions: Floats
    heights: Floats


def remove_background(
    spectra: ArrayLike, energies: ArrayLike, kind: Background, edges: Edges | None = None
) -> NDArray[Any]:
    """Subtract a background from each spectrum.

    Args:
        spectra: One spectrum, shape (m,), or many, shape (..., m), float32 or float64.
        energies: Rising energies in eV, shape (m,).
        kind: "none", "line", "shirley" or "arctangent".
        edges: The steps of "arctangent"; found in the mean spectrum when None.

    Returns:
        Spectra without background, of the same shape and dtype; signal may be below 0 where there is noise.

    Raises:
        ValueError: The kind is unknown, or lengths do not agree.
    """
    spectra, energies = np.asarray(spectra), np.asarray(energies, float)
    if spectra.dtype.kind != "f":
        spectra = spectra.astype(float)
    if spectra.shape[-1] != len(energies):
        raise ValueError(f"spectra of {spectra.shape[-1]} values do not fit {len(energies)} energies")
    if kind == "none":
        return spectra
    if kind not in BACKGROUNDS:
        raise ValueError(f"background must be one of {', '.join(BACKGROUNDS)}, not {kind!r}")
    rows = spectra.reshape(-1, len(energies))
    if kind == "arctangent" and edges is None:
        edges = find_edges(rows.mean(axis=0), energies)
    methods: dict[str, Callable[[Floats], Floats]] = {
        "line": lambda part: line(part, energies),
        "shirley": lambda part: shirley(part, energies),
        "arctangent": lambda part: arctangent(part, energies, edges),
    }
    out = np.empty_like(rows)
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS].astype(float)
        out[start : start + _ROWS] = part - methods[kind](part)
    return out.reshape(spectra.shape)


def line(spectra: Floats, energies: Floats) -> Floats:
    """Straight line between the levels at both ends.

    Args:
        spectra: Shape (..., m).
        energies: Shape (m,), in eV.

    Returns:
        Backgrounds, shape (..., m).
    """
    left, right = end_levels(spectra)
    count = _end_count(len(energies))
    first, last = energies[:count].mean(), energies[-count:].mean()
    position = (energies - first) / (last - first if last > first else 1.0)
    return left[..., None] + (right - left)[..., None] * position


def shirley(spectra: Floats, energies: Floats, max_iter: int = 60, tol: float = 1e-5) -> Floats:
    """Background that rises with the signal already passed, for an edge that rises with energy.

    Shirley, Phys. Rev. B 5 (1972) 4709, mirrored for absorption:
    B(E) = I_L + (I_R − I_L) ∫_L^E (I − B) / ∫_L^R (I − B),
    iterated until it no longer changes.

    Args:
        spectra: Shape (..., m).
        energies: Shape (m,), in eV.
        max_iter: Iterations at most; about 12 are needed.
        tol: Largest change relative to the step's height at which it has converged.

    Returns:
        Backgrounds, shape (..., m).
    """
    left, right = end_levels(spectra)
    step = (right - left)[..., None]
    B = np.broadcast_to(left[..., None], spectra.shape).copy()
    half_width = 0.5 * np.diff(energies)
    for _ in range(max_iter):
        signal = spectra - B
        area = np.zeros_like(B)
        np.cumsum((signal[..., 1:] + signal[..., :-1]) * half_width, axis=-1, out=area[..., 1:])
        total = area[..., -1:]
        # Where noise leaves no area, there is no signal to rise with: the step is spread evenly.
        told = total > 1e-12 * np.abs(signal).sum(axis=-1, keepdims=True) * half_width.mean()
        share = np.where(told, area / np.where(told, total, 1.0), np.linspace(0.0, 1.0, len(energies)))
        new = left[..., None] + step * np.clip(share, 0.0, 1.0)
        change = float((np.abs(new - B) / np.maximum(np.abs(step), 1e-300)).max(initial=0.0))
        B = new
        if change < tol:
            break
    return B


def arctangent(spectra: Floats, energies: Floats, edges: Edges | None = None, width: float = _WIDTH) -> Floats:
    """Level before the edge, and arctangent steps up to the level after it.

    Steps h [½ + arctan((E − E₀)/w)/π], with the position tied to the edge's and only level and height fitted, to both
    ends of the spectrum (Stöhr, NEXAFS Spectroscopy (1992), section 7.2).

    Args:
        spectra: Shape (..., m).
        energies: Shape (m,), in eV.
        edges: Where the steps are; found in the mean spectrum when None.
        width: Width w in eV.

    Returns:
        Backgrounds, shape (..., m).
    """
    if edges is None:
        edges = find_edges(spectra.reshape(-1, len(energies)).mean(axis=0), energies)
    shape = step_shape(energies, edges, width)
    count = _end_count(len(energies))
    left, right = end_levels(spectra)
    low, high = shape[:count].mean(), shape[-count:].mean()
    height = (right - left) / max(high - low, 1e-12)
    return (left - height * low)[..., None] + height[..., None] * shape


def step_shape(energies: Floats, edges: Edges, width: float = _WIDTH) -> Floats:
    """Arctangent steps of total height 1, shape (m,)."""
    steps = 0.5 + np.arctan((energies - edges.positions[:, None]) / width) / np.pi
    return edges.heights @ steps / edges.heights.sum()


def find_edges(spectrum: Floats, energies: Floats) -> Edges:
    """Find the edges of a spectrum: its strongest white line, and an L2 line above it where there is one.

    Args:
        spectrum: Mean spectrum, shape (m,).
        energies: Rising energies, shape (m,), in eV.

    Returns:
        Steps 0.5 eV above the highest point of each line; where only one line is in range, one step.
    """
    signal = spectrum - line(spectrum, energies)
    smooth = np.convolve(signal, np.ones(3) / 3.0, mode="same")
    inner = slice(_end_count(len(energies)), -_end_count(len(energies)) or None)
    first = int(smooth[inner].argmax()) + (inner.start or 0)
    positions, heights = [energies[first]], [1.0]
    # The spin-orbit splitting of the 3d metals' 2p level is between 5 eV (Ti) and 20 eV (Cu).
    beyond = np.flatnonzero((energies > energies[first] + 4.5) & (energies < energies[-inner.start]))
    if beyond.size > 4:
        second = beyond[int(smooth[beyond].argmax())]
        rise = smooth[second] - smooth[first:second].min()
        if beyond[0] < second < beyond[-1] and rise > 0.1 * smooth[first]:
            positions.append(energies[second])
            heights.append(0.5)
    return Edges(np.array(positions) + 0.5, np.array(heights))


def end_levels(spectra: Floats) -> tuple[Floats, Floats]:
    """Mean of the first and of the last few values, shape (...,) each."""
    count = _end_count(spectra.shape[-1])
    return spectra[..., :count].mean(axis=-1), spectra[..., -count:].mean(axis=-1)


def _end_count(m: int) -> int:
    """Number of values that make the level at an end."""
    return max(1, min(round(_END * m), m // 3))
