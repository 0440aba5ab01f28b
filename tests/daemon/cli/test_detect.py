"""``beampilot detect`` and ``beampilot train detection`` on files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.cli.app import run

pytestmark = pytest.mark.filterwarnings("ignore:.*tight_layout.*:UserWarning")


def scene(seed: int) -> tuple[Any, list[list[float]]]:
    """A rough surface with bumps, and their boxes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :96] + 0.5
    height = 0.1 * rng.normal(size=(64, 96))
    boxes = []
    for cx, cy in np.array([[16, 16], [46, 18], [76, 20], [18, 46], [48, 44]]) + rng.uniform(-3, 3, (5, 2)):
        height += 1.5 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 9)
        boxes.append([cx - 5, cy - 5, cx + 5, cy + 5])
    return height, boxes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight images with YOLO's labels, and the present folder."""
    for seed in range(8):
        height, boxes = scene(seed)
        np.savez(tmp_path / f"{seed}.npz", height=height, nm_per_pixel=0.2)
        lines = [f"0 {(a + c) / 192} {(b + d) / 128} {(c - a) / 96} {(d - b) / 64}" for a, b, c, d in boxes]
        (tmp_path / f"{seed}.txt").write_text("\n".join(lines))
    (tmp_path / "classes.txt").write_text("bump\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_detector_is_trained_and_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From labelled images to counts, in two commands."""
    arguments = ["train", "detection", ".", "--steps", "60", "-o", "made", "--seed", "1", "--json"]
    assert run(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["validation"]["classes"].keys() == {"bump"}
    assert told["validation"]["map50"] > 0.5
    weights = told["weights"]
    assert run(["detect", ".", "--weights", weights, "-o", "found", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["images"] == 8
    assert 24 <= facts["clusters"] <= 60
    (size,) = facts["sizes"]
    assert size["low"] < size["count"] < size["high"]
    with (folder / "found" / "detections.csv").open() as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == facts["clusters"]
    assert float(rows[0]["x1_nm"]) == pytest.approx(0.2 * float(rows[0]["x1_px"]), abs=2e-3)
    assert len(list((folder / "found" / "overlays").glob("*.png"))) == 8
    assert (folder / "found" / "sizes.png").stat().st_size > 1000


def test_a_person_reads_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The package's own detector, one file, no options; results of our own are replaced, others are not."""
    assert run(["detect", "3.npz"]) == 0
    told = capsys.readouterr()
    assert "Pb1" in told.out
    assert "3-clusters" in told.err
    assert run(["detect", "3.npz"]) == 0
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").write_text("x")
    assert run(["detect", "3.npz", "-o", "mine"]) == 2
    assert (folder / "mine" / "thesis.txt").exists()


def test_what_cannot_be_searched_is_skipped_in_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And told; the rest is searched."""
    np.savez(folder / "flat.npz", height=np.zeros((64, 64)), nm_per_pixel=0.2)
    (folder / "cut.sxm").write_bytes(b":NANONIS_VERSION:\n2\n")
    assert run(["detect", ".", "--json", "-o", "found"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert set(facts["skipped"]) == {"flat.npz", "cut.sxm"}
    assert "constant" in facts["skipped"]["flat.npz"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["detect", "none.png"], "no file none.png"),
        (["detect", "flat.npy", "--nm-per-pixel", "0.2"], "constant"),
        (["detect", "flat.npy"], "--nm-per-pixel"),
        (["detect", "0.npz", "--nm-per-pixel", "3"], "pixels of 3 nm"),
        (["detect", "empty"], "no image"),
        (["detect", "0.npz", "--weights", "none.safetensors"], "none.json"),
        (["train", "detection", "empty", "--classes", "a"], "no labels"),
        (["train", "detection", ".", "--start", "default"], "Pb1"),
    ],
)
def test_mistakes_are_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """And exit code 2."""
    if "flat.npy" in arguments:
        np.save(folder / "flat.npy", np.zeros((64, 64)))
    (folder / "empty").mkdir()
    assert run(arguments) == 2
    told = capsys.readouterr().err.strip()
    assert said in told
    assert "\n" not in told


def test_unknown_scenarios_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert run(["train", "detection", "--twin", "none", "--images", "4"]) == 2
    assert "none" in capsys.readouterr().err
