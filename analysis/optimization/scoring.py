"""Scoring positions: an acquisition function applied to a surrogate that knows all measurements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from analysis.optimization import acquisition
from analysis.optimization.errors import ConfigurationError
from analysis.optimization.measurements import Measurements
from analysis.optimization.space import SearchSpace
from analysis.optimization.surrogate import Mixture, Surrogate

Array = NDArray[np.float64]

DEFAULTS: dict[str, float] = {"beta": 2.0, "overhead": 1.0, "draws": 32}
"""Options of the acquisition functions: β of UCB, s per point besides travel, draws of noisy EI."""


@runtime_checkable
class Noisy(Protocol):
    """A surrogate that can condition on draws of the noiseless measured values, for noisy EI."""

    def noisy(self, candidates: Array, rng: np.random.Generator, count: int) -> Mixture:
        """Predict at candidates (m, d) with one member per draw."""
        ...


@runtime_checkable
class Bounded(Protocol):
    """A surrogate that knows how much of a measurement's reach lies inside the space."""

    def coverage(self, unit: Array) -> Array:
        """Share of the reach of positions (m, d) of the unit cube that lies inside it, shape (m,), at most 1."""
        ...


class Scorer:
    """An acquisition function with its surrogate; larger scores are better.

    Args:
        space: Where to score.
        surrogate: The model, fitted by :meth:`fit`.
        name: A name in ``acquisition.NAMES``.
        options: Overrides of :data:`DEFAULTS`.
        sign: +1 to maximise the objective, −1 to minimise it.
        noise: Known standard deviation of every measurement without an error of its own, or None.

    Raises:
        ConfigurationError: The acquisition function or an option is not known.
    """

    def __init__(
        self,
        space: SearchSpace,
        surrogate: Surrogate,
        name: str,
        options: Mapping[str, float],
        sign: float,
        noise: float | None,
    ) -> None:
        if name not in acquisition.NAMES:
            raise ConfigurationError(f"unknown acquisition {name!r}: choose one of {', '.join(acquisition.NAMES)}")
        if unknown := set(options) - set(DEFAULTS):
            raise ConfigurationError(f"unknown acquisition options {sorted(unknown)}: choose from {sorted(DEFAULTS)}")
        self.space, self.surrogate, self.name, self.sign, self.noise = space, surrogate, name, sign, noise
        self.options = DEFAULTS | dict(options)
        if not self.options["overhead"] > 0.0:
            raise ConfigurationError(f"acquisition option overhead = {self.options['overhead']} is not positive")

    def fit(self, data: Measurements) -> None:
        """Bring the surrogate up to date with at least one good measurement."""
        good = data.good
        values = np.array(data.values)[good]
        unit = self.space.to_unit(data.array(data.positions))
        # A failed point stays pending for the model: the next one is not asked for right beside it.
        pending = np.concatenate([unit[~good], self.space.to_unit(data.array(data.pending))])
        self.surrogate.fit(unit[good], self.sign * values, self._variances(np.array(data.errors)[good]), pending)

    def score(self, unit: Array, data: Measurements, key: list[int], start: Array | None) -> Array:
        """Score positions.

        Args:
            unit: Positions in the unit cube, shape (m, d); pass the space's own array for its candidates.
            data: The measurements of the last fit.
            key: Seed of the random acquisition functions.
            start: Where the axes are now, axes' units, shape (d,), or None if nobody knows.

        Returns:
            Shape (m,): a logarithm for "ei", "nei", "pi" and "ei_per_second", else objective's units (sign applied).
        """
        rng = np.random.default_rng(key)
        if self.name == "thompson":
            return self.surrogate.sample(unit, rng, 1)[0]
        if self.name in ("ucb", "variance"):
            mean, deviation = self.surrogate.moments(unit)
            if self.name == "variance":
                return deviation
            return acquisition.upper_confidence_bound(mean, deviation, self.options["beta"])
        mixture = self._noisy(unit, data, rng) if self.name == "nei" else self.surrogate.predict(unit)
        values = acquisition.LOG_DOMAIN[self.name](mixture)
        if isinstance(self.surrogate, Bounded):
            values = values + np.log(self.surrogate.coverage(unit))
        if self.name != "ei_per_second" or start is None:
            return values
        travel = self.space.travel_time(start, self.space.from_unit(unit))
        return acquisition.per_second(values, travel, self.options["overhead"])

    def moments(self, unit: Array) -> tuple[Array, Array]:
        """Mean and deviation at (m, d) positions of the unit cube, each (m,), objective's units."""
        mean, deviation = self.surrogate.moments(unit)
        return self.sign * mean, deviation

    def _noisy(self, unit: Array, data: Measurements, rng: np.random.Generator) -> Mixture:
        """Predict with one member per draw of the noiseless incumbent."""
        draws = int(self.options["draws"])
        if isinstance(self.surrogate, Noisy):
            return self.surrogate.noisy(unit, rng, draws)
        measured = self.space.to_unit(data.array(data.positions))[data.good]
        incumbents = self.surrogate.sample(measured, rng, draws).max(axis=1)
        mean, deviation = (np.broadcast_to(moment, (draws, len(unit))) for moment in self.surrogate.moments(unit))
        return Mixture(np.full(draws, 1.0 / draws), mean, deviation, incumbents)

    def _variances(self, errors: Array) -> Array | None:
        """Noise variances of the good points, shape (n,), or None to infer them."""
        given = np.isfinite(errors)
        if not given.any():
            return None if self.noise is None else np.full(len(errors), self.noise**2)
        fallback = float(np.median(errors[given])) if self.noise is None else self.noise
        return np.where(given, errors, fallback) ** 2
