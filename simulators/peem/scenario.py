"""The photoemission microscope for studies: its devices, and the truth that they do not expose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from simulators.peem.instrument import instrument, parse_options
from simulators.peem.scene import Scene
from simulators.peem.stack import StackTruth, stack_truth
from simulators.scenario import Truth


@dataclass(frozen=True, slots=True)
class MicroscopeScenario:
    """A photoemission microscope at the L3 edges of copper, manganese and titanium. The axis is the photon energy."""

    def instrument(self, seed: int = 0, **options: Any) -> dict[str, Any]:
        """Make the devices: see :func:`simulators.peem.instrument`."""
        return instrument(seed=seed, **options)

    def truth(self, seed: int = 0, **options: Any) -> Truth:
        """Return the mean emission of the field of view as a function of the photon energy.

        Args:
            seed: Which sample.
            **options: Those of the instrument.

        Returns:
            The energies ``energy``, eV, 120 over the edge's window, and electrons per pixel at I0 of 1.

        Raises:
            SimulatorError: An option is unknown or out of range.
        """
        truth = self.stack_truth(seed, **options)
        dose = parse_options(seed=seed, **options).chosen_preset().conditions.dose
        weights = (truth.abundances * truth.emission).mean(axis=(1, 2))
        noise = float(np.sqrt(dose / truth.emission.size))
        return Truth({"energy": truth.energies}, dose * (weights @ truth.spectra), noise)

    def stack_truth(self, seed: int = 0, energies: ArrayLike | None = None, **options: Any) -> StackTruth:
        """Return spectra and maps that a sample's stack is made from.

        Args:
            seed: Which sample.
            energies: Photon energies, eV; 120 over the edge's window when None.
            **options: Those of the instrument. Drift and I0 are those of a stack measured without a pause.

        Returns:
            What :func:`simulators.peem.stack.simulate_stack` would give as the truth.

        Raises:
            SimulatorError: An option is unknown or out of range.
        """
        parsed = parse_options(seed=seed, **options)
        chosen = parsed.chosen_preset()
        scene = Scene.draw(chosen.sample(parsed.shape, seed), chosen.conditions, seed)
        return stack_truth(scene, chosen.energies() if energies is None else np.asarray(energies, float))


scenario = MicroscopeScenario()
