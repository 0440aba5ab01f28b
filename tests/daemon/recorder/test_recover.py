"""Runs whose process died: every acknowledged event is there, whenever and however the process ended."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import event_model
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.recorder import Recorder, close_interrupted_runs
from daemon.recorder.attributes import read_attributes, write_attributes
from daemon.recorder.journal import JournalReader, encode
from daemon.runs import Run

Named = tuple[str, dict[str, Any]]
CHILD = Path(__file__).with_name("killed.py")


def interrupted(data: Path, documents: list[Named]) -> Path:
    """A run as its process would leave it if it died after the last of these documents."""
    recorder = Recorder(data)
    for name, document in documents:
        recorder(name, document)
    recorder.close()
    assert recorder.run is not None
    return recorder.run


def check_closed(run: Path, events: int, status: str = "abort") -> None:
    """Fails unless the run is closed, valid, and has exactly these many events in its arrays."""
    summary = Run(run).summary()
    assert (summary.exit_status, summary.points) == (status, events)
    documents = JournalReader(run / "journal.jsonl").read()
    for name, document in documents:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
    assert [name for name, _ in documents].count("stop") == 1
    assert (documents[0][0], documents[-1][0]) == ("start", "stop")
    assert documents[-1][1]["run_start"] == documents[0][1]["uid"]
    if any(name == "descriptor" for name, _ in documents):
        primary = xr.open_zarr(run, group="primary", consolidated=False).load()
        assert primary.sizes["event"] == events
        np.testing.assert_array_equal(primary.seq_num, np.arange(1, events + 1))
    assert not list(run.rglob("*.part"))
    assert not (run / ".reserve").exists()


def kill_after(data: Path, events: int) -> int:
    """Lets a child record, kills it when it has acknowledged that many events; returns the last number it printed."""
    child = subprocess.Popen([sys.executable, str(CHILD), str(data)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = 0
    for line in child.stdout:
        acknowledged = int(line)
        if acknowledged >= events:
            break
    child.kill()
    rest = child.stdout.read().splitlines()
    child.stdout.close()
    child.wait()
    return int(rest[-1]) if rest and rest[-1].isdigit() else acknowledged


@pytest.fixture(autouse=True)
def _children_find_our_packages(monkeypatch: pytest.MonkeyPatch, project_root: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", str(project_root))


def test_killed_processes_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """SIGKILL at many moments: arrays are rebuilt, and the last number that was acknowledged is in them."""
    for number, events in enumerate([1, 2, 40, 700]):
        data = tmp_path / str(number)
        acknowledged = kill_after(data, events)
        (run,) = close_interrupted_runs(data)
        points = Run(run).points
        assert points >= acknowledged
        check_closed(run, points)
        primary = xr.open_zarr(run, group="primary", consolidated=False).load()
        np.testing.assert_array_equal(primary.y, -np.arange(points))
        assert close_interrupted_runs(data) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_processes_at_a_hundred_moments(tmp_path: Path) -> None:
    """The same, again and again, at moments that nobody chose."""
    rng = np.random.default_rng(1)
    for number in range(100):
        acknowledged = kill_after(tmp_path / str(number), int(rng.integers(1, 400)))
        (run,) = close_interrupted_runs(tmp_path / str(number))
        points = Run(run).points
        assert points >= acknowledged
        check_closed(run, points)


def test_a_living_run_is_left_alone(tmp_path: Path, scan: list[Named]) -> None:
    """The lock on the journal says who is alive; a second start of the daemon must not close the first one's run."""
    recorder = Recorder(tmp_path)
    for name, document in scan[:4]:
        recorder(name, document)
    assert close_interrupted_runs(tmp_path) == []
    assert recorder.run is not None
    assert Run(recorder.run).status == "running"
    for name, document in scan[4:]:
        recorder(name, document)
    assert recorder.wait_closed(10.0)
    recorder.close()
    assert close_interrupted_runs(tmp_path) == []
    check_closed(recorder.run, 5, "success")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_journal_torn_at_any_byte(tmp_path: Path, scan: list[Named], data: st.DataObject) -> None:
    """Wherever the journal ends, the complete lines before that point are the run."""
    shutil.rmtree(tmp_path / "runs", ignore_errors=True)
    run = interrupted(tmp_path, scan)  # with its stop document, yet never closed
    journal = run / "journal.jsonl"
    content = journal.read_bytes()
    length = data.draw(st.integers(0, len(content)))
    journal.write_bytes(content[:length])
    _forget_stop(run)
    assert close_interrupted_runs(tmp_path) == [run]
    complete = content[:length].count(b"\n")
    events = min(max(0, complete - 2), 5)
    check_closed(run, events, "success" if complete == len(scan) else "abort")
    kept = JournalReader(journal).read()[:complete]
    assert kept == scan[:complete]
    np.testing.assert_array_equal(Run(run).table().get("x", np.zeros(0)), 0.5 * np.arange(events))


