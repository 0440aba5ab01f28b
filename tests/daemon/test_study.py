"""Studies score what they should, with every strategy on the same samples."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from analysis.optimization import SearchSpace
from daemon import study as study_module
from daemon.errors import StudyError
from daemon.strategies import make_strategy, snake
from daemon.study import Costs, Study, check, goals, run_study, run_trial, scenario_names
from daemon.study_results import score, scores, write_csv, write_plot

SIZE = 21


@dataclass(frozen=True)
class Map:
    """What a scenario tells of a sample."""

    axes: dict[str, Any]
    values: Any
    noise: float = 0.0


class Hill:
    """A scenario with one hill, whose place depends on the seed."""

    def instrument(self, seed: int = 0, **options: Any) -> dict[str, Any]:
        """A stage of 1 mm/s without settling, and a detector that takes 2 s."""
        setting = lambda value: SimpleNamespace(get=lambda: value)  # noqa: E731
        axis = lambda name: SimpleNamespace(name=name, position=0.0, speed=setting(1.0), settling_time=setting(0.0))  # noqa: E731
        detector = SimpleNamespace(name="d", exposure_time=setting(2.0))
        stage = SimpleNamespace(name="s", component_names=("x", "y"), x=axis("s_x"), y=axis("s_y"))
        return {"s": stage, "d": detector}

    def truth(self, seed: int = 0, *, height: float = 1.0) -> Map:
        """The hill."""
        positions = np.arange(SIZE, dtype=float)
        cx, cy = np.random.default_rng(seed).integers(1, SIZE - 1, 2)
        values = height * np.exp(-((positions[None, :] - cx) ** 2 + (positions[:, None] - cy) ** 2) / 30.0)
        return Map({"s_x": positions, "s_y": positions}, values)


@pytest.fixture
def hill(monkeypatch: pytest.MonkeyPatch) -> Hill:
    """The hill as an installed scenario."""
    study_module._sample.cache_clear()
    hill = Hill()
    monkeypatch.setattr(study_module, "load_scenario", lambda _: hill)
    return hill


def space() -> SearchSpace:
    """The hill's grid."""
    return SearchSpace({"s_x": (0, SIZE - 1), "s_y": (0, SIZE - 1)}, {"s_x": SIZE, "s_y": SIZE})


def test_goals() -> None:
    """The maximum, its eight neighbours, and whatever is within 2 % of the range; nothing else."""
    values = np.zeros((5, 6))
    values[1, 2], values[4, 5], values[4, 0] = 1.0, 0.985, 0.97
    expected = np.zeros_like(values, bool)
    expected[0:3, 1:4] = True
    expected[4, 5] = True
    np.testing.assert_array_equal(goals(Map({}, values)), expected.ravel())


def test_failed_positions_are_no_goals() -> None:
    """NaN marks where the recording failed; it neither is the maximum nor hides it."""
    values = np.zeros((5, 6))
    values[1, 2], values[4, 5] = 1.0, np.nan
    found = goals(Map({}, values)).reshape(5, 6)
    assert found[1, 2]
    assert not found[4, 5]


