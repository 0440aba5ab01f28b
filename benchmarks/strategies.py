"""The strategies that are compared: ours, the source's recipe, and the peers, all asking and telling by index."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any, Protocol, cast

import numpy as np
from botorch.acquisition import LogExpectedImprovement

from analysis.optimization import Optimizer, SearchSpace
from benchmarks.source_recipe import SourceRecipe


class Strategy(Protocol):
    """Chooses candidates by their index on a grid; the first axis runs fastest."""

    def ask(self) -> int:
        """Index of the next candidate."""
        ...

    def tell(self, index: int, value: float) -> None:
        """Take in the value measured there."""
        ...


class Beampilot:
    """Our optimiser.

    Args:
        space: A gridded space of two axes.
        seed: Seed of the initial design.
        initial_points: Sobol points before the model chooses.
        options: Further arguments of ``Optimizer``.
    """

    def __init__(self, space: SearchSpace, seed: int, initial_points: int = 5, **options: Any) -> None:
        self._space = space
        self._optimizer = Optimizer(space, acquisition="ei", initial_points=initial_points, seed=seed, **options)

    def ask(self) -> int:
        """Index of the next candidate."""
        position = self._optimizer.ask().position
        return int(self._space.nearest(self._space.to_array(position))[0])

    def tell(self, index: int, value: float) -> None:
        """Take in the value measured there."""
        self._optimizer.tell(dict(zip(self._space.bounds, self._space.candidates[index], strict=True)), value)


class RandomSearch:
    """Candidates in random order."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._order = iter(np.random.default_rng([seed, 11]).permutation(len(space.candidates)).tolist())

    def ask(self) -> int:
        """Index of the next candidate."""
        return next(self._order)

    def tell(self, index: int, value: float) -> None:
        """Learn nothing."""


class GridScan:
    """A raster over the whole grid, as an operator would run it."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self._order = iter(range(len(space.candidates)))

    def ask(self) -> int:
        """Index of the next candidate."""
        return next(self._order)

    def tell(self, index: int, value: float) -> None:
        """Learn nothing."""


class ScikitOptimize:
    """scikit-optimize with its defaults over the integer grid: Gaussian process, 10 Sobol points, gp_hedge."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import skopt  # pyright: ignore[reportMissingImports]

        self._columns, rows = _sides(space)
        self._optimizer = skopt.Optimizer(
            [(0, self._columns - 1), (0, rows - 1)],
            n_initial_points=10,
            initial_point_generator="sobol",
            random_state=seed,
        )

    def ask(self) -> int:
        """Index of the next candidate."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._asked = cast("list[int]", self._optimizer.ask())
        return int(self._asked[0] + self._columns * self._asked[1])

    def tell(self, index: int, value: float) -> None:
        """Take in the value measured there; scikit-optimize minimises."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._optimizer.tell(self._asked, -value)


class AxClient:
    """Ax with its default generation strategy over the integer grid."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        logging.disable(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ax.api.client import Client  # pyright: ignore[reportMissingImports]
            from ax.api.configs import RangeParameterConfig  # pyright: ignore[reportMissingImports]

            self._columns, rows = _sides(space)
            sides = {"i": self._columns, "j": rows}
            self._client = Client(random_seed=seed)
            self._client.configure_experiment(
                parameters=[
                    RangeParameterConfig(name=name, bounds=(0, side - 1), parameter_type="int")
                    for name, side in sides.items()
                ]
            )
            self._client.configure_optimization(objective="value")

    def ask(self) -> int:
        """Index of the next candidate."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ((self._trial, asked),) = self._client.get_next_trials(max_trials=1).items()
        return int(asked["i"]) + self._columns * int(asked["j"])

    def tell(self, index: int, value: float) -> None:
        """Take in the value measured there."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._client.complete_trial(trial_index=self._trial, raw_data={"value": value})


def _sides(space: SearchSpace) -> tuple[int, int]:
    """Number of grid positions along the two axes."""
    if space.grid is None:
        raise ValueError("the strategies compare on a grid")
    columns, rows = space.grid.values()
    return columns, rows


STRATEGIES: dict[str, Callable[[SearchSpace, int], Strategy]] = {
    "beampilot": lambda space, seed: Beampilot(space, seed),
    "beampilot, single GP": lambda space, seed: Beampilot(space, seed, surrogate="gp"),
    "source's recipe": lambda space, seed: SourceRecipe(space.unit_candidates, seed),
    "botorch LogEI": lambda space, seed: SourceRecipe(space.unit_candidates, seed, acquisition=LogExpectedImprovement),
    "Ax": AxClient,
    "scikit-optimize": ScikitOptimize,
    "random": RandomSearch,
    "grid": GridScan,
}
"""Every strategy by the name the table shows."""
