"""Settings files in the pages load, their plans are accepted, and the Python in the pages runs."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from bluesky import RunEngine

from daemon.analyst.objective import Objective
from daemon.plans.registry import PLANS, read_parameters
from daemon.runs import Run
from daemon.settings import DEFAULT_FILE, Settings, load_settings

Blocks = Callable[..., list[str]]
Beampilot = Callable[..., "subprocess.CompletedProcess[str]"]


def merged(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """Both, where `high` wins section by section; a whole plan wins over a whole plan."""
    result = low | high
    for name in ("plans", "analysis"):
        result[name] = low.get(name, {}) | high.get(name, {})
    return result


def check(settings: Settings) -> None:
    """Check every plan that the settings hold, as the engine would."""
    for name, given in settings.plans.items():
        parameters = read_parameters(PLANS[name], {}, given)
        if parameters.objective is not None:
            assert Objective(parameters.objective).references


def test_settings_in_the_pages_load(blocks: Blocks) -> None:
    """Each TOML block is a settings file, or becomes one together with the default file."""
    default = tomllib.loads(DEFAULT_FILE.read_text(encoding="utf-8"))
    found = blocks("toml")
    assert len(found) > 8
    for block in found:
        values = tomllib.loads(block)
        check(Settings.model_validate(values if "instrument" in values else merged(default, values)))


def test_example_files_load(docs: Path) -> None:
    """The files that can be downloaded are complete."""
    files = sorted((docs / "examples").glob("*.toml"))
    assert files
    for file in files:
        check(load_settings(file))


def test_forbidden_regions_of_the_guide_forbid(blocks: Blocks) -> None:
    """The three regions leave out the positions that a reader expects them to."""
    from analysis.optimization import SearchSpace

    values = next(tomllib.loads(block) for block in blocks("toml", "how-to/protect-sample.md") if "forbidden" in block)
    parameters = values["plans"]["autonomous_scan"]
    bounds = {name: (axis["low"], axis["high"]) for name, axis in parameters["axes"].items()}
    space = SearchSpace(bounds=bounds, forbidden=parameters["forbidden"])
    positions = [[10.0, 120.0], [80.0, 70.0], [145.0, 10.0], [60.0, 20.0]]
    assert space.is_forbidden(positions).tolist() == [True, True, True, False]


@pytest.mark.parametrize("expression", ["log10(detector_max + 1)", "minimum(unmixing.weights[1], unmixing.weights[2])"])
def test_objectives_of_the_guide_are_understood(pages: dict[Path, str], docs: Path, expression: str) -> None:
    """The examples of the table can be read."""
    assert f"`{expression}`" in pages[docs / "how-to" / "objective.md"]
    assert Objective(expression).references


def test_python_of_the_tutorial_runs(
    blocks: Blocks, demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The blocks, one after the other, on the run of a short demo."""
    monkeypatch.setenv("BEAMPILOT_DATA", str(Path(demo["run"]).parents[2]))
    names: dict[str, Any] = {}
    found = blocks("python", "tutorial/first-scan.md")
    assert len(found) >= 5
    for block in found:
        exec(compile(block, "first-scan.md", "exec"), names)  # noqa: S102 - our own page
    printed = capsys.readouterr().out
    assert "success 12" in printed
    assert "initial design" in printed
    assert "stop" in printed.splitlines()[-1]


def test_headings_named_in_the_tutorial_are_in_the_report(
    pages: dict[Path, str], docs: Path, demo: dict[str, Any]
) -> None:
    """A reader finds what the tutorial tells them to look at."""
    report = Path(demo["report"]).read_text(encoding="utf-8")
    told = pages[docs / "tutorial" / "first-scan.md"].partition("## Read the report")[2].partition("\n## ")[0]
    headings = [line.removeprefix("- **").partition("**")[0] for line in told.splitlines() if line.startswith("- **")]
    assert len(headings) == 6
    for heading in headings:
        assert f"<h2>{heading}</h2>" in report


def test_the_optimiser_of_the_reference_finds_the_maximum(blocks: Blocks) -> None:
    """The example runs, and what it finds is near the maximum at (100, 40)."""
    names: dict[str, Any] = {}
    exec(compile(blocks("python", "reference/python/optimization.md")[0], "page", "exec"), names)  # noqa: S102
    best = names["optimizer"].best.position
    assert abs(best["x"] - 100.0) <= 10.0
    assert abs(best["y"] - 40.0) <= 10.0


def test_the_instrument_of_the_guide_measures(blocks: Blocks, beampilot: Beampilot, tmp_path: Path) -> None:
    """A reader who copies both files gets a scan with the metadata that they wrote."""
    (code,) = blocks("python", "how-to/instrument.md")
    (settings,) = blocks("toml", "how-to/instrument.md")
    (tmp_path / "my_beamline.py").write_text(code, encoding="utf-8")
    file = tmp_path / "my_beamline.toml"
    file.write_text(settings.replace('path = "."', f'path = "{tmp_path}"'), encoding="utf-8")
    done = beampilot("demo", "--settings", file, "--data", tmp_path / "data", "--points", 6, "--json")
    assert done.returncode == 0, done.stderr
    run = Run(Path(json.loads(done.stdout)["run"]))
    assert run.points == 6
    assert {key: run.start[key] for key in ("proposal", "sample", "operator")} == {
        "proposal": "2026-0042",
        "sample": "test spot",
        "operator": "K. Sato",
    }


def test_the_burst_of_the_guide_is_recorded(
    blocks: Blocks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: RunEngine
) -> None:
    """A reader who copies the camera and the plan has all frames on disk."""
    camera, plan, _ = blocks("python", "how-to/stream-frames.md")
    (tmp_path / "my_camera.py").write_text(camera, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert "RunEngine()(" in plan
    exec(compile(plan.replace("RunEngine()(", "engine("), "stream-frames.md", "exec"), {"engine": engine})  # noqa: S102
    frames = zarr.open_array(tmp_path / "burst.zarr" / "primary" / "camera", mode="r")
    assert np.asarray(frames)[:, 0, 0, 0].tolist() == list(range(300))


def test_the_viewer_of_the_guide_sees_frames(blocks: Blocks, capsys: pytest.CaptureFixture[str]) -> None:
    """While they come, by the path alone."""
    names: dict[str, Any] = {}
    exec(compile(blocks("python", "how-to/stream-frames.md")[2], "stream-frames.md", "exec"), names)  # noqa: S102
    ring, ended = names["FrameRing"].create((2, 2), np.dtype("<u2"), 64), threading.Event()

    def run() -> None:
        for number in itertools.count():
            ring.claim(number)[...] = 7
            ring.publish(number, 0.0)
            if ended.wait(0.01):
                break

    camera = threading.Thread(target=run)
    camera.start()
    names["watch"](ring.path, 3)
    ended.set()
    camera.join()
    ring.close()
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in printed] == ["7.0"] * 3


def test_the_unit_of_the_guide_is_valid(blocks: Blocks, tmp_path: Path) -> None:
    """What systemd itself says of it, with a command that this machine has."""
    verifier = shutil.which("systemd-analyze")
    if verifier is None:
        pytest.skip("systemd is not here, and nothing else can judge its units")
    (unit,) = blocks("ini", "how-to/serve.md")
    file = tmp_path / "beampilot.service"
    file.write_text(unit.replace("/opt/beampilot/bin/beampilot", "/bin/true").replace("User=beampilot", "User=root"))
    done = subprocess.run([verifier, "verify", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if file.name in line]) == (0, [])
