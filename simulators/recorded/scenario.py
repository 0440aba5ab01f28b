"""A recorded map for studies: its devices, and the whole map as the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.errors import SimulatorError
from simulators.recorded.instrument import instrument, open_map, parse_options
from simulators.recorded.recorded_map import RecordedMap
from simulators.scenario import Truth


@dataclass(frozen=True, slots=True)
class RecordedScenario:
    """A recorded map for studies. Every seed is the same sample; what differs is where a scan begins."""

    def instrument(
        self, seed: int = 0, component: int | None = None, unmixing: Mapping[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """Make the devices: see :func:`simulators.recorded.instrument`; what only the truth needs has no effect."""
        return instrument(seed=seed, **options)

    def truth(
        self, seed: int = 0, component: int | None = None, unmixing: Mapping[str, Any] | None = None, **options: Any
    ) -> Truth:
        """Return the recorded map as the objective.

        Args:
            seed: Has no effect.
            component: For spectra and patterns: which component's weight is the objective; their mean when left out.
            unmixing: Parameters of :class:`analysis.unmixing.OnlineNMF`, for ``component``.
            **options: See :class:`simulators.recorded.instrument.RecordedOptions`.

        Returns:
            Positions ``stage_x`` and ``stage_y``, and the values; NaN where a measurement failed. There is no noise:
            a position measured again gives the same.
        """
        recorded, _ = open_map(parse_options(seed=seed, **options))
        positions = {f"stage_{name}": axis.values for name, axis in recorded.axes.items()}
        return Truth(positions, objective(recorded, component, unmixing), 0.0)


def objective(recorded: RecordedMap, component: int | None, unmixing: Mapping[str, Any] | None) -> NDArray[np.float64]:
    """The objective at each position of a map.

    Args:
        recorded: The map.
        component: Which component's weight, for spectra and patterns; their mean when None.
        unmixing: Parameters of :class:`analysis.unmixing.OnlineNMF`.

    Returns:
        Values, shape (y, x).

    Raises:
        SimulatorError: A component was asked for where there is one number per position.
    """
    if component is None:
        values = recorded.values.astype(float)
        return values if recorded.is_scalar else np.nanmean(values.reshape(*values.shape[:2], -1), axis=2)
    if recorded.is_scalar:
        raise SimulatorError(f"{recorded.source}: has one number per position, and so no components")
    from analysis.unmixing import OnlineNMF  # scikit-learn takes a second to import, and few maps need it

    patterns = recorded.values.reshape(-1, int(np.prod(recorded.values.shape[2:])))
    weights = OnlineNMF(**(unmixing or {})).fit(patterns).weights_
    return weights[:, component].reshape(recorded.values.shape[:2])


scenario = RecordedScenario()
