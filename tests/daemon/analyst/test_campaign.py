"""One campaign in this process: idempotent answers, failed points, and rebuilding from disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.analyst.campaign import Campaign
from daemon.analyst.messages import Ask, Begin, Observe, Observed
from daemon.recorder.journal import Journal


class Bench:
    """A run on disk whose only reading is `value`, and the campaign that analyses it."""

    def __init__(self, run: Path, origin: Path | None = None, **changes: Any) -> None:
        run.mkdir()
        self.origin = origin
        self.run = run
        self.journal = Journal(run / "journal.jsonl")
        self.journal.append("start", {"uid": "s", "continues": str(origin or "")})
        self.journal.append("descriptor", {"uid": "p", "name": "primary", "run_start": "s"})
        axis = {"low": 0.0, "high": 10.0, "points": 11}
        self.parameters = {
            "axes": {"x": axis, "y": axis},
            "objective": "value",
            "maximize": True,
            "acquisition": "ei",
            "initial_points": 4,
            "seed": 0,
            "surrogate": "ensemble",
            "design": "sobol",
            "forbidden": [],
            **changes,
        }
        self.campaign = self.open()

    def open(self) -> Campaign:
        """The campaign, made from what lies on disk."""
        origin = None if self.origin is None else str(self.origin)
        units = {"x": "µm", "y": "µm"}
        return Campaign(Begin(str(self.run), self.parameters, True, units, {"x": 1.0}, {}, {}, origin))

    def measure(self, number: int, value: float | None = None) -> Observed:
        """Asks for a point, records it and has it analysed."""
        position = self.campaign.ask(Ask(number)).position
        measured = 5.0 - np.hypot(position["x"] - 7, position["y"] - 3) if value is None else value
        data = {**position, "value": float(measured)}
        self.journal.append("event", {"descriptor": "p", "seq_num": number, "data": data})
        return self.campaign.observe(Observe(number, position, data))


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Bench]:
    """Makes benches: `bench(**parameters of the plan)`."""
    made: list[Bench] = []

    def make(**changes: Any) -> Bench:
        made.append(Bench(tmp_path / f"{len(made)}.zarr", **changes))
        return made[-1]

    return make


def test_the_same_question_has_the_same_answer(bench: Callable[..., Bench]) -> None:
    """And is asked once: a replay after a pause takes nothing from the design."""
    one = bench()
    first = one.campaign.ask(Ask(1))
    assert one.campaign.ask(Ask(1)) == first
    assert one.campaign.optimizer is not None
    assert len(one.campaign.optimizer.pending) == 1


def test_a_point_that_is_observed_twice_counts_once(bench: Callable[..., Bench]) -> None:
    """The answer is the same, and the optimiser knows one point."""
    one = bench()
    answer = one.measure(1)
    again = one.campaign.observe(Observe(1, {"x": 0.0, "y": 0.0}, {"value": 99.0}))
    assert again == answer
    assert one.campaign.optimizer is not None
    assert len(one.campaign.optimizer.values) == 1


@pytest.mark.parametrize("maximize", [True, False])
def test_the_best_is_the_best_in_the_wanted_direction(bench: Callable[..., Bench], maximize: bool) -> None:
    """Largest or smallest of what was measured."""
    one = bench(maximize=maximize)
    seen = [one.measure(number).value for number in range(1, 7)]
    last = one.measure(7)
    assert last.best_value == (max if maximize else min)([*seen, last.value])


def test_a_failed_measurement_is_told_as_failed(bench: Callable[..., Bench]) -> None:
    """Its position is not asked for again; it is never the best."""
    one = bench()
    failed = one.measure(1, float("nan"))
    assert np.isnan(failed.value)
    assert np.isnan(failed.best_value)
    where = one.campaign.ask(Ask(1)).position
    assert all(one.campaign.ask(Ask(n)).position != where for n in (2, 3, 4))
    assert one.measure(2, 1.0).best_value == 1.0


def test_a_campaign_made_anew_from_disk_gives_the_same_answers(bench: Callable[..., Bench]) -> None:
    """At every moment, also with a question open, as if the process had never died."""
    calm, shaken = bench(), bench()
    for number in range(1, 9):
        shaken.campaign = shaken.open()
        ahead = shaken.campaign.ask(Ask(number)).position
        shaken.campaign = shaken.open()
        assert shaken.campaign.ask(Ask(number)).position == ahead
        left, right = calm.measure(number), shaken.measure(number)
        assert (left.value, left.best_position) == (right.value, right.best_position)
        assert calm.campaign.ask(Ask(number)).position == ahead


def test_a_point_recorded_but_not_told_before_the_end_is_told_afterwards(bench: Callable[..., Bench]) -> None:
    """The journal knows it; asking to observe it again changes nothing."""
    one = bench()
    one.measure(1)
    position = one.campaign.ask(Ask(2)).position
    data = {**position, "value": 3.0}
    one.journal.append("event", {"descriptor": "p", "seq_num": 2, "data": data})
    one.campaign = one.open()
    assert one.campaign.observe(Observe(2, position, data)).value == 3.0
    assert one.campaign.optimizer is not None
    assert one.campaign.optimizer.values.tolist()[1:] == [3.0]


def test_the_scan_ends_when_the_rules_say_so(bench: Callable[..., Bench]) -> None:
    """The answer is a reason instead of a position."""
    one = bench(time_budget=60.0)
    one.measure(1)
    answer = one.campaign.ask(Ask(2, None, 61.0))
    assert "s" in answer.stop
    assert answer.position == {}


def test_points_of_earlier_runs_count_as_known(bench: Callable[..., Bench]) -> None:
    """Through any number of runs the campaign is one: the same points as if it had never been interrupted."""
    whole, run = bench(), bench()
    wanted = [whole.measure(number) for number in range(1, 10)]
    found = [run.measure(number) for number in range(1, 4)]
    for _ in range(2):
        run = bench(origin=run.run)
        assert run.campaign.measured == len(found)
        found += [run.measure(number) for number in range(1, 4)]
    assert [answer.number for answer in found] == [1, 2, 3] * 3
    assert [answer.value for answer in found] == [answer.value for answer in wanted]
    assert [answer.best_value for answer in found] == [answer.best_value for answer in wanted]
