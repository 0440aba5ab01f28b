"""Unmixing as an on-line step: frames of one energy each in, spectra and maps out at any time."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.errors import BatchError
from analysis.streaming.step import BasicStep, Results
from analysis.unmixing.online_energies import EnergyNMF


class Unmixing(BasicStep):
    """Factorises the stack as far as it has come.

    Args:
        n_components: Number of components.
        name: Names the step.
        full_maps: Whether the results at the end hold the maps of all pixels; those on the way hold small ones.
        polish: Whether the spectra are found once more in all pixels at the end.
        **options: Of :class:`~analysis.unmixing.online_energies.EnergyNMF`.
    """

    def __init__(
        self, n_components: int, name: str = "unmixing", *, full_maps: bool = True, polish: bool = True, **options: Any
    ) -> None:
        self.name = name
        self._n_components, self._full_maps, self._polish, self._options = n_components, full_maps, polish, options
        EnergyNMF(n_components, **options)  # refuses wrong options before the scan begins
        self._model: EnergyNMF | None = None

    def start(self, layout: Layout) -> None:
        """Begin a new stack."""
        self._model = EnergyNMF(self._n_components, shape=layout.shape, **self._options)

    def restart(self, layout: Layout) -> None:
        """The stack so far stays: frames are checked before any is taken in."""
        if self._model is None:
            self.start(layout)

    def process(self, batch: Batch) -> Batch:
        """Take the frames in; gives how much each batch changed as `<name>.change`.

        Raises:
            BatchError: The frames come without energies.
        """
        if batch.energies is None:
            raise BatchError(f"{self.name}: frames from number {batch.first} on come without energies")
        model = self._running()
        model.take_in(batch.frames, batch.energies)
        change = model.history[-1].change if model.history else np.nan
        return batch.with_values({f"{self.name}.change": np.full(len(batch), change)})

    def result(self) -> Results:
        """Energies, spectra, small maps, whether the maps still change, and how the spectra are found."""
        model = self._running()
        if not model.revision:
            return {}
        return {
            "energies": model.energies,
            "spectra": model.spectra,
            "maps": model.preview(),
            "change": np.array([step.change for step in model.history]),
            "misfit": np.array([step.misfit for step in model.history]),
            "converged": np.array(model.converged),
            "repairs": np.array(model.repairs, dtype=str),
            "method": np.array(model.recipe.method),
            "omega": np.array(model.recipe.omega),
        }

    def stop(self) -> Results:
        """The same at the end, with maps of all pixels where they are wanted."""
        model = self._running()
        if not model.revision:
            return {}
        if self._polish:
            model.polish()
        return {**self.result(), **({"maps": model.maps()} if self._full_maps else {})}

    def _running(self) -> EnergyNMF:
        if self._model is None:
            raise BatchError(f"{self.name}: the stream has not begun")
        return self._model
