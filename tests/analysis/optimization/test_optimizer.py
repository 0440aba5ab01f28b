"""The optimiser as its callers use it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.optimization import ACQUISITIONS, Optimizer, SearchSpace
from analysis.optimization.errors import ConfigurationError, MeasurementError, NotFittedError

FORBIDDEN = [{"kind": "circle", "axes": ["a", "b"], "centre": [1.0, 1.0], "radius": 1.1}]
relaxed = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def hills(position: dict[str, float]) -> float:
    """A broad and a narrow hill over any number of axes between 0 and 10; the broad one, at 7, is higher."""
    x = np.array(list(position.values()))
    return float(np.exp(-((x - 7.0) ** 2).sum() / 12.0) + 0.6 * np.exp(-((x - 2.0) ** 2).sum() / 3.0))


def box(dimension: int, count: int | None) -> SearchSpace:
    """A cube from 0 to 10 with a grid or without."""
    axes = "abcdef"[:dimension]
    return SearchSpace(
        bounds=dict.fromkeys(axes, (0.0, 10.0)), grid=None if count is None else dict.fromkeys(axes, count)
    )


@relaxed
@given(
    st.sampled_from(sorted(ACQUISITIONS)),
    st.integers(0, 1000),
    st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(math.nan)), min_size=12, max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_every_ask_is_allowed_and_new_until_all_are_used(
    surrogate_name: str, acquisition: str, seed: int, values: list[float], overlap: list[bool]
) -> None:
    """Every ask is allowed and new until all are used."""
    space = SearchSpace(
        bounds={"a": (0.0, 4.0), "b": (0.0, 2.0)},
        grid={"a": 5, "b": 3},
        forbidden=FORBIDDEN,
        speeds={"a": 1.0},
    )
    optimizer = Optimizer(space, acquisition, 3, seed, surrogate=surrogate_name)
    asked: list[int] = []
    for step, (value, late) in enumerate(zip(values, overlap, strict=True)):
        suggestion = optimizer.ask()
        assert suggestion.number == step + 1
        (index,) = space.nearest(space.to_array(suggestion.position))
        assert list(suggestion.position.values()) == space.candidates[index].tolist()
        if len(asked) < len(space.candidates):
            assert index not in asked
        asked.append(index)
        for position in optimizer.pending[: len(optimizer.pending) - late]:
            optimizer.tell(position, value)
    assert set(asked) == set(range(len(space.candidates)))


@relaxed
@given(st.sampled_from(sorted(ACQUISITIONS)), st.integers(0, 1000))
def test_continuous_asks_are_allowed_and_distinct(surrogate_name: str, acquisition: str, seed: int) -> None:
    """Continuous asks are allowed and distinct."""
    space = SearchSpace(bounds={"a": (0.0, 4.0), "b": (0.0, 2.0)}, forbidden=FORBIDDEN, speeds={"a": 2.0})
    optimizer = Optimizer(space, acquisition, 3, seed, surrogate=surrogate_name)
    for _ in range(6):
        first, second = optimizer.ask(), optimizer.ask()
        for suggestion in (first, second):
            optimizer.tell(suggestion.position, hills(suggestion.position))
    unit = space.to_unit(optimizer.positions)
    distances = np.abs(unit[:, None] - unit[None]).max(axis=-1) + np.eye(len(unit))
    assert distances.min() > 1e-4
    assert not space.is_forbidden(optimizer.positions).any()
    assert unit.min() >= 0.0
    assert unit.max() <= 1.0


@pytest.mark.parametrize(("dimension", "count"), [(1, 51), (1, None), (2, 21), (2, None), (3, 9), (6, 3), (6, None)])
def test_asks_work_in_one_to_six_dimensions(surrogate_name: str, dimension: int, count: int | None) -> None:
    """Asks work in one to six dimensions."""
    optimizer = Optimizer(box(dimension, count), surrogate=surrogate_name)
    for _ in range(14):
        suggestion = optimizer.ask()
        optimizer.tell(suggestion.position, hills(suggestion.position))
    assert len(np.unique(optimizer.positions, axis=0)) == 14
    assert np.isfinite(suggestion.reason.acquisition)


@pytest.mark.parametrize("maximize", [True, False])
@pytest.mark.parametrize("count", [41, None])
def test_branins_optimum_is_found(surrogate_name: str, maximize: bool, count: int | None) -> None:
    """Branin's optimum is found."""

    def branin(p: dict[str, float]) -> float:
        a = p["y"] - 5.1 / (4 * np.pi**2) * p["x"] ** 2 + 5 / np.pi * p["x"] - 6
        return float(a**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(p["x"]) + 10)

    space = SearchSpace(
        bounds={"x": (-5.0, 10.0), "y": (0.0, 15.0)}, grid=None if count is None else {"x": count, "y": count}
    )
    sign = -1.0 if maximize else 1.0
    optimizer = Optimizer(space, surrogate=surrogate_name, maximize=maximize, seed=1)
    for _ in range(40):
        suggestion = optimizer.ask()
        optimizer.tell(suggestion.position, sign * branin(suggestion.position))
    assert optimizer.best is not None
    reachable = min(branin(space.to_dict_position(p)) for p in space.candidates) if count else 0.397887
    assert sign * optimizer.best.value <= reachable + 0.35  # the function's range is 308
    assert branin(optimizer.best.position) == sign * optimizer.best.value


