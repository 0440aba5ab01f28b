"""``beampilot demo`` and ``beampilot continue``, end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray

from daemon.runs import Run, RunStore

Beampilot = Callable[..., "subprocess.CompletedProcess[str]"]


def test_what_demo_prints(demo: dict[str, Any]) -> None:
    """One JSON object with the promised keys, and figures that agree with the run on disk."""
    promised = {"run", "report", "points", "best_position", "best_value", "grid_points", "seconds"}
    assert promised <= demo.keys()
    assert demo["points"] == 12
    assert demo["grid_points"] == 961
    assert 0 < demo["seconds"] < 60
    assert demo["instrument_seconds"] < demo["grid_seconds"]
    assert Path(demo["report"]).is_file()
    run = Run(Path(demo["run"]))
    assert run.status == "success"
    assert run.points == 12
    assert set(demo["best_position"]) == {"stage_x", "stage_y"}
    assert all(0 <= at <= 150 for at in demo["best_position"].values())


def test_best_value_is_the_largest_of_the_final_scores(demo: dict[str, Any]) -> None:
    """The best point is the best by the decomposition that all frames led to."""
    weights = Run(Path(demo["run"])).analysis("unmixing")["weights"]
    objective = Run(Path(demo["run"])).start["objective"]
    column = int(objective.partition("[")[2].rstrip("]"))
    assert demo["best_value"] == pytest.approx(weights[:, column].max(), rel=1e-6)
    assert demo["best_point"] == weights[:, column].argmax() + 1


def test_the_run_opens_with_xarray(demo: dict[str, Any]) -> None:
    """A closed run shows named dimensions, coordinates and units."""
    run = xarray.open_zarr(demo["run"], group="primary", consolidated=False)
    assert run.sizes["event"] == 12
    assert run["detector"].dims == ("event", "detector_frame", "detector_y", "detector_x")
    assert run["stage_x"].attrs["units"] == "µm"
    assert "stage_x" in run.coords


def test_grid_scan(beampilot: Beampilot, tmp_path: Path) -> None:
    """The same command measures a plain grid where it is told to."""
    settings = tmp_path / "settings.toml"
    settings.write_text(
        '[instrument]\nfactory = "simulators.diffractometer:instrument"\n[plans.grid_scan]\n'
        "axes = { stage_x = { low = 0, high = 20, points = 3 }, stage_y = { low = 0, high = 10, points = 2 } }\n"
    )
    done = beampilot("demo", "--plan", "grid_scan", "--headless", "--json", "--settings", settings, "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["points"], facts["grid_points"]) == (6, 6)
    totals = Run(Path(facts["run"])).table()["detector_total"]
    assert facts["best_value"] == totals.max()
    assert facts["best_point"] == totals.argmax() + 1
    assert Path(facts["report"]).read_text(encoding="utf-8").count("<tr id=") == 6


def test_summary_for_people(beampilot: Beampilot, tmp_path: Path) -> None:
    """Without --json, a few lines with the best point and the two paths."""
    done = beampilot("demo", "--headless", "--points", 9, "--no-overlap", "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert {"best", "points", "time", "run", "report"} <= lines.keys()
    assert "µm" in lines["best"]
    assert "9 of 961" in lines["points"]
    assert Path(lines["report"]).is_file()


def start_slow_demo(data: Path) -> subprocess.Popen[str]:
    """A demo in real time, which takes many minutes, in a process group of its own."""
    command = [sys.executable, "-c", "from daemon.cli import main; main()", "demo", "--headless", "--json"]
    command += ["--clock", "x20", "--data", str(data)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, start_new_session=True)


def wait_for_point(data: Path) -> Path:
    """The run's folder, once a point is acknowledged."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        for path in RunStore(data).paths():
            if Run(path).points:
                return path
        time.sleep(0.1)
    raise TimeoutError("no point was measured")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C reaches the whole group, a polite kill one process; both end the scan safely and tell the path."""
    process = start_slow_demo(tmp_path)
    try:
        path = wait_for_point(tmp_path)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        printed, told = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "stopping safely" in told
    facts = json.loads(printed)
    assert facts["run"] == str(path)
    assert Path(facts["report"]).is_file()
    run = Run(path)
    assert run.status == "abort"
    assert run.points == facts["points"] > 0
    assert run.table("baseline")["shutter"][-1] in ("open", "closed")


def test_continue_takes_up_what_was_measured(demo: dict[str, Any], beampilot: Beampilot, tmp_path: Path) -> None:
    """The new run names the old one and asks for no point of the initial design again."""
    done = beampilot("continue", demo["run"], "--points", 3, "--headless", "--json", "--data", tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    run = Run(Path(facts["run"]))
    assert facts["points"] == 3
    assert run.start["continues"] == demo["run"]
    before = Run(Path(demo["run"])).attributes["settings"]
    assert before["instrument"]["options"]["seed"] == 3
    assert run.attributes["settings"] == {**before, "data": str(tmp_path)}
    assert "initial design" not in list(run.table("suggestions")["agent_kind"])


def test_a_finished_campaign_is_not_continued_without_points(
    demo: dict[str, Any], beampilot: Beampilot, tmp_path: Path
) -> None:
    """One line says how to give it more."""
    done = beampilot("continue", demo["run"], "--headless", "--data", tmp_path)
    assert done.returncode == 2
    assert "--points" in done.stderr
