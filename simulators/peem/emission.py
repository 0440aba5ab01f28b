"""What each component emits: the edge's absorption on the yield of everything that lies before the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.errors import SimulatorError
from simulators.peem.standards import EDGES, standards

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Emitter:
    """How a component's electron yield follows from its absorption.

    Attributes:
        jump: Height of L3 over the yield before the edge.
        brightness: Mean yield relative to the other components'.
    """

    jump: float
    brightness: float


EMITTERS = {
    "CuO": Emitter(0.43, 1.0),
    "Cu2O": Emitter(0.8, 1.1),
    "Cu": Emitter(0.5, 1.3),
    "MnO": Emitter(1.0, 1.1),
    "Mn2O3": Emitter(0.9, 1.0),
    "MnO2": Emitter(0.9, 0.9),
    "TiO2 anatase": Emitter(0.8, 0.9),
    "TiO2 rutile": Emitter(0.8, 1.0),
    "Ti2O3": Emitter(0.7, 1.2),
    "In": Emitter(0.0, 0.6),
}
"""Yields of slow electrons, most of which have nothing to do with the edge. At copper the jumps and the fall are chosen
so that removing an arctangent step, as usual, costs what it was seen to cost: benchmarks/calibrate_peem.py."""

FALLS = {"Cu": -0.023, "Mn": -0.008, "Ti": -0.008}
"""Relative change of the yield before the edge with energy, the response of the I0 monitor in it, 1/eV."""

WINDOWS = {"Cu": (925.0, 945.0), "Mn": (634.0, 650.0), "Ti": (452.0, 470.0)}
"""Energies of a stack at each edge, eV; at titanium L3 and L2 overlap, so both are in."""


def emitted(edge: str, components: Sequence[str], energies: ArrayLike, resolution: float = 0.0) -> Floats:
    """Return the spectra that pure components emit.

    Each is divided by its mean over the edge's window, so that an abundance is a fraction of the electrons.

    Args:
        edge: ``Cu``, ``Mn`` or ``Ti``.
        components: Names of standards of that edge.
        energies: Photon energies, eV, shape (energy,).
        resolution: Full width of the instrument's broadening, eV.

    Returns:
        Relative yields, shape (component, energy).

    Raises:
        SimulatorError: The edge or a component is not known.
    """
    low, high = window(edge)
    grid = np.linspace(low, high, 401)
    energies = np.asarray(energies, float)
    everywhere = _yields(edge, components, np.concatenate([grid, energies]), resolution)
    return everywhere[:, grid.size :] / everywhere[:, : grid.size].mean(axis=1, keepdims=True)


def window(edge: str) -> tuple[float, float]:
    """Return the lowest and highest energy of a stack at an edge, eV.

    Raises:
        SimulatorError: The edge is not known.
    """
    if edge not in WINDOWS:
        raise SimulatorError(f"no absorption edge {edge!r}: choose one of {', '.join(WINDOWS)}")
    return WINDOWS[edge]


def brightness(components: Sequence[str]) -> Floats:
    """Return the mean yield of each component relative to the others', shape (component,)."""
    return np.array([EMITTERS[name].brightness for name in components])


def _yields(edge: str, components: Sequence[str], energies: Floats, resolution: float) -> Floats:
    """Evaluate yields relative to the one before the edge, shape (component, energy)."""
    absorption = standards(edge, energies, resolution)
    substrate = EDGES[edge][-1].name
    before = 1.0 + FALLS[edge] * (energies - window(edge)[0])
    spectra = []
    for name in components:
        if name not in absorption:
            raise SimulatorError(f"no component {name!r} at the {edge} edge: choose among {', '.join(absorption)}")
        emitter = EMITTERS[name]
        spectra.append(before * absorption[name] if name == substrate else before + emitter.jump * absorption[name])
    return np.array(spectra)
