"""The seam between the optimiser and its models: what a surrogate is given, and what it must answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.optimization.errors import ConfigurationError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mixture:
    """K Gaussian predictive models at m candidates, each in its member's own output scale.

    Attributes:
        weights: Probability of each member, shape (K,), sum 1.
        mean: Predictive means of the noiseless objective, shape (K, m).
        deviation: Predictive standard deviations of the noiseless objective, shape (K, m).
        incumbent: Best value so far in each member's output scale, shape (K,).
    """

    weights: Array
    mean: Array
    deviation: Array
    incumbent: Array


class Surrogate(Protocol):
    """A model of the objective over the unit cube; larger values are better.

    The optimiser calls ``fit`` after the data changed and before it asks for anything else, and always passes the
    same array object as ``candidates`` when it means the candidates of the space, so that work per candidate may
    be kept. ``fit`` must be a deterministic function of ``state()`` and its arguments, and must not move the model
    when told the same measurements again (with the same or other pending positions): a run that was interrupted
    between two calls goes on as if nothing had happened.
    """

    def fit(self, positions: Array, values: Array, variances: Array | None, pending: Array) -> None:
        """Take in all measurements.

        Args:
            positions: Measured positions in the unit cube, shape (n, d), n ≥ 1; duplicates are allowed. Usually the
                previous positions with some pending ones appended.
            values: Finite values, shape (n,); all of them may change from call to call.
            variances: Known noise variances in the objective's units squared, shape (n,), or None to infer one.
            pending: Positions being measured, shape (p, d): the mean is unchanged by them, the deviation is not.
        """
        ...

    def predict(self, candidates: Array) -> Mixture:
        """Predict at candidates of shape (m, d), for an acquisition function."""
        ...

    def moments(self, candidates: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of the noiseless objective at (m, d) candidates, each (m,), objective's units."""
        ...

    def sample(self, candidates: Array, rng: np.random.Generator, count: int) -> Array:
        """Draw joint samples of the noiseless objective at (m, d) candidates; shape (count, m), objective's units."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what JSON can carry and ``restore`` needs; the measurements are not part of it."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state returned by ``state``; the next ``fit`` brings the measurements."""
        ...


SURROGATES: dict[str, str] = {
    "gp": "analysis.optimization.gp:GaussianProcess",
    "ensemble": "analysis.optimization.ensemble:Ensemble",
}
"""Where each surrogate lives: imported on first use, because one of them needs torch."""


def make_surrogate(name: str, dimension: int, options: Mapping[str, Any] | None = None) -> Surrogate:
    """Make a surrogate by name.

    Args:
        name: A name in :data:`SURROGATES`.
        dimension: Number of axes.
        options: Keyword arguments of the surrogate's constructor besides ``dimension``.

    Returns:
        The surrogate, not fitted.

    Raises:
        ConfigurationError: The name or an option is not known.
    """
    if name not in SURROGATES:
        raise ConfigurationError(f"unknown surrogate {name!r}: choose one of {', '.join(SURROGATES)}")
    module, attribute = SURROGATES[name].split(":")
    try:
        return getattr(import_module(module), attribute)(dimension=dimension, **(options or {}))
    except TypeError as error:
        raise ConfigurationError(f"options {dict(options or {})} of surrogate {name!r}: {error}") from error
