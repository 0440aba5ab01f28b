"""The second direction of online unmixing: samples stay and features come, one energy of all pixels at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.unmixing.online_energies import EnergyNMF, Progress
from analysis.unmixing.recipes import Method

Floats = NDArray[np.float64]


class EnergyDirection:
    """What an online estimator needs to take in columns; its parameters are the estimator's."""

    n_components: int
    noise: str
    shape: tuple[int, ...] | None
    method: Method
    omega: float
    forgetting: float
    components_: Floats
    n_features_in_: int
    _energies: EnergyNMF | None = None

    def partial_fit_energies(self, columns: ArrayLike | Sequence[ArrayLike], energies: ArrayLike) -> Self:
        """Take in all pixels' values at one or more further energies, and bring the spectra up to date.

        The first call begins a stack, whose pixels are the samples and whose energies are the features; each further
        one adds features. ``components_`` holds the spectra at ``energies_``, which rise whatever the order of the
        calls. The data are kept compressed, in memory that does not grow with the number of energies.

        Args:
            columns: A frame of any shape for one energy; several as (n_samples, energies) or (energies, y, x).
            energies: A number, or one for each column, eV; the columns of an energy that comes again are averaged.

        Returns:
            Self.

        Raises:
            ValueError: Shapes changed, energies do not fit or are not finite, or the estimator holds patterns. Nothing
                has been taken in then.
        """
        if self._energies is None:
            if hasattr(self, "components_"):
                raise ValueError("this estimator holds patterns: begin a new one for a stack that grows by energies")
            stream = EnergyNMF(
                self.n_components,
                method=self.method,
                omega=self.omega,
                poisson=self.noise == "poisson",
                shape=self.shape,
                forgetting=self.forgetting,
            )
        else:
            stream = self._energies
        if stream.take_in(columns, energies):
            self._energies = stream
            self._publish(stream)
        return self

    def polish_energies(self) -> Self:
        """Find the spectra once more in all pixels, as after the last energy; takes about as long as a batch fit."""
        stream = self._stream()
        stream.polish()
        self._publish(stream)
        return self

    @property
    def energies_(self) -> Floats:
        """Energies so far, rising, eV, shape (n_features_in_,)."""
        return self._stream().energies

    @property
    def maps_(self) -> NDArray[Any]:
        """Fraction of each component in each pixel, shape (k, y, x) or (k, n_samples), made when asked for."""
        return self._stream().maps()

    @property
    def converged_(self) -> bool:
        """Whether the last energies left the maps as they were."""
        return self._stream().converged

    @property
    def history_(self) -> tuple[Progress, ...]:
        """What each energy changed."""
        return tuple(self._stream().history)

    @property
    def repairs_(self) -> tuple[str, ...]:
        """What was wrong with columns, and what was done about it."""
        return self._stream().repairs

    def _stream(self) -> EnergyNMF:
        if self._energies is None:
            raise AttributeError("no energies have been taken in: call partial_fit_energies first")
        return self._energies

    def _publish(self, stream: EnergyNMF) -> None:
        """Show the spectra as the estimator's own."""
        self.components_ = stream.spectra
        self.n_features_in_ = self.components_.shape[1]
