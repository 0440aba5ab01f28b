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
    "easy": {
        "noise": 0.02,
        "slow_noise": 0.01,
        "line_noise": 0.03,
        "wander": 0.02,
        "hum": 0.0,
        "contrast": 1.4,
        "likeness": 0.1,
        "scatter": 0.03,
        "double": 0.1,
        "double_chance": 0.1,
        "changes": 0.0,
        "flicker": 0.0,
        "radius": (7.5, 9.5),
    },
    "hard": {
        "noise": 0.08,
        "slow_noise": 0.05,
        "line_noise": 0.2,
        "wander": 0.1,
        "contrast": 0.8,
        "likeness": 0.9,
        "scatter": 0.1,
        "double": 0.6,
        "double_chance": 0.6,
        "changes": 0.5,
        "flicker": 0.5,
        "radius": (8.0, 15.0),
    },
    # Another laboratory: one instrument, never calibrated, with a blunter tip that is often double, a slower feedback,
    # more noise from the mains, other voltages, more Pb, and defects of other kinds.
    "lab": {
        "instrument": 7,
        "scale_error": 0.10,
        "shear": 0.09,
        "drift": 0.05,
        "creep": 0.05,
        "nm_per_pixel": 0.17,
        "noise": 0.065,
        "slow_noise": 0.05,
        "line_noise": 0.25,
        "wander": 0.12,
        "hum": 0.10,
        "gain": (0.3, 0.6),
        "radius": (10.0, 15.0),
        "elongation": 1.7,
        "double": 0.5,
        "double_chance": 0.5,
        "flicker": 0.35,
        "biases": (-1.5, -0.7, 0.7),
        "contrast": 0.85,
        "likeness": 0.85,
        "scatter": 0.09,
        "coverage": 0.10,
        "faulted": 0.65,
        "vacancies": 0.03,
        "holes": 0.012,
        "missing": 0.012,
    },
    # Bare terraces as real scans show them: a corrugation of less than 0.1 Å with nearly as much noise, strong shear
    # and calibration error, and tips that flicker; no Pb, and no defect that looks like it.
    "clean": {
        "coverage": 0.0,
        "vacancies": 0.0,
        "bright": 0.0,
        "holes": 0.003,
        "missing": 0.008,
        "decoration": 0.0,
        "terrace_width": float("inf"),
        "radius": (12.0, 18.0),
        "elongation": 1.5,
        "flicker": 0.6,
        "changes": 0.3,
        "scale_error": 0.12,
        "shear": 0.12,
        "noise": 0.055,
        "slow_noise": 0.03,
        "line_noise": 0.2,
        "wander": 0.1,
    },
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