@pytest.mark.parametrize("acquisition", ["ei", "nei", "pi", "ucb", "thompson", "ei_per_second"])
def test_every_greedy_acquisition_beats_chance(surrogate_name: str, acquisition: str) -> None:
    """Every greedy acquisition beats chance."""
    space = box(2, 31)
    optimizer = Optimizer(space, acquisition, seed=2, surrogate=surrogate_name)
    for _ in range(30):
        suggestion = optimizer.ask()
        optimizer.tell(suggestion.position, hills(suggestion.position))
    assert optimizer.best is not None
    assert optimizer.best.value > 0.98  # 30 random points of 961 reach that in about one scan of six


def test_maximum_variance_spreads_over_the_space(surrogate_name: str) -> None:
    """Maximum variance spreads over the space."""
    optimizer = Optimizer(box(2, 21), "variance", 4, surrogate=surrogate_name)
    for _ in range(25):
        suggestion = optimizer.ask()
        optimizer.tell(suggestion.position, hills(suggestion.position))
    grid = np.stack(np.meshgrid(*[np.linspace(0, 10, 21)] * 2), -1).reshape(-1, 2)
    gaps = np.linalg.norm(grid[:, None] - optimizer.positions[None], axis=-1).min(axis=1)
    assert gaps.max() < 3.5


@pytest.mark.parametrize("pending", [1, 3])
def test_asking_before_telling_gives_different_points(surrogate_name: str, pending: int) -> None:
    """Asking before telling gives different points."""
    optimizer = Optimizer(box(2, 31), surrogate=surrogate_name)
    for _ in range(12):
        suggestion = optimizer.ask()
        optimizer.tell(suggestion.position, hills(suggestion.position))
    asked = [optimizer.ask().position for _ in range(pending + 1)]
    assert len({tuple(position.values()) for position in asked}) == pending + 1
    assert optimizer.pending == asked


def test_an_objective_in_other_units_gives_the_same_points(surrogate_name: str) -> None:
    """An objective in other units gives the same points."""
    scans = []
    for scale, shift in [(1.0, 0.0), (1e-12, 0.0), (1e9, -3e8)]:
        optimizer = Optimizer(box(2, 15), surrogate=surrogate_name)
        for _ in range(13):
            suggestion = optimizer.ask()
            optimizer.tell(suggestion.position, scale * hills(suggestion.position) + shift)
        scans.append(optimizer.positions)
    np.testing.assert_array_equal(scans[1], scans[0])
    np.testing.assert_array_equal(scans[2], scans[0])


def test_minimising_is_maximising_the_negative(surrogate_name: str) -> None:
    """Minimising is maximising the negative."""
    up, down = (Optimizer(box(2, 15), surrogate=surrogate_name, maximize=flag) for flag in (True, False))
    for _ in range(13):
        position = up.ask().position
        assert down.ask().position == position
        up.tell(position, hills(position))
        down.tell(position, -hills(position))
    np.testing.assert_allclose(up.predict()[0], -down.predict()[0], rtol=1e-9)
    assert up.best is not None
    assert down.best is not None
    assert up.best.position == down.best.position


def test_a_single_point_and_constant_data_do_not_stop_it(surrogate_name: str) -> None:
    """A single point and constant data do not stop it."""
    optimizer = Optimizer(box(2, 9), initial_points=1, surrogate=surrogate_name)
    for _ in range(8):
        optimizer.tell(optimizer.ask().position, 4.2)
    mean, deviation = optimizer.predict()
    np.testing.assert_allclose(mean, 4.2, rtol=0.01)
    assert np.isfinite(deviation).all()
    assert len(np.unique(optimizer.positions, axis=0)) == 8


