"""Ready-made experiments: the oxides of copper, manganese and titanium, in three difficulties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.errors import SimulatorError
from simulators.peem.emission import window
from simulators.peem.sample import Sample, SampleStyle, draw_sample
from simulators.peem.scene import Conditions
from simulators.peem.stack import Stack, simulate_stack

Floats = NDArray[np.float64]

SHAPE = (512, 600)
"""Rows and columns of a frame unless others are asked for: 307,200 spectra."""

ENERGIES = 120
"""Energies of a stack unless others are asked for."""

DIFFICULTIES = ("easy", "default", "hard")


@dataclass(frozen=True, slots=True)
class Preset:
    """A family of experiments.

    Attributes:
        style: What its samples look like.
        conditions: How they are measured.
    """

    style: SampleStyle
    conditions: Conditions

    def energies(self, count: int = ENERGIES) -> Floats:
        """Return evenly spaced energies over the edge's window, eV, shape (count,)."""
        return np.linspace(*window(self.conditions.edge), count)

    def sample(self, shape: tuple[int, int] = SHAPE, seed: int = 0) -> Sample:
        """Draw a sample with room for the drift."""
        return draw_sample(self.style, shape, seed, self.conditions.margin)

    def stack(self, shape: tuple[int, int] = SHAPE, seed: int = 0, energies: ArrayLike | None = None) -> Stack:
        """Measure a stack.

        Args:
            shape: Rows and columns of a frame.
            seed: Of the sample and of everything else.
            energies: Photon energies, eV; 120 over the edge's window when None.

        Returns:
            The stack with its truth.
        """
        chosen = self.energies() if energies is None else energies
        return simulate_stack(self.sample(shape, seed), chosen, self.conditions, seed)


_COMPONENTS = {
    "cu": ("CuO", "Cu2O", "In"),
    "mn": ("MnO", "Mn2O3", "In"),
    "ti": ("TiO2 anatase", "Ti2O3", "In"),
}
"""Components of each preset, the substrate last."""

_FURTHER = {"cu": "Cu", "mn": "MnO2", "ti": "TiO2 rutile"}
"""The component that comes in with a fourth."""

PRESETS = tuple(_COMPONENTS)
"""Names of the presets."""


def preset(
    name: str = "cu",
    difficulty: str = "default",
    components: int | Sequence[str] = 3,
    **changes: float,
) -> Preset:
    """Make a preset.

    Args:
        name: ``cu``, ``mn`` or ``ti``.
        difficulty: ``easy`` (pure grains, ten times the dose, no drift), ``default``, or ``hard`` (a fifth of the
            dose, more mixing, more drift).
        components: 3 or 4 components, or their names, the substrate last.
        **changes: Attributes of :class:`Conditions` to be set after all else, for instance ``dose=50``.

    Returns:
        The preset.

    Raises:
        SimulatorError: The name, the difficulty, the number of components or an attribute is not known.
    """
    if name not in PRESETS:
        raise SimulatorError(f"photoemission microscope: unknown preset {name!r}: choose one of {', '.join(PRESETS)}")
    style = SampleStyle(components=_names(name, components))
    conditions = Conditions(edge=name.capitalize())
    if difficulty == "easy":
        style = replace(style, mixing=0.0, residue=0.0, diffuse_fraction=0.2)
        conditions = replace(conditions, dose=10.0 * conditions.dose, drift=0.0)
    elif difficulty == "hard":
        style = replace(style, mixing=0.25, residue=2.0 * style.residue, diffuse_fraction=0.8)
        conditions = replace(conditions, dose=0.2 * conditions.dose, drift=2.0 * conditions.drift)
    elif difficulty != "default":
        raise SimulatorError(f"unknown difficulty {difficulty!r}: choose one of {', '.join(DIFFICULTIES)}")
    known = Conditions.__slots__
    if unknown := set(changes) - set(known):
        raise SimulatorError(f"unknown conditions {', '.join(sorted(unknown))}; known are {', '.join(known)}")
    return Preset(style, replace(conditions, **changes))


def _names(name: str, components: int | Sequence[str]) -> tuple[str, ...]:
    """Return the components' names."""
    if not isinstance(components, int):
        return tuple(components)
    *powder, substrate = _COMPONENTS[name]
    if components == 3:
        return (*powder, substrate)
    if components == 4:
        return (*powder, _FURTHER[name], substrate)
    raise SimulatorError(f"a preset has 3 or 4 components, or their names, not {components}")
