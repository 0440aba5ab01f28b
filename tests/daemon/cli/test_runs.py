"""``runs``, ``show``, ``report``, ``replay`` and ``doctor`` on a run that exists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.cli.app import run


@pytest.fixture
def data(demo: dict[str, Any]) -> str:
    """The data folder of the demo's run."""
    return str(Path(demo["run"]).parents[2])


def facts(capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What a command prints with --json."""
    assert run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_runs(data: str, demo: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """One entry per run, with the best point as the engine recorded it."""
    (entry,) = facts(capsys, "runs", "--data", data)
    assert (entry["uid"], entry["points"], entry["exit_status"]) == (demo["uid"], 12, "success")
    assert entry["best"]["value"] == pytest.approx(demo["best_value"], rel=1e-6)


def test_runs_as_a_table(data: str, demo: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut off where there is no terminal."""
    assert run(["runs", "--data", data]) == 0
    titles, line = capsys.readouterr().out.splitlines()
    assert titles.split()[:3] == ["scan", "uid", "started"]
    assert demo["uid"][:8] in line
    assert "autonomous_scan" in line
    assert "…" not in line


@pytest.mark.parametrize("name", ["latest", "1", "uid", "path"])
def test_show_by_any_name(name: str, data: str, demo: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """A run is found by its number, the first letters of its identifier, its path, or as the latest."""
    word = {"uid": demo["uid"][:6], "path": demo["run"]}.get(name, name)
    found = facts(capsys, "show", word, "--data", data)
    assert found["run"] == demo["run"]
    assert found["best_position"] == demo["best_position"]
    assert found["streams"]["primary"] == found["streams"]["suggestions"] == 12
    assert found["axes"]["stage_x"] == {"low": 0.0, "high": 150.0, "points": 31, "unit": "µm"}


def test_show_for_people(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Position and unit of the best point are spelt out."""
    assert run(["show", "--data", data]) == 0
    printed = capsys.readouterr().out
    assert "12 of 961 grid positions" in printed
    assert "stage_x = " in printed
    assert " µm" in printed


def test_report_elsewhere(data: str, demo: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file goes where it was asked to go, and is the same each time."""
    target = tmp_path / "mine.html"
    assert facts(capsys, "report", "latest", "-o", str(target), "--data", data)["report"] == str(target)
    assert target.read_text(encoding="utf-8") == Path(demo["report"]).read_text(encoding="utf-8")


def test_report_into_a_folder_that_is_not_there(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert run(["report", "latest", "-o", str(tmp_path / "no" / "r.html"), "--data", data]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_replay(data: str, demo: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Documents and frames are counted."""
    found = facts(capsys, "replay", "1", "--speed", "fastest", "--data", data)
    assert (found["run"], found["frames"]) == (demo["run"], 12)


def test_doctor(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every check has a name, a status and what was found; this machine can run Beampilot."""
    found = facts(capsys, "doctor", "--data", data)
    assert found["ok"]
    names = [check["name"] for check in found["checks"]]
    assert names == [
        "Python", "packages", "torch", "data folder", "disk", "shared memory", "ports", "instrument", "analyst",
    ]  # fmt: skip
    assert all(check["advice"] for check in found["checks"] if check["status"] != "ok")
