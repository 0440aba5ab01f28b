"""The optimiser: told what was measured, asked where to measure next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.optimization import choice, stopping
from analysis.optimization.design import initial_design
from analysis.optimization.errors import ConfigurationError, NotFittedError, StateError
from analysis.optimization.measurements import Measurements
from analysis.optimization.scoring import Scorer
from analysis.optimization.space import SearchSpace
from analysis.optimization.stopping import StoppingRules
from analysis.optimization.suggestion import Best, Reason, Suggestion
from analysis.optimization.surrogate import make_surrogate

Array = NDArray[np.float64]

STATE_VERSION = 1


class Optimizer:
    """Bayesian optimisation by ask and tell.

    Args:
        space: Where to measure.
        acquisition: "ei" (computed as LogEI), "nei", "pi", "ucb", "variance", "thompson" or "ei_per_second".
        initial_points: Measurements with a value, or pending, before the model chooses.
        seed: Seed of the design and of the random acquisition functions.
        surrogate: "ensemble" or "gp".
        design: Initial design, "sobol" or "random".
        maximize: False to look for the minimum.
        noise: Known standard deviation of the measurements, or None to infer it; errors told with values come first.
        stopping: When ``stop_reason`` speaks.
        surrogate_options: Keyword arguments of the surrogate, e.g. ``{"kernel": "matern"}`` for "gp".
        acquisition_options: ``beta`` (ucb), ``overhead`` (s per point besides travel, ei_per_second), ``draws`` (nei).

    Raises:
        ConfigurationError: A name is unknown or a number out of range.
    """

    def __init__(
        self,
        space: SearchSpace,
        acquisition: str = "ei",
        initial_points: int = 5,
        seed: int = 0,
        *,
        surrogate: str = "ensemble",
        design: str = "sobol",
        maximize: bool = True,
        noise: float | None = None,
        stopping: StoppingRules | None = None,
        surrogate_options: Mapping[str, Any] | None = None,
        acquisition_options: Mapping[str, float] | None = None,
    ) -> None:
        if initial_points < 0:
            raise ConfigurationError(f"initial_points = {initial_points} is negative")
        if noise is not None and not noise >= 0.0:
            raise ConfigurationError(f"noise = {noise} is not a standard deviation")
        self.space = space
        self.stopping = stopping or StoppingRules()
        self._settings: dict[str, Any] = {
            "acquisition": acquisition,
            "initial_points": int(initial_points),
            "seed": int(seed),
            "surrogate": surrogate,
            "design": design,
            "maximize": bool(maximize),
            "noise": noise,
            "surrogate_options": dict(surrogate_options or {}),
            "acquisition_options": dict(acquisition_options or {}),
        }
        model = make_surrogate(surrogate, space.dimension, surrogate_options)
        sign = 1.0 if maximize else -1.0
        self._scorer = Scorer(space, model, acquisition, acquisition_options or {}, sign, noise)
        self._data = Measurements(space)
        # More than needed: a failed point is replaced by the next of the sequence.
        self._design = (
            initial_design(space, 2 * initial_points + 16, seed, design, initial_points) if initial_points else None
        )
        self._asked = 0
        self._fitted = False

    def ask(self, at: Mapping[str, float] | None = None) -> Suggestion:
        """Suggest the next position; it becomes pending until it is told or withdrawn.

        Args:
            at: Where the axes are now; without it, the last pending or told position.

        Returns:
            The suggestion. When every position is used up, failed ones are repeated once and then the best one
            replicated.
        """
        began = time.perf_counter()
        start = self._start(at)
        chosen = self._choose(start)
        mean = deviation = float("nan")
        if chosen.modelled:
            moments = self._scorer.moments(np.atleast_2d(self.space.to_unit(chosen.position)))
            mean, deviation = (float(moment[0]) for moment in moments)
        travel = 0.0 if start is None else float(self.space.travel_time(start, chosen.position))
        self._data.pending.append(chosen.position)
        self._asked += 1
        self._fitted = False
        elapsed = 1e3 * (time.perf_counter() - began)
        reason = Reason(chosen.kind, mean, deviation, chosen.acquisition, travel, elapsed)
        return Suggestion(self.space.to_dict_position(chosen.position), reason, self._asked)

    def tell(self, position: Mapping[str, float], value: float, error: float | None = None) -> None:
        """Take in a measurement.

        Args:
            position: Where it was made: a pending position, its readback, or any other place.
            value: The objective; NaN or infinite when the measurement failed.
            error: Its standard error, or None.

        Raises:
            MeasurementError: The position names the wrong axes or is not finite, or the error is negative.
        """
        self._data.add(self.space.to_array(position), value, error)
        self._fitted = False

    def retell(self, values: ArrayLike, errors: ArrayLike | None = None) -> None:
        """Replace the values of all told points, in the order told: what the objective means has changed.

        Args:
            values: New values, shape (n,); NaN for a failed point.
            errors: New standard errors, shape (n,), NaN for none; None keeps the old ones.

        Raises:
            MeasurementError: The number of values is not that of the told points.
        """
        self._data.retell(values, errors)
        self._fitted = False

    def withdraw(self, position: Mapping[str, float]) -> bool:
        """Forget a pending position that will not be measured; False if there was none."""
        withdrawn = self._data.withdraw(self.space.to_array(position))
        self._fitted = self._fitted and not withdrawn
        return withdrawn

    @property
    def best(self) -> Best | None:
        """The best measurement, the earlier of equals; None before the first value."""
        if not self._data.good.any():
            return None
        ranked = self._scorer.sign * self.values
        winner = int(np.nanargmax(ranked))
        return Best(self.space.to_dict_position(self._data.positions[winner]), self._data.values[winner])

    @property
    def positions(self) -> Array:
        """Told positions in order, axes' units, shape (n, d)."""
        return self._data.array(self._data.positions)

    @property
    def values(self) -> Array:
        """Told values in order, NaN for failed points, shape (n,)."""
        return np.array(self._data.values, dtype=float)

    @property
    def errors(self) -> Array:
        """Told standard errors in order, NaN for none, shape (n,)."""
        return np.array(self._data.errors, dtype=float)

    @property
    def pending(self) -> list[dict[str, float]]:
        """Positions asked for and not told yet, in order."""
        return [self.space.to_dict_position(position) for position in self._data.pending]

    def predict(self, positions: ArrayLike | None = None) -> tuple[Array, Array]:
        """Predict the noiseless objective.

        Args:
            positions: Axes' units, shape (m, d); all candidates of the space by default.

        Returns:
            Mean and standard deviation, each shape (m,), objective's units.

        Raises:
            NotFittedError: No value was told yet.
        """
        self._fit()
        unit = self.space.unit_candidates if positions is None else np.atleast_2d(self.space.to_unit(positions))
        return self._scorer.moments(unit)

    def acquisition_values(self, at: Mapping[str, float] | None = None) -> Array:
        """Score all candidates, measured ones included, as the next ``ask`` would; shape (m,), log EI for "ei".

        Raises:
            NotFittedError: No value was told yet.
        """
        self._fit()
        return self._scorer.score(self.space.unit_candidates, self._data, self._key(), self._start(at))

    def stop_reason(self, elapsed: float | None = None) -> str | None:
        """Say why the scan may end, or None to go on.

        Args:
            elapsed: Seconds since the scan began, for the rule on time.
        """
        reason = stopping.budget_reason(self.stopping, len(self._data.values), elapsed)
        guided = int(self._data.good.sum()) - self._settings["initial_points"]
        if reason or guided < self.stopping.patience or not self.stopping.trusts_model:
            return reason
        self._fit()
        return stopping.model_reason(self.stopping, self._scorer, self._data, self._key())

    def state(self) -> dict[str, Any]:
        """Return everything that ``from_state`` needs, as JSON can carry it; floats are exact."""
        return {
            "version": STATE_VERSION,
            "space": self.space.to_dict(),
            "settings": dict(self._settings),
            "stopping": self.stopping.to_dict(),
            "measurements": self._data.to_dict(),
            "asked": self._asked,
            "model": self._scorer.surrogate.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Optimizer:
        """Make an optimiser that goes on exactly where the one that gave the state stood.

        Raises:
            StateError: The state is damaged or of another version.
        """
        if state.get("version") != STATE_VERSION:
            raise StateError(f"the state is of version {state.get('version')}; this program reads {STATE_VERSION}")
        try:
            space = SearchSpace(**state["space"])
            optimizer = cls(space, **state["settings"], stopping=StoppingRules.from_dict(state["stopping"]))
            optimizer._data.restore(state["measurements"])
            optimizer._asked = int(state["asked"])
            optimizer._scorer.surrogate.restore(state["model"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"the optimiser's state is damaged: {error!r}") from error
        return optimizer

    def _choose(self, start: Array | None) -> choice.Choice:
        """Choose the next position: design, then model, then repeats."""
        good = int(self._data.good.sum())
        if self._design is not None and good + len(self._data.pending) < self._settings["initial_points"]:
            free = self._design[~self._data.is_taken(self._design)]
            if len(free):
                return choice.Choice(free[0], "initial design")
        if not good:
            return choice.spread(self.space, self._data)
        self._fit()
        return choice.by_model(self._scorer, self._data, self._key(), start)

    def _fit(self) -> None:
        """Bring the model up to date with the measurements, if they changed."""
        if not self._data.good.any():
            raise NotFittedError("nothing has been measured yet: tell a value first")
        if not self._fitted:
            self._scorer.fit(self._data)
            self._fitted = True

    def _start(self, at: Mapping[str, float] | None) -> Array | None:
        """Where the axes are, or will be when the pending points are done."""
        if at is not None:
            return self.space.to_array(at)
        known = self._data.pending or self._data.positions
        return known[-1] if known else None

    def _key(self) -> list[int]:
        """Seed of the randomness of the next suggestion."""
        return [self._settings["seed"], 2, self._asked]