def _forget_stop(run: Path) -> None:
    """Puts a run's attributes back to what they were while it was open."""
    write_attributes(run, {**read_attributes(run), "stop": None})


def test_damage_in_the_middle_costs_only_its_line(tmp_path: Path, scan: list[Named]) -> None:
    """A line that a failing disk spoiled is left out; what stands after it is not."""
    run = interrupted(tmp_path, scan[:-1])
    lines = [encode(*document) for document in scan[:-1]]
    lines[3] = b"\0" * (len(lines[3]) - 1) + b"\n"
    (run / "journal.jsonl").write_bytes(b"".join(lines))
    assert close_interrupted_runs(tmp_path) == [run]
    primary = xr.open_zarr(run, group="primary", consolidated=False).load()
    np.testing.assert_array_equal(primary.seq_num, [1, 3, 4, 5])


def test_attributes_and_arrays_may_be_gone_altogether(tmp_path: Path, scan: list[Named]) -> None:
    """The journal is the record: the rest is made again from it."""
    run = interrupted(tmp_path, scan[:-1])
    (run / "zarr.json").write_text("{ torn")
    shutil.rmtree(run / "primary")
    assert close_interrupted_runs(tmp_path) == [run]
    check_closed(run, 5)
    assert Run(run).start == scan[0][1]


def test_what_can_not_be_closed_does_not_keep_the_others_open(tmp_path: Path, scan: list[Named]) -> None:
    """A run of which nothing is left is reported and left; the next one is closed."""
    lost = tmp_path / "runs" / "2026-01-01" / "7-lost.zarr"
    lost.mkdir(parents=True)
    (lost / "journal.jsonl").write_bytes(b'["start",{"uid"')
    unborn = tmp_path / "runs" / "2026-01-01" / ".8-unborn.zarr.new"
    unborn.mkdir()
    run = interrupted(tmp_path, scan[:-1])
    compacted: list[Path] = []

    def compact(path: Path) -> None:
        compacted.append(path)
        raise RuntimeError("a frame is unreadable")

    assert close_interrupted_runs(tmp_path, compact) == [run]
    assert compacted == [run]
    assert not unborn.exists()
    check_closed(run, 5)


def test_a_widened_array_of_a_dead_process_is_replaced(
    tmp_path: Path, composed: Callable[..., list[Named]], recorder: Recorder
) -> None:
    """Chunks of an earlier type or shape mean nothing to the array that is built from the journal."""
    keys = {"a": {"dtype": "array", "shape": [2]}}
    documents = composed([{"a": [1.0, 2.0]}, {"a": [3.0, 4.0]}, {"a": "broken"}], keys, stop=False)
    for name, document in documents[:-1]:
        recorder(name, document)
    recorder.close()
    run = recorder.run
    assert run is not None
    with (run / "journal.jsonl").open("ab") as file:
        file.write(encode(*documents[-1]))
    assert close_interrupted_runs(tmp_path) == [run]
    primary = xr.open_zarr(run, group="primary", consolidated=False).load()
    assert list(primary.a.values) == ["[1.0, 2.0]", "[3.0, 4.0]", "broken"]


def test_no_data_folder_yet(tmp_path: Path) -> None:
    """A first start has nothing to close."""
    assert close_interrupted_runs(tmp_path / "none") == []
