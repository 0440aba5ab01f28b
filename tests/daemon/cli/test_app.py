"""The command line as a whole: quick help, one line and exit code 2 for an operator's mistakes."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.cli.app import app, run
from daemon.settings import DEFAULT_FILE

HEAVY = (
    "bluesky",
    "ophyd",
    "torch",
    "numpy",
    "zarr",
    "xarray",
    "matplotlib",
    "zmq",
    "httpx",
    "fastapi",
    "sqlalchemy",
    "rich.live",
    "scipy",
)
COMMANDS = sorted(
    [
        *(c.name or c.callback.__name__ for c in app.registered_commands if c.callback),
        *(str(group.name) for group in app.registered_groups),
    ]
)
AXIS = "stage_x = { low = 0.0, high = 150.0, points = 31 }"

Beampilot = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("words", [["--help"], *([command, "--help"] for command in COMMANDS)], ids=" ".join)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """``--help`` stays far below half a second because it loads nothing that computes or draws."""
    code = (
        "import sys\nfrom daemon.cli.app import run\n"
        f"code = run({words!r})\nprint(code, [name for name in {HEAVY!r} if name in sys.modules], len(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    code_and_loaded, _, count = done.stdout.splitlines()[-1].rpartition(" ")
    assert code_and_loaded == "0 []"
    assert int(count) < 700


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with a line of its own."""
    assert run(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """A bare version number follows the name."""
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("beampilot ")


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed: nothing on stdout, one line on stderr."""
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("beampilot: ")
    return line


SETTINGS = {
    "wrong axis": (AXIS, AXIS.replace("stage_x", "stage_q"), ["stage_q", "stage_x"]),
    "outside the limits": (AXIS, AXIS.replace("150.0", "1500.0"), ["1500 µm", "0 to 150 µm"]),
    "empty grid": (AXIS, AXIS.replace("31", "0"), ["axes.stage_x.points", "greater than or equal to 1"]),
    "empty range": (AXIS, AXIS.replace("0.0, high = 150.0", "5.0, high = 5.0"), ["low must lie below high"]),
    "unknown objective": ("unmixing.weights[3]", "brightness", ["brightness is not known", "detector_total"]),
    "no such component": ("unmixing.weights[3]", "unmixing.weights[7]", ["unmixing.weights[7]", "known are"]),
    "no such instrument": (
        "diffractometer:instrument",
        "nowhere:instrument",
        ["simulators.nowhere", "instrument.path"],
    ),
    "no such preset": ('preset = "smooth"', 'preset = "rough"', ["'rough'", "smooth, source"]),
    "no such setting": ("[plans.grid_scan]", "[planz.grid_scan]", ["planz", "plans"]),
}


@pytest.mark.parametrize(("old", "new", "said"), SETTINGS.values(), ids=SETTINGS.keys())
def test_wrong_settings(
    old: str, new: str, said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says what to change, exit code 2, and no run."""
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "settings.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert run(["demo", "--headless", "--json", "--settings", str(file), "--data", str(tmp_path / "data")]) == 2
    line = one_line(capsys)
    assert all(words in line for words in said), line
    assert not (tmp_path / "data" / "runs").exists()


ARGUMENTS = {
    "no such command": (["measure"], "measure"),
    "no such option": (["demo", "--sed", "3"], "--sed"),
    "no points": (["demo", "--points", "0"], "--points"),
    "not a number": (["demo", "--seed", "first"], "--seed"),
    "missing settings": (["demo", "--settings", "missing.toml"], "missing.toml"),
    "unknown plan": (["demo", "--headless", "--plan", "spiral", "--data", "d"], "known plans are"),
    "data is a file": (["demo", "--headless", "--data", "afile"], "--data DIR"),
    "no runs": (["show", "--data", "d"], "there are no runs"),
    "report of nothing": (["report", "7", "--data", "d"], "there are no runs"),
    "impossible speed": (["replay", "--speed", "0", "--data", "d"], "--speed 0"),
    "no such scenario": (["study", "--scenario", "nothing"], "no scenario 'nothing'"),
    "no such strategy": (["study", "--strategy", "luck", "--seeds", "1"], "no strategy 'luck'"),
    "half an option": (["study", "--option", "preset"], "name=value"),
}


@pytest.mark.parametrize(("words", "said"), ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_wrong_arguments(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line that says what to change, exit code 2."""
    monkeypatch.chdir(tmp_path)
    Path("afile").touch()
    assert run(words) == 2
    assert said in one_line(capsys)
    assert not Path("d", "runs").exists()


def test_full_disk(beampilot: Beampilot, tmp_path: Path) -> None:
    """A file that may not grow is what a full disk looks like: one line, exit code 2, nothing half-written."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); "
        "from daemon.cli.app import run; "
        f"sys.exit(run(['demo', '--headless', '--json', '--points', '3', '--data', {str(tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "the disk is full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    listed = beampilot("runs", "--json", "--data", tmp_path)
    assert json.loads(listed.stdout) == []


def test_a_reader_that_goes_away_is_no_error(demo: dict[str, str], tmp_path: Path) -> None:
    """``beampilot show | head -1`` prints no traceback."""
    code = "from daemon.cli.app import run; import sys; sys.exit(run(['show', '--json', sys.argv[1]]))"
    command = f'{sys.executable} -c "{code}" {demo["run"]} 2>{tmp_path / "err"} | true'
    subprocess.run(command, shell=True, check=False)  # noqa: S602 - our own words
    assert (tmp_path / "err").read_text() == ""


def test_what_nobody_foresaw_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours must not look like a mistake of the operator's."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("daemon.cli.runs.open_store", broken)
    with pytest.raises(ZeroDivisionError, match="ours"):
        run(["runs"])


def test_an_interruption_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C where there is nothing to end safely: no traceback, and the shell's usual exit code."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("daemon.cli.runs.open_store", interrupted)
    monkeypatch.setattr(logging.getLogger("asyncio"), "disabled", False)
    assert run(["runs"]) == 130
    assert capsys.readouterr().err == "beampilot: interrupted\n"


def test_a_usage_mistake_names_the_help_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Not that of the whole program, where the option is not described."""
    assert run(["demo", "--points", "0"]) == 2
    assert "(see `beampilot demo --help`)" in capsys.readouterr().err
