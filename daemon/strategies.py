"""The strategies that a study compares: the optimiser in its variants, random search, and the plain grid."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.optimization import ACQUISITIONS, SURROGATES, Optimizer, SearchSpace
from daemon.errors import StudyError
from daemon.study import Study

Strategy = Callable[[NDArray[np.float64]], Iterator[tuple[int, float]]]
"""Takes what measuring each candidate would give, and yields candidate numbers with the ms spent on choosing each."""


def make_strategy(name: str, space: SearchSpace, study: Study, seed: int) -> Strategy:
    """Make a strategy by name.

    Args:
        name: ``random``, ``grid``, ``ei``, ``ucb/gp``, …
        space: A complete grid.
        study: For the initial points and overlap.
        seed: Seed of all that the strategy draws.

    Raises:
        StudyError: When the name is unknown, naming those that are known.
    """
    if name == "random":
        return lambda _: _in_order(np.random.default_rng([seed, 2]).permutation(len(space.candidates)))
    if name == "grid":
        return lambda _: _in_order(snake(space))
    acquisition, _, surrogate = name.partition("/")
    surrogate = surrogate or "ensemble"
    if acquisition not in ACQUISITIONS or surrogate not in SURROGATES:
        known = ["random", "grid", *ACQUISITIONS]
        raise StudyError(
            f"no strategy {name!r}; known are {', '.join(known)}, the latter also with a surrogate, as in "
            + ", ".join(f"ei/{known_surrogate}" for known_surrogate in SURROGATES)
        )
    optimizer = Optimizer(space, acquisition, study.initial_points, seed, surrogate=surrogate)
    return lambda measured: _ask_and_tell(optimizer, measured, overlap=study.overlap)


def snake(space: SearchSpace) -> NDArray[np.intp]:
    """The candidates of a complete grid line by line, every other line backwards."""
    # The first axis varies fastest.
    line = next(iter((space.grid or {}).values()), len(space.candidates))
    order = np.arange(len(space.candidates)).reshape(-1, line)
    order[1::2] = order[1::2, ::-1].copy()
    return order.ravel()


def _in_order(order: NDArray[Any]) -> Iterator[tuple[int, float]]:
    """A fixed order, which costs no time."""
    for index in order:
        yield int(index), 0.0


def _ask_and_tell(optimizer: Optimizer, measured: NDArray[np.float64], *, overlap: bool) -> Iterator[tuple[int, float]]:
    """The optimiser's choices; with overlap, each is made while the one before is still being measured."""
    space = optimizer.space
    pending: list[tuple[dict[str, float], int]] = []
    while True:
        began = time.perf_counter()
        position = optimizer.ask().position
        index = int(space.nearest(np.array([list(position.values())]))[0])
        pending.append((position, index))
        while len(pending) > (1 if overlap else 0):
            told, at = pending.pop(0)
            optimizer.tell(told, float(measured[at]))
        # Without overlap the fit that a measurement causes belongs to the next choice, where it is paid.
        yield index, 1e3 * (time.perf_counter() - began)
