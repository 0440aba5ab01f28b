"""Ready-made microscopes and samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.errors import SimulatorError
from simulators.stm.clusters import Look
from simulators.stm.images import Conditions, Image, View, take_image
from simulators.stm.raster import ScannerStyle, draw_calibration
from simulators.stm.recording import RecordingStyle
from simulators.stm.surface import Surface, SurfaceStyle
from simulators.stm.tip import TipStyle

Floats = NDArray[np.float64]

SHAPE = (256, 256)
"""Rows and columns of an image unless others are asked for."""

_IMAGE, _INSTRUMENT = 21, 22


@dataclass(frozen=True, slots=True)
class Preset:
    """A family of images.

    Attributes:
        name: Of the preset it was made from.
        surface: What its surfaces look like.
        conditions: How they are measured.
        instrument: Which instrument: its calibration is the same in all images; None draws another for each.
    """

    name: str = "default"
    surface: SurfaceStyle = field(default_factory=SurfaceStyle)
    conditions: Conditions = field(default_factory=Conditions)
    instrument: int | None = None

    def image(self, seed: int, shape: tuple[int, int] = SHAPE) -> Image:
        """Draw an image of a surface of its own.

        Args:
            seed: Which surface, and of everything else.
            shape: Rows and columns.

        Returns:
            The image with its truth; the same for the same seed and shape.
        """
        rng = np.random.default_rng([seed, _IMAGE])
        surface = Surface(self.surface, int(rng.integers(2**31)))
        centre, angle = rng.uniform(-1e4, 1e4, 2), float(rng.uniform(0.0, 2.0 * np.pi))
        bias = float(rng.choice(self.conditions.biases))
        view = View(shape, (centre[0], centre[1]), angle, bias, self.calibration(rng))
        return take_image(surface, self.conditions, view, rng)

    def calibration(self, rng: np.random.Generator) -> Floats:
        """Return how the axes move: this instrument's, or another drawn from ``rng``, shape (2, 2)."""
        which = rng if self.instrument is None else np.random.default_rng([self.instrument, _INSTRUMENT])
        return draw_calibration(self.conditions.scanner, which)

    def images(self, seeds: Iterable[int], shape: tuple[int, int] = SHAPE) -> Iterator[Image]:
        """Draw images one after another, one per seed."""
        return (self.image(seed, shape) for seed in seeds)


_PARTS: dict[str, type] = {"look": Look, "scanner": ScannerStyle, "tip": TipStyle, "recording": RecordingStyle}

_PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "easy": {"noise": 0.02, "line_noise": 0.03, "wander": 0.02, "likeness": 0.1, "double": 0.1, "double_chance": 0.1},
}

PRESETS = tuple(_PRESETS)
"""Names of the presets."""


def preset(name: str = "default", **changes: Any) -> Preset:
    """Make a preset.

    Args:
        name: One of ``PRESETS``.
        **changes: Attributes of :class:`SurfaceStyle`, :class:`Conditions`, :class:`Look`, :class:`ScannerStyle`,
            :class:`TipStyle` and :class:`RecordingStyle` to be set after all else, for instance ``noise=0.1``, and
            ``instrument``.

    Returns:
        The preset.

    Raises:
        SimulatorError: The name or an attribute is not known.
    """
    if name not in PRESETS:
        raise SimulatorError(f"tunnelling microscope: unknown preset {name!r}: choose one of {', '.join(PRESETS)}")
    return change(Preset(name), **{**_PRESETS[name], **changes})


def change(chosen: Preset, **changes: Any) -> Preset:
    """Return a preset with attributes of it or of its parts changed: see :func:`preset`."""
    conditions, rest = chosen.conditions, dict(changes)
    for part, kind in _PARTS.items():
        conditions = replace(conditions, **{part: replace(getattr(conditions, part), **_take(rest, kind))})
    conditions = replace(conditions, **_take(rest, Conditions))
    surface = replace(chosen.surface, **_take(rest, SurfaceStyle))
    instrument = rest.pop("instrument", chosen.instrument)
    if rest:
        known = sorted({entry.name for kind in (*_PARTS.values(), Conditions, SurfaceStyle) for entry in fields(kind)})
        raise SimulatorError(f"unknown attributes {', '.join(sorted(rest))}; known are {', '.join(known)}")
    return replace(chosen, surface=surface, conditions=conditions, instrument=instrument)


def _take(changes: dict[str, Any], kind: type) -> dict[str, Any]:
    """Take those changes out that are attributes of a kind."""
    names = [entry.name for entry in fields(kind) if entry.name in changes]
    return {name: changes.pop(name) for name in names}
