"""Stack scans of the photoemission twin: frames are unmixed while they come."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from daemon.engine import Engine
from daemon.errors import PlanRejected
from daemon.online_stack import read_stack
from daemon.runs import Run
from daemon.settings import load_settings
from daemon.verify import verify_run

Open = Callable[..., Engine]


@pytest.fixture
def open_twin(tmp_path: Path) -> Iterator[Open]:
    """Open engines on the microscope: `open_twin(analysis={...}, **options of the twin)`."""
    engines: list[Engine] = []

    def make(analysis: dict[str, Any] | None = None, **options: Any) -> Engine:
        chosen = {"preset": "cu", "shape": [64, 72], "dose": 400.0, "clock": "fastest", **options}
        instrument = {"factory": "simulators.peem:instrument", "options": chosen}
        standards = {"factory": "simulators.peem:standards", "options": {"edge": "Cu"}}
        given = {"standards": standards, **(analysis or {})}
        settings = load_settings(data=tmp_path / "data", instrument=instrument, analysis=given)
        engines.append(Engine(settings))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def scan(points: int = 30, **changes: Any) -> dict[str, Any]:
    """Parameters of a short scan."""
    return {"axes": {"energy": {"low": 925.0, "high": 945.0, "points": points}}, "dark_frames": 2, **changes}


def test_a_stack_is_unmixed_while_it_is_measured(open_twin: Open) -> None:
    """Spectra with their standards' names, maps of the whole frame, what every step says of every frame."""
    result = open_twin().start_plan("stack_scan", scan()).wait(60)
    assert (result.exit_status, result.points) == ("success", 30)
    assert result.run is not None
    stack = read_stack(result.run)
    assert stack is not None
    assert set(stack.names) == {"CuO", "Cu2O", "In"}
    assert min(stack.correlations) > 0.97
    assert stack.abundances.shape == (3, 64, 72)
    np.testing.assert_allclose(stack.abundances.sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_allclose(stack.energies, np.linspace(925.0, 945.0, 30))
    stream = zarr.open_group(result.run / "analysis" / "stream", mode="r")
    assert stream.attrs["failed"] == 0
    assert stream["registration_displacement"].shape == (30, 2)
    assert verify_run(result.run).problems == ()
    # What is told of each point is the total, where nothing else is sought.
    values = Run(result.run).table("suggestions")["agent_value"]
    np.testing.assert_array_equal(values, Run(result.run).table()["detector_total"])


def test_energies_are_chosen_while_it_is_measured(open_twin: Open) -> None:
    """Few, even ones first, then those where the spectra bend, with the reason in the run."""
    parameters = scan(points=24, adaptive=True, first=10, loss=1e-9)
    result = open_twin().start_plan("stack_scan", parameters).wait(60)
    assert result.points == 24
    rows, table = Run(result.run).table("suggestions"), Run(result.run).table()
    assert rows["agent_kind"].tolist() == ["evenly spaced"] * 10 + ["components least known here"] * 14
    assert len(np.unique(table["energy"])) == 24
    chosen = table["energy"][10:]
    assert np.mean((chosen > 927.0) & (chosen < 940.0)) > 0.7
    assert "all 24" in result.stop_reason


def test_several_frames_of_an_energy_are_one_point(open_twin: Open) -> None:
    """All are kept; what they were unmixed into is better for them."""
    result = open_twin(dose=100.0).start_plan("stack_scan", scan(points=16, frames_per_point=3)).wait(60)
    assert result.run is not None
    frames = zarr.open_array(result.run / "primary" / "detector", mode="r")
    assert frames.shape == (16, 3, 64, 72)
    table = Run(result.run).table()
    np.testing.assert_array_equal(np.asarray(frames[:]).sum(axis=(1, 2, 3)), table["detector_total"])
    stream = zarr.open_group(result.run / "analysis" / "stream", mode="r")
    assert stream.attrs["frames"] == 48
    assert verify_run(result.run).problems == ()


def test_statistics_of_the_maps_can_be_sought(open_twin: Open) -> None:
    """Each point has the value that was known when it was new."""
    parameters = scan(points=12, objective="unmixing.maps[0].mean - unmixing.overlap")
    result = open_twin().start_plan("stack_scan", parameters).wait(60)
    values = Run(result.run).table("suggestions")["agent_value"]
    assert np.isfinite(values[4:]).all()
    assert len(np.unique(values[4:])) > 1


def test_an_analyst_that_dies_begins_again_and_comes_to_the_same(open_twin: Open) -> None:
    """It reads the frames from the run."""
    engine = open_twin()
    kept = read_stack(engine.start_plan("stack_scan", scan()).wait(60).run or Path())
    seen = 0

    def kill(name: str, _: dict[str, Any]) -> None:
        nonlocal seen
        seen += name == "event"
        if seen == 20 and engine.analyst.pid is not None:
            seen += 1
            os.kill(engine.analyst.pid, signal.SIGKILL)

    engine.subscribe(kill)
    result = engine.start_plan("stack_scan", scan()).wait(60)
    assert engine.analyst.restarts == 1
    again = read_stack(result.run or Path())
    assert kept is not None
    assert again is not None
    assert set(again.names) == set(kept.names)
    pairs = [(again.spectra[again.names.index(name)], kept.spectra[kept.names.index(name)]) for name in kept.names]
    assert min(np.corrcoef(*pair)[0, 1] for pair in pairs) > 0.99


@pytest.mark.parametrize(
    ("stream", "parameters", "message"),
    [
        ({}, scan(objective="unmixing.maps[3].mean"), r"unmixing.maps\[3\].mean is not known"),
        ({}, scan(adaptive=True, first=40), "more than the 30 of the axis"),
        ({}, {"axes": {"energy": {"low": 925.0, "high": 945.0}}}, "points of energy: is missing"),
        ({}, scan(detectors=["monitor"]), "detectors"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_moves(
    open_twin: Open, stream: dict[str, Any], parameters: dict[str, Any], message: str
) -> None:
    """With the field."""
    engine = open_twin({"stream": stream})
    with pytest.raises(PlanRejected, match=message):
        engine.start_plan("stack_scan", parameters)


def test_on_line_steps_of_another_scan(open_twin: Open) -> None:
    """A grid scan has a chain where the settings declare one; a step that fails hurts nobody."""
    steps = [
        {"step": "regions", "windows": {"corner": [0, 4, 0, 4]}},
        "normalisation",
        {"step": "unmixing", "n_components": 2},
    ]
    engine = open_twin({"stream": {"steps": steps}})  # without an energy there is nothing to unmix
    parameters = {"axes": {"energy": {"low": 925.0, "high": 930.0, "points": 5}}, "objective": "roi.corner.mean"}
    result = engine.start_plan("grid_scan", parameters).wait(60)
    assert result.exit_status == "success"
    assert np.isfinite(Run(result.run).table("suggestions")["agent_value"]).all()
    stream = zarr.open_group((result.run or Path()) / "analysis" / "stream", mode="r")
    assert stream.attrs["failed"] == 5
    assert "without energies" in stream.attrs["failures"][0]  # type: ignore[index]


def test_one_frame_is_all_that_some_cameras_take(tmp_path: Path) -> None:
    """The diffractometer's has no bursts."""
    with Engine(load_settings(data=tmp_path / "data")) as engine:
        with pytest.raises(PlanRejected, match="frames_per_point: detector takes one frame per point"):
            engine.start_plan("grid_scan", {"frames_per_point": 2})
        with pytest.raises(PlanRejected, match="in eV"):
            engine.start_plan("stack_scan", {"axes": {"stage_x": {"low": 0.0, "high": 9.0, "points": 5}}})
