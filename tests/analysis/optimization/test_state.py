"""Saving and restoring: the same next point, and files that are whole."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.optimization import ACQUISITIONS, Located, Optimizer, SearchSpace, StoppingRules, load_state, save_state
from analysis.optimization.errors import StateError


def objective(position: dict[str, float], noise: float) -> float:
    """A ridge with some noise."""
    return math.sin(position["x"] / 3.0) * math.cos(position["y"] / 5.0) + noise


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_restored_optimiser_goes_on_the_same_way(surrogate_name: str, data: st.DataObject) -> None:
    """The restored optimiser goes on the same way."""
    draw = data.draw
    space = SearchSpace(
        bounds={"x": (0.0, 10.0), "y": (-1 / 3, 10.0)},
        grid=draw(st.sampled_from([None, {"x": 9, "y": 7}])),
        forbidden=[{"kind": "box", "limits": {"x": [0.0, 2.0], "y": [0.0, 3.0]}}],
        speeds={"x": 1.0, "y": 0.3},
    )
    optimizer = Optimizer(
        space,
        draw(st.sampled_from(sorted(ACQUISITIONS))),
        initial_points=3,
        seed=draw(st.integers(0, 99)),
        surrogate=surrogate_name,
        maximize=draw(st.booleans()),
        noise=draw(st.sampled_from([None, 0.1])),
        stopping=StoppingRules(points=30, located=Located(0.9, 1.0)),
    )
    for _ in range(draw(st.integers(0, 8))):
        optimizer.ask()
        if draw(st.booleans()):
            optimizer.ask()
        for position in optimizer.pending[: draw(st.integers(1, 2))]:
            value = math.nan if draw(st.integers(0, 7)) == 0 else objective(position, draw(st.floats(-0.1, 0.1)))
            optimizer.tell(position, value, draw(st.sampled_from([None, 0.05])))
        if draw(st.booleans()) and np.isfinite(optimizer.values).any():
            optimizer.predict()  # fits the model between two tells, as a caller that draws maps does
    again = Optimizer.from_state(json.loads(json.dumps(optimizer.state(), allow_nan=False)))
    assert again.state() == optimizer.state()
    assert again.stop_reason() == optimizer.stop_reason()
    for _ in range(3):
        first, second = optimizer.ask(), again.ask()
        assert first.position == second.position
        assert first.reason.kind == second.reason.kind
        np.testing.assert_allclose(first.reason.acquisition, second.reason.acquisition, rtol=1e-7)
        for one in (optimizer, again):
            one.tell(first.position, objective(first.position, 0.0))


def scanned(plane: SearchSpace, points: int) -> Optimizer:
    """An optimiser with some points told and one pending."""
    optimizer = Optimizer(plane, surrogate="gp", initial_points=4)
    for _ in range(points):
        position = optimizer.ask().position
        optimizer.tell(position, objective(position, 0.0))
    optimizer.ask()
    return optimizer


def test_a_saved_file_restores_exactly_and_leaves_no_litter(plane: SearchSpace, tmp_path: Path) -> None:
    """A saved file restores exactly and leaves no litter."""
    optimizer = scanned(plane, 6)
    path = tmp_path / "optimizer.json"
    save_state(path, optimizer)
    optimizer.tell(optimizer.pending[0], 0.5)
    save_state(path, optimizer)
    assert [entry.name for entry in tmp_path.iterdir()] == ["optimizer.json"]
    again = load_state(path)
    assert again.state() == optimizer.state()
    assert again.ask().position == optimizer.ask().position


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_crash_while_saving_keeps_the_old_file(
    plane: SearchSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A crash while saving keeps the old file."""
    path = tmp_path / "optimizer.json"
    save_state(path, scanned(plane, 5))
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        save_state(path, scanned(plane, 6))
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["optimizer.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 99}', '{"version": 1}'])
def test_damaged_files_are_refused(tmp_path: Path, text: str) -> None:
    """Damaged files are refused."""
    path = tmp_path / "optimizer.json"
    path.write_text(text)
    with pytest.raises(StateError):
        load_state(path)


def test_a_damaged_entry_is_refused(plane: SearchSpace) -> None:
    """A damaged entry is refused."""
    state = scanned(plane, 5).state()
    for key, value in [("measurements", {"told": [{}], "pending": []}), ("settings", {"luck": 1}), ("model", {})]:
        with pytest.raises(StateError, match="damaged"):
            Optimizer.from_state({**state, key: value})
