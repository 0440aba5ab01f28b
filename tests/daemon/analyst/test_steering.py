"""A campaign that an operator steers: once, in order, and remembered when the analyst dies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.analyst.campaign import Campaign
from daemon.analyst.messages import Ask, Begin, Exclude, Observe, Suggested, Wish, pack, unpack
from daemon.errors import PlanRejected
from daemon.recorder.journal import Journal

AXIS = {"low": 0.0, "high": 10.0, "points": 11}
PARAMETERS: dict[str, Any] = {
    "axes": {"x": AXIS, "y": AXIS},
    "objective": "value",
    "acquisition": "ei",
    "initial_points": 3,
    "seed": 0,
    "surrogate": "ensemble",
    "design": "sobol",
    "maximize": True,
}
HERE = {"x": 2.0, "y": 9.0}
LEFT = {"kind": "box", "limits": {"x": [0, 5]}}


class Run:
    """A run on disk, and the campaign that analyses it."""

    def __init__(self, folder: Path, adaptive: bool = True) -> None:
        folder.mkdir()
        self.folder, self.adaptive = folder, adaptive
        self.journal = Journal(folder / "journal.jsonl")
        self.journal.append("start", {"uid": "s"})
        self.journal.append("descriptor", {"uid": "p", "name": "primary", "run_start": "s"})
        self.campaign = self.opened()

    def opened(self) -> Campaign:
        """The campaign, made from what lies on disk."""
        units = {"x": "µm", "y": "µm"}
        return Campaign(Begin(str(self.folder), PARAMETERS, self.adaptive, units, {}, {}, {}))

    def measure(self, number: int) -> Suggested:
        """Ask for a point, record it and have it analysed."""
        suggested = self.campaign.ask(Ask(number))
        data = {**suggested.position, "value": 5.0 - np.hypot(suggested.position["x"] - 3, suggested.position["y"] - 3)}
        self.journal.append("event", {"descriptor": "p", "seq_num": number, "data": data})
        self.campaign.observe(Observe(number, suggested.position, data))
        return suggested


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with four points."""
    made = Run(tmp_path / "1.zarr")
    for number in range(1, 5):
        made.measure(number)
    return made


def test_a_wish_is_the_next_suggestion_and_is_met_once(run: Run) -> None:
    """However often it is sent; then the model chooses again."""
    for _ in range(2):
        run.campaign.steer(Wish(1, HERE))
    wished = run.measure(5)
    assert (wished.position, wished.reason) == (HERE, "operator")
    assert np.isfinite(wished.mean)
    assert run.measure(6).reason == "expected improvement"


def test_a_point_that_was_suggested_already_comes_before_a_wish(run: Run) -> None:
    """The instrument may be on its way there."""
    given = run.campaign.ask(Ask(5))
    run.campaign.steer(Wish(1, HERE))
    assert run.campaign.ask(Ask(5)) == given
    assert run.campaign.ask(Ask(6)).position == HERE


def test_a_suggestion_in_a_region_that_is_left_out_is_taken_back(run: Run) -> None:
    """Nothing is asked for there any more, wishes neither; other suggestions stay."""
    run.campaign.steer(Wish(1, HERE))
    ahead = run.campaign.ask(Ask(5))
    assert ahead.position == HERE
    run.campaign.steer(Exclude(2, LEFT))
    run.campaign.steer(Wish(3, {"x": 7.0, "y": 1.0}))
    again = run.campaign.ask(Ask(5))
    assert again.position == {"x": 7.0, "y": 1.0}
    for number in range(5, 12):
        assert run.measure(number).position["x"] > 5.0
    run.campaign.write_results()


def test_another_analyst_knows_what_was_asked_for(run: Run) -> None:
    """Wishes that wait, regions that are out, and what was met already."""
    run.campaign.steer(Exclude(1, LEFT))
    run.campaign.steer(Wish(2, {"x": 7.0, "y": 1.0}))
    run.campaign = run.opened()
    run.campaign.steer(Wish(2, {"x": 9.0, "y": 9.0}))  # sent again, as to every new process
    assert run.measure(5).position == {"x": 7.0, "y": 1.0}
    assert run.measure(6).reason == "expected improvement"
    run.campaign = run.opened()
    assert run.measure(7).position["x"] > 5.0


def test_a_scan_with_fixed_positions_cannot_be_steered(tmp_path: Path) -> None:
    """Nobody chooses there."""
    with pytest.raises(PlanRejected, match="fixed"):
        Run(tmp_path / "2.zarr", adaptive=False).campaign.steer(Wish(1, HERE))


@pytest.mark.parametrize("make", [lambda: Wish(1, HERE), lambda: Exclude(2, LEFT)])
def test_the_messages_survive_the_way(make: Callable[[], Wish | Exclude]) -> None:
    """As plain types, and with keys of their own."""
    message = make()
    assert unpack(pack(message)) == message
    assert message.key == (message.kind, message.number)