def test_options_may_be_lists(hill: Hill, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grid of a recorded map is one."""
    monkeypatch.setattr(
        Hill, "truth", lambda self, seed=0, *, grid: Map({"s_x": np.arange(grid[0]) * 1.0}, np.eye(1, grid[0])[0])
    )
    monkeypatch.setattr(Hill, "instrument", lambda self, seed=0, *, grid: {})
    check(Study("hill", {"grid": [4, 4]}, strategies=("random",)))


def test_instrument_time() -> None:
    """The slower axis counts, settling only where an axis moves, and every point is exposed."""
    costs = Costs(np.array([2.0, 1.0]), np.array([0.5, 0.1]), exposure=3.0)
    way = np.array([[0.0, 0.0], [4.0, 1.0], [4.0, 1.0], [4.0, 3.0]])
    np.testing.assert_allclose(costs.seconds(way), np.cumsum([3.0, 2.5 + 3.0, 3.0, 2.1 + 3.0]))


def test_snake_moves_one_step_at_a_time() -> None:
    """Every candidate once, neighbours one after the other, the first axis fastest."""
    way = space().candidates[snake(space())]
    assert len(np.unique(way, axis=0)) == SIZE**2
    np.testing.assert_array_equal(np.abs(np.diff(way, axis=0)).sum(axis=1), 1.0)
    assert way[1, 0] == 1.0


@pytest.mark.parametrize("name", ["random", "grid", "ei/gp", "ucb/gp", "variance/gp"])
@pytest.mark.parametrize("overlap", [False, True])
def test_strategies_visit_candidates(name: str, overlap: bool) -> None:
    """Every strategy yields candidates of the space, none twice while there are others, and its time."""
    measured = np.random.default_rng(0).random(SIZE**2)
    chooser = make_strategy(name, space(), Study("hill", overlap=overlap, initial_points=4), seed=1)(measured)
    chosen = [next(chooser) for _ in range(14)]
    indices = [index for index, _ in chosen]
    assert len(set(indices)) == 14
    assert all(0 <= index < SIZE**2 and milliseconds >= 0 for index, milliseconds in chosen)


@pytest.mark.parametrize("name", ["luck", "ei/luck", "random/gp", ""])
def test_unknown_strategy(name: str) -> None:
    """The known ones are named."""
    with pytest.raises(StudyError, match="known are random, grid, ei"):
        make_strategy(name, space(), Study("hill"), 0)


def test_the_grid_finds_the_hill_where_it_stands(hill: Hill) -> None:
    """Points until the snake first comes within a step of the summit, and the time that takes."""
    study = Study("hill", strategies=("grid",), points=SIZE**2)
    for seed in range(5):
        goal = goals(hill.truth(seed))
        expected = int(np.flatnonzero(goal[snake(space())])[0]) + 1
        trial = run_trial(study, "grid", seed)
        assert trial.reached == expected
        assert trial.seconds == pytest.approx(2.0 * expected + (expected - 1))


def test_budget_used_up(hill: Hill) -> None:
    """A trial that does not get there says so, and how near it came."""
    hidden = max(range(20), key=lambda seed: int(np.flatnonzero(goals(hill.truth(seed))[snake(space())])[0]))
    trial = run_trial(Study("hill", points=3), "grid", hidden)
    assert trial.reached is None
    assert 0 <= trial.best < 1


def test_a_study_compares_all_strategies_on_all_samples(hill: Hill, tmp_path: Path) -> None:
    """The optimiser beats random search on hills; table, CSV and plot say the same."""
    study = Study("hill", strategies=("ei/gp", "random"), seeds=tuple(range(8)), points=150, initial_points=6)
    check(study)
    with ThreadPoolExecutor(1) as executor:
        trials = list(run_study(study, executor))
    assert {(trial.strategy, trial.seed) for trial in trials} == {(n, s) for n in study.strategies for s in study.seeds}
    ours, random = scores(study, trials)
    assert ours.success == random.success == 1.0
    assert ours.median < random.median
    write_csv(tmp_path / "study.csv", trials)
    with (tmp_path / "study.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert np.median([int(row["reached"]) for row in rows if row["strategy"] == "ei/gp"]) == pytest.approx(
        ours.median, abs=1
    )
    write_plot(tmp_path / "study.png", study, trials)
    with Image.open(tmp_path / "study.png") as image:
        assert image.size == (1125, 675)


def test_score_of_trials_that_failed() -> None:
    """A sample that was not reached counts as infinitely many points."""
    trial = study_module.Trial("ei", 0, 10, 1.0, 1.0, 1.0)
    lost = study_module.Trial("ei", 1, None, 1.0, 1.0, 0.5)
    summed = score("ei", [trial, trial, lost])
    assert (summed.success, summed.median, summed.percentile_95) == (pytest.approx(2 / 3), 10.0, math.inf)


def test_wrong_options_are_refused_before_anything_runs(hill: Hill) -> None:
    """The scenario's own complaint, in one line."""
    with pytest.raises(StudyError, match="depth"):
        check(Study("hill", {"depth": 3}))


@pytest.mark.skipif("diffractometer" not in scenario_names(), reason="Beampilot is not installed: no entry points")
def test_study_of_the_twin(beampilot: Callable[..., Any], tmp_path: Path) -> None:
    """The command, in processes of its own, on the simulated film."""
    words = ["--strategy", "ei/gp", "--strategy", "random", "--seeds", 2, "--points", 30, "--workers", 1]
    done = beampilot("study", *words, "--output", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert [entry["strategy"] for entry in facts["scores"]] == ["ei/gp", "random"]
    assert Path(facts["csv"]).read_text(encoding="utf-8").count("\n") == 5
    assert Path(facts["plot"]).is_file()
