"""``beampilot unmix`` on files and on a run."""

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

import numpy as np
import pytest
import xarray

from daemon.cli.app import run
from daemon.runs import Run
from daemon.verify import verify_run

QUICK = ("--components", "2", "--background", "none", "--method", "corners", "--smoothing", "0")
Beampilot = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack of two peaks, in the present folder, without energies."""
    rng = np.random.default_rng(1)
    energies = np.linspace(926.0, 940.0, 25)
    share = np.linspace(0.0, 1.0, 22) * np.ones((18, 1))
    peaks = [0.3 + np.exp(-(((energies - at) / 0.8) ** 2)) for at in (931.0, 934.0)]
    frames = rng.poisson(500 * sum(s * p[:, None, None] for s, p in zip((share, 1 - share), peaks, strict=True)))
    np.save(tmp_path / "powder.npy", frames.astype(np.uint16))
    (tmp_path / "e.csv").write_text("\n".join(map(str, energies)))
    rows = [f"{energy},{low},{high}" for energy, low, high in zip(energies, *peaks, strict=True)]
    (tmp_path / "library.csv").write_text("energy_eV,low,high\n" + "\n".join(rows))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "powder.npy"


def test_facts_of_a_file(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that a program wants, and paths to the rest."""
    assert run(["unmix", "powder.npy", "--energies", "e.csv", "-s", "library.csv", *QUICK, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {component["name"] for component in facts["components"]} == {"low", "high"}
    assert all(component["correlation"] > 0.98 for component in facts["components"])
    assert abs(facts["shift"]) < 0.1
    assert (facts["n_components"], facts["background"], facts["frames"], facts["shape"]) == (2, "none", 25, [18, 22])
    folder = stack.parent / "powder-unmixed"
    assert facts["folder"] == str(folder)
    assert Path(facts["report"]).is_file()
    assert xarray.open_zarr(facts["arrays"], consolidated=False).sizes["energy"] == 25
    assert sorted(path.name for path in stack.parent.iterdir()) == [
        "e.csv",
        "library.csv",
        "powder-unmixed",
        "powder.npy",
    ]


def test_words_for_people(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was found and what was repaired, and the path of the report on stderr."""
    frames = np.load(stack).astype(float)
    frames[3], frames[7, 2, 2], frames[8, 1, 1] = 0.0, np.nan, -4.0
    np.save(stack, frames)
    energies = Path("e.csv").read_text().splitlines()
    Path("e.csv").write_text("\n".join(reversed(energies)))
    assert run(["unmix", "powder.npy", "--energies", "e.csv", *QUICK]) == 0
    printed = capsys.readouterr()
    for words in ("component 0 (", "energies did not rise", "1 frames held nothing", "not finite", "negative"):
        assert words in printed.out
    assert "powder-unmixed/report.html" in printed.err
    page = Path("powder-unmixed/report.html").read_text(encoding="utf-8")
    assert "energies did not rise throughout: frames were sorted by energy" in page


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["powder.npy"], "powder.npy does not tell its energies: give them with --energies FILE, 25 numbers in eV"),
        (["powder.npy", "--energies", "e.csv", "--i0", "none", "--dark", "nope"], "--dark nope: there is no such file"),
        (["missing.h5"], "there is no file missing.h5; check the name, or give a run"),
        (["77"], "no run '77'"),
        (["powder.npy", "--energies", "e.csv", "-s", "no.csv"], "--standards no.csv: there is no such file"),
        (
            ["powder.npy", "--energies", "e.csv", "--components", "30"],
            "30 components cannot be found in 396 pixels and 25",
        ),
        (["powder.npy", "--energies", "e.csv", "--omega", "2"], "Invalid value for '--omega'"),
        (["powder.npy", "--energies", "e.csv", "-o", "."], "holds something else: name another folder with --output"),
        (["e.csv"], "e.csv is no stack"),
    ],
)
def test_mistakes_are_one_line(words: list[str], told: str, stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to change, an exit code of 2, and nothing left behind."""
    before = sorted(stack.parent.iterdir())
    assert run(["unmix", *words, "--data", "data"]) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert sorted(stack.parent.iterdir()) == before


def test_interrupted_by_ctrl_c(stack: Path) -> None:
    """While it works: one line, exit code 130, and nothing left behind."""
    frames = np.tile(np.load(stack), (1, 20, 20))
    np.savez(stack.parent / "large.npz", stack=frames, energies=np.loadtxt("e.csv"))
    before = sorted(stack.parent.iterdir())
    command = [sys.executable, "-c", "from daemon.cli import main; main()", "unmix", "large.npz"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=stack.parent) as process:
        deadline = time.monotonic() + 30
        while not list(stack.parent.glob(".unmix-*/stack-0")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "beampilot: interrupted\n")
    assert sorted(stack.parent.iterdir()) == before


SETTINGS = """
[instrument]
factory = "simulators.peem:instrument"
options = { preset = "cu", shape = [30, 36], dose = 2000.0 }

[plans.grid_scan]
axes = { energy = { low = 925.0, high = 945.0, points = 41 } }
detectors = ["detector"]
dark_frames = 2

[analysis.standards]
factory = "simulators.peem:standards"
options = { edge = "Cu" }
"""


@pytest.fixture(scope="module")
def scan(beampilot: Beampilot, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A stack that a simulated microscope took, with the settings that it was taken with."""
    folder = tmp_path_factory.mktemp("scan")
    (folder / "settings.toml").write_text(SETTINGS)
    words = ("--settings", folder / "settings.toml", "--data", folder / "data")
    done = beampilot("demo", "--plan", "grid_scan", "--headless", "--json", *words)
    assert done.returncode == 0, done.stderr
    return {"run": Path(json.loads(done.stdout)["run"]), "words": [str(word) for word in words]}


def test_a_run_keeps_its_own_results(scan: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Energies, I0 and darks from the run, standards from the settings; twice, and the run is as sound as before."""
    quick = ("--components", "3", "--background", "none", "--method", "corners", "--smoothing", "0")
    for _ in range(2):
        assert run(["unmix", "latest", *quick, "--json", *scan["words"]]) == 0
    facts = json.loads(capsys.readouterr().out.rpartition("\n{\n")[2].join(("{", "")))
    path: Path = scan["run"]
    assert facts["notes"][:3] == ["energies from energy", "i0 from monitor_intensity", "dark from the stream darks"]
    assert facts["i0"]
    assert facts["dark"]
    assert "CuO" in facts["standards"]
    assert (path / "unmixed" / "report.html").is_file()
    arrays = Run(path).analysis("unmixed")
    assert arrays["abundances"].shape == (facts["n_components"], 30, 36)
    opened = xarray.open_zarr(path, group="analysis/unmixed", consolidated=False)
    assert opened["x"].attrs["units"] == "µm"
    assert not verify_run(path).problems
    assert not list(path.rglob(".*"))


def test_a_run_without_frames_or_energies(demo: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """A map of a film is no energy scan."""
    assert run(["unmix", demo["run"]]) == 2
    assert "no reading is the photon energy: name one with --energies (readings: " in capsys.readouterr().err