def test_only_failures_spread_over_the_space_and_never_stop_it(surrogate_name: str) -> None:
    """Only failures spread over the space and never stop it."""
    optimizer = Optimizer(box(2, 4), initial_points=2, surrogate=surrogate_name)
    kinds = []
    for _ in range(40):
        suggestion = optimizer.ask()
        kinds.append(suggestion.reason.kind)
        optimizer.tell(suggestion.position, math.nan)
    assert optimizer.best is None
    assert len(np.unique(optimizer.positions[:16], axis=0)) == 16
    assert set(kinds[16:]) == {"repeat of a failed point"}
    with pytest.raises(NotFittedError, match="tell a value first"):
        optimizer.predict()


def test_failed_points_come_back_only_when_nothing_else_is_left(surrogate_name: str) -> None:
    """Failed points come back only when nothing else is left."""
    optimizer = Optimizer(box(2, 4), initial_points=3, surrogate=surrogate_name)
    for step in range(16):
        suggestion = optimizer.ask()
        optimizer.tell(suggestion.position, math.nan if step in (1, 6) else hills(suggestion.position))
    failed = {tuple(p) for p, v in zip(optimizer.positions, optimizer.values, strict=True) if math.isnan(v)}
    repeats = [optimizer.ask() for _ in range(2)]
    assert {tuple(s.position.values()) for s in repeats} == failed
    assert all(s.reason.kind == "repeat of a failed point" for s in repeats)
    for suggestion in repeats:
        optimizer.tell(suggestion.position, math.nan)
    last = optimizer.ask()
    assert last.reason.kind == "replicate"
    assert hills(last.position) > 0.9 * np.nanmax(optimizer.values)


def test_a_point_with_a_large_error_counts_less(surrogate_name: str) -> None:
    """A point with a large error counts less."""
    pulls = []
    for error in (0.02, 0.5):
        optimizer = Optimizer(box(1, 31), initial_points=6, surrogate=surrogate_name)
        for x in np.linspace(0.0, 10.0, 11):
            outlier = x == 5.0
            optimizer.tell({"a": x}, 0.1 * x + 1.0 * outlier, error if outlier else 0.02)
        pulls.append(optimizer.predict([[5.0]])[0][0] - 0.5)
    assert pulls[1] < 0.5 * pulls[0]


def test_errors_are_believed_as_they_are() -> None:
    """Errors are believed as they are, not only relative to each other."""
    precise, vague = (Optimizer(box(1, 31), initial_points=6, surrogate="gp") for _ in range(2))
    for optimizer, error in ((precise, 1e-3), (vague, 0.5)):
        for x in (0.0, 2.0, 4.0, 6.0, 8.0, 10.0):
            optimizer.tell({"a": x}, hills({"a": x}), error)
    _, small = precise.predict([[4.0]])
    _, large = vague.predict([[4.0]])
    assert small[0] < 0.01
    assert large[0] > 10 * small[0]


def test_known_noise_is_that_of_points_without_an_error(surrogate_name: str) -> None:
    """Known noise is that of points without an error."""
    given, told = (
        Optimizer(box(1, 31), noise=0.05, surrogate=surrogate_name),
        Optimizer(box(1, 31), surrogate=surrogate_name),
    )
    for x in (0.0, 3.0, 6.0, 8.0, 10.0):
        given.tell({"a": x}, hills({"a": x}))
        told.tell({"a": x}, hills({"a": x}), 0.05)
    np.testing.assert_allclose(given.predict(), told.predict(), rtol=1e-9)


def test_retelling_is_telling_anew(surrogate_name: str) -> None:
    """Retelling is telling anew."""
    changed, fresh = (Optimizer(box(2, 9), initial_points=4, surrogate=surrogate_name) for _ in range(2))
    positions = [changed.ask().position for _ in range(6)]
    for position in positions:
        changed.tell(position, 0.0)
        fresh.tell(position, hills(position))
    changed.retell([hills(position) for position in positions])
    np.testing.assert_allclose(changed.predict()[0], fresh.predict()[0], rtol=1e-6)
    assert changed.best == fresh.best
    with pytest.raises(MeasurementError, match="6 points"):
        changed.retell([1.0])


