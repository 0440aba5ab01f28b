"""Studies: how many points does each strategy need to find the maximum, over many samples of a twin or a recorded map?

A study scores against the truth that a scenario knows and no device exposes. The objective is the noiseless map plus
noise that is fixed per position, so that every strategy sees the same sample.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StudyError

SCENARIOS = "beampilot.scenarios"
"""The group of entry points under which twins announce themselves."""
CLOSE_ENOUGH = 0.02
"""A position counts as the maximum when its true value lies within this fraction of the range below it …"""
STEPS = 1
"""… or when it lies within this many grid steps of the maximum along every axis."""


class Truth(Protocol):
    """What a scenario knows of one sample.

    Attributes:
        axes: Positions along each axis by its data key; the last dimension of ``values`` first.
        values: The noiseless objective.
        noise: Standard deviation of a measurement of it.
    """

    @property
    def axes(self) -> Mapping[str, NDArray[np.float64]]: ...  # noqa: D102 - described above
    @property
    def values(self) -> NDArray[np.float64]: ...  # noqa: D102
    @property
    def noise(self) -> float: ...  # noqa: D102


class Scenario(Protocol):
    """A twin that can be studied."""

    def instrument(self, seed: int = 0, **options: Any) -> dict[str, Any]:
        """Make the devices of one sample."""
        ...

    def truth(self, seed: int = 0, **options: Any) -> Truth:
        """Tell what that sample is like."""
        ...


@dataclass(frozen=True, slots=True)
class Study:
    """What is studied.

    Attributes:
        scenario: Name of an entry point of the group ``beampilot.scenarios``.
        options: Options of the scenario, e.g. ``{"preset": "source"}``.
        strategies: ``random``, ``grid``, or ``acquisition`` or ``acquisition/surrogate`` of the optimiser.
        seeds: One sample each.
        points: The most points per trial.
        initial_points: Points of the initial design.
        overlap: Whether the next point is chosen before the last one's value is known.
    """

    scenario: str
    options: Mapping[str, Any] = field(default_factory=dict)
    strategies: tuple[str, ...] = ("ei", "random", "grid")
    seeds: tuple[int, ...] = tuple(range(20))
    points: int = 120
    initial_points: int = 5
    overlap: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One strategy on one sample.

    Attributes:
        strategy: The strategy.
        seed: The sample.
        reached: Points until the maximum was measured; None where it was not.
        seconds: Instrument time until then, or of all points where it was not reached, s.
        milliseconds: Median computing time per point, ms.
        best: Best true value that was measured, as a fraction of the range of the map.
    """

    strategy: str
    seed: int
    reached: int | None
    seconds: float
    milliseconds: float
    best: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What measuring costs on an instrument.

    Attributes:
        speeds: Speed per axis, units per second, in the order of the axes.
        settling: Settling time per axis, s.
        exposure: Exposure and read-out per point, s.
    """

    speeds: NDArray[np.float64]
    settling: NDArray[np.float64]
    exposure: float

    def seconds(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        """Instrument time after each point of a way, (points,); the axes move together.

        Args:
            way: Positions, (points, axes); the first one counts as reached.
        """
        steps = np.abs(np.diff(way, axis=0))
        motion = np.max(steps / self.speeds + self.settling * (steps > 0), axis=1, initial=0.0)
        return np.cumsum(np.concatenate([[0.0], motion]) + self.exposure)


def scenario_names() -> list[str]:
    """Names of the scenarios that are installed."""
    return sorted(point.name for point in entry_points(group=SCENARIOS))


def load_scenario(name: str) -> Scenario:
    """Load a scenario by name.

    Raises:
        StudyError: When there is none, naming those that there are.
    """
    for point in entry_points(group=SCENARIOS, name=name):
        return point.load()
    raise StudyError(f"no scenario {name!r}; installed are: {', '.join(scenario_names()) or 'none'}")


def check(study: Study) -> None:
    """Try what a study needs, so that a mistake costs no computing time.

    Raises:
        StudyError: One line that says what to change.
    """
    from daemon.strategies import make_strategy

    try:
        _sample(study.scenario, _key(study), study.seeds[0])
        for strategy in study.strategies:
            make_strategy(strategy, _space(study, study.seeds[0]), study, study.seeds[0])
    except StudyError:
        raise
    except Exception as error:
        # Scenarios and optimisers come from elsewhere; whatever they refuse, they say why.
        raise StudyError(f"{study.scenario}: {' '.join(str(error).split())}") from error


def run_study(study: Study, executor: Executor) -> Iterator[Trial]:
    """Run every strategy on every sample; trials come as they finish.

    Args:
        study: What is studied; checked already.
        executor: Where the trials run: local processes or a cluster.
    """
    waiting = [executor.submit(run_trial, study, name, seed) for seed in study.seeds for name in study.strategies]
    for done in as_completed(waiting):
        yield done.result()


def run_trial(study: Study, strategy: str, seed: int) -> Trial:
    """Run one strategy on one sample until it reaches the maximum or its points are used up."""
    from daemon.strategies import make_strategy

    truth, costs = _sample(study.scenario, _key(study), seed)
    space = _space(study, seed)
    chooser = make_strategy(strategy, space, study, seed)
    positions, true = space.candidates, truth.values.ravel()
    measured = true + truth.noise * np.random.default_rng([seed, 1]).standard_normal(true.size)
    goal = goals(truth)
    order, times = [], []
    for index, milliseconds in chooser(measured):
        order.append(index)
        times.append(milliseconds)
        if goal[index] or len(order) >= study.points:
            break
    found, low = true[order], np.nanmin(true)
    return Trial(
        strategy=strategy,
        seed=seed,
        reached=len(order) if goal[order[-1]] else None,
        seconds=float(costs.seconds(positions[order])[-1]),
        milliseconds=float(np.median(times)),
        best=float((np.nanmax(found, initial=low) - low) / (np.nanmax(true) - low or 1.0)),
    )


def goals(truth: Truth) -> NDArray[np.bool_]:
    """Tell which positions count as the maximum, (positions,), in the order of ``values.ravel()``; NaN never does."""
    values = truth.values
    peak = np.array(np.unravel_index(np.nanargmax(values), values.shape))
    steps = np.abs(np.indices(values.shape) - peak.reshape(-1, *[1] * values.ndim)).max(axis=0)
    top, span = np.nanmax(values), np.nanmax(values) - np.nanmin(values)
    return ((steps <= STEPS) | (values >= top - CLOSE_ENOUGH * span)).ravel()


def _key(study: Study) -> str:
    """The options as text, which a cache can look up."""
    return json.dumps(dict(study.options), sort_keys=True)


@lru_cache(maxsize=8)
def _sample(name: str, options: str, seed: int) -> tuple[Truth, Costs]:
    """The truth and the costs of one sample; strategies share it."""
    scenario, given = load_scenario(name), json.loads(options)
    truth = scenario.truth(seed, **given)
    return truth, _costs(scenario.instrument(seed, **given), tuple(truth.axes))


def _costs(devices: Mapping[str, Any], axes: Sequence[str]) -> Costs:
    """What the devices say about their speed."""
    parts = [part for device in devices.values() for part in (device, *_components(device))]
    by_name = {part.name: part for part in parts if hasattr(part, "position")}
    exposures = [_setting(device, "exposure_time") for device in devices.values()]
    return Costs(
        speeds=np.array([_setting(by_name.get(axis), "speed") or np.inf for axis in axes]),
        settling=np.array([_setting(by_name.get(axis), "settling_time") for axis in axes]),
        exposure=max(exposures, default=0.0),
    )


def _components(device: Any) -> list[Any]:  # noqa: ANN401 - any ophyd device
    """The parts of a device."""
    return [getattr(device, name) for name in getattr(device, "component_names", ())]


def _setting(device: object, name: str) -> float:
    """A number that a device holds; 0 where it holds none."""
    signal = getattr(device, name, None)
    return float(signal.get()) if signal is not None and hasattr(signal, "get") else 0.0


def _space(study: Study, seed: int) -> Any:  # noqa: ANN401 - analysis.optimization is imported only where it works
    """The grid of a sample as a search space."""
    from analysis.optimization import SearchSpace

    truth, costs = _sample(study.scenario, _key(study), seed)
    return SearchSpace(
        bounds={name: (float(values[0]), float(values[-1])) for name, values in truth.axes.items()},
        grid={name: len(values) for name, values in truth.axes.items()},
        speeds={name: at for name, at in zip(truth.axes, costs.speeds.tolist(), strict=True) if np.isfinite(at)},
    )


def now_text() -> str:
    """The time as a folder's name."""
    return time.strftime("%Y-%m-%d-%H%M%S")