def test_the_reason_is_what_the_model_says(surrogate_name: str) -> None:
    """The reason is what the model says."""
    space = SearchSpace(bounds={"a": (0, 10), "b": (0, 10)}, grid={"a": 21, "b": 21}, speeds={"a": 2.0, "b": 0.5})
    optimizer = Optimizer(space, surrogate=surrogate_name, initial_points=8)
    for _ in range(8):
        suggestion = optimizer.ask()
        assert suggestion.reason.kind == "initial design"
        assert math.isnan(suggestion.reason.mean)
        optimizer.tell(suggestion.position, hills(suggestion.position))
    values, (mean, deviation) = optimizer.acquisition_values(), optimizer.predict()
    suggestion = optimizer.ask(at={"a": 0.0, "b": 0.0})
    (index,) = space.nearest(space.to_array(suggestion.position))
    untaken = np.ones(len(values), bool)
    untaken[space.nearest(optimizer.positions)] = False
    assert index == np.flatnonzero(untaken)[np.argmax(values[untaken])]
    reason = suggestion.reason
    assert reason.kind == "expected improvement"
    assert reason.acquisition == pytest.approx(values[index])
    assert reason.mean == pytest.approx(mean[index])
    assert reason.deviation == pytest.approx(deviation[index], rel=1e-6)
    assert reason.travel_cost == max(suggestion.position["a"] / 2.0, suggestion.position["b"] / 0.5)
    assert 0.0 < reason.milliseconds < 60_000


def test_improvement_per_second_divides_by_travel_and_overhead(surrogate_name: str) -> None:
    """Improvement per second divides by travel and overhead."""
    space = SearchSpace(bounds={"a": (0, 10), "b": (0, 10)}, grid={"a": 11, "b": 11}, speeds={"a": 0.1, "b": 0.5})
    options = {"overhead": 5.0}
    optimizers = [
        Optimizer(space, name, surrogate=surrogate_name, acquisition_options=options)
        for name in ("ei", "ei_per_second")
    ]
    for position in space.candidates[::13]:
        for optimizer in optimizers:
            optimizer.tell(space.to_dict_position(position), hills(space.to_dict_position(position)))
    at = {"a": 3.0, "b": 4.0}
    plain, fast = (optimizer.acquisition_values(at) for optimizer in optimizers)
    offset = np.abs(space.candidates - [3.0, 4.0])
    np.testing.assert_allclose(plain - fast, np.log(np.maximum(offset[:, 0] / 0.1, offset[:, 1] / 0.5) + 5.0))
    near, far = (optimizer.ask(at).reason.travel_cost for optimizer in optimizers[::-1])
    assert near <= far


def test_a_withdrawn_point_may_be_asked_again(surrogate_name: str) -> None:
    """A withdrawn point may be asked again."""
    optimizer = Optimizer(box(2, 9), surrogate=surrogate_name)
    first = optimizer.ask().position
    assert optimizer.withdraw(first)
    assert not optimizer.withdraw(first)
    assert optimizer.ask().position == first


def test_points_told_from_elsewhere_count(surrogate_name: str) -> None:
    """Points told from elsewhere count."""
    optimizer = Optimizer(box(2, 21), initial_points=5, surrogate=surrogate_name)
    rng = np.random.default_rng(0)
    for _ in range(6):
        position = {"a": rng.uniform(-3, 13), "b": rng.uniform(0, 10)}
        optimizer.tell(position, hills(position))
    assert optimizer.ask().reason.kind == "expected improvement"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"acquisition": "luck"}, "choose one of ei"),
        ({"surrogate": "oracle"}, "choose one of"),
        ({"design": "latin"}, "sobol or random"),
        ({"initial_points": -1}, "negative"),
        ({"noise": -0.1}, "standard deviation"),
        ({"acquisition_options": {"gamma": 1.0}}, "choose from"),
        ({"acquisition_options": {"overhead": 0.0}}, "not positive"),
        ({"surrogate": "gp", "surrogate_options": {"kernel": "cosine"}}, "rbf or matern"),
    ],
)
def test_wrong_settings_are_refused_with_the_choices(arguments: dict[str, object], word: str) -> None:
    """Wrong settings are refused with the choices."""
    with pytest.raises(ConfigurationError, match=word):
        Optimizer(box(1, 5), **{"surrogate": "gp", **arguments})


def test_positions_of_other_axes_are_refused() -> None:
    """Positions of other axes are refused."""
    optimizer = Optimizer(box(2, 5), surrogate="gp")
    with pytest.raises(MeasurementError, match="needs the axes a, b"):
        optimizer.tell({"a": 1.0, "z": 1.0}, 1.0)
    assert len(optimizer.values) == 0
