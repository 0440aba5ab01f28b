"""A disk that fills up: a real one, of one or a few mebibytes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from daemon.errors import DiskFull, RecorderError
from daemon.recorder import Recorder, close_interrupted_runs, open_run
from daemon.recorder.disk import Reserve, write_atomically
from daemon.runs import Run
from daemon.settings import RecorderSettings

Named = tuple[str, dict[str, Any]]

IN_A_SMALL_DISK = """
import subprocess, sys
from pathlib import Path
size, code = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", "/mnt"], check=True)
data = Path("/mnt/data")
exec(code)
"""

RECORD = """
import event_model, json
from daemon.errors import DiskFull
from daemon.recorder import Recorder, close_interrupted_runs
from daemon.runs import Run
import xarray as xr
import warnings; warnings.filterwarnings("ignore", message="Object at .*")
recorder = Recorder(data)
run = event_model.compose_run(metadata={"scan_id": 1})
failures = []
def send(name, document):
    try:
        recorder(name, document)
    except DiskFull as error:
        failures.append(str(error))
send("start", run.start_doc)
if not failures:
    key = {"dtype": "array", "shape": [500], "source": "test"}
    described = run.compose_descriptor(name="primary", data_keys={"x": key})
    send("descriptor", described.descriptor_doc)
    sent = 0
    while not failures:
        send("event", described.compose_event(data={"x": [sent + 0.1234567] * 500}, timestamps={"x": 0.0}))
        sent += 1
    send("stop", run.compose_stop(exit_status="fail", reason="disk full"))
    recorder.wait_closed(60)
recorder.close()
folders = sorted(str(p.relative_to(data)) for p in data.rglob("*") if p.is_dir())
if recorder.run is None:
    print(json.dumps({"failures": failures, "folders": folders}))
else:
    status = Run(recorder.run).status
    dataset = xr.open_zarr(recorder.run, group="primary", consolidated=False).load()
    print(json.dumps({"failures": failures, "status": status, "sent": sent, "events": dataset.sizes["event"],
                      "last": float(dataset.x[-1, 0]), "points": Run(recorder.run).points}))
"""


def run_in_small_disk(size: str, code: str, root: Path) -> dict[str, Any]:
    """Runs Python code in a process of its own whose `/mnt` is a file system of that size; skips where it may not."""
    if subprocess.run(["/usr/bin/env", "unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody but root mount a file system (needs unshare and user namespaces)")
    command = ["/usr/bin/env", "unshare", "-rm", sys.executable, "-c", IN_A_SMALL_DISK, size, code]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_run_on_a_disk_that_fills_up_is_closed(project_root: Path) -> None:
    """The event that found no room fails the run; all before it are in arrays, and the stop document is written."""
    found = run_in_small_disk("6m", RECORD, project_root)
    assert len(found["failures"]) == 1
    assert "disk is full: cannot write /mnt/data/runs/" in found["failures"][0]
    assert found["status"] == "fail"
    assert found["events"] == found["points"] > 100
    assert found["events"] in (found["sent"] - 1, found["sent"])
    assert int(found["last"]) == found["events"] - 1


def test_a_run_that_has_no_room_to_start_leaves_no_folder(project_root: Path) -> None:
    """Nothing half-written: neither the run's folder nor the day's."""
    found = run_in_small_disk("1m", RECORD, project_root)
    assert len(found["failures"]) == 1
    assert found["folders"] == []


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the disk fill up after that many more writes."""

    def fill(writes: int) -> None:
        write, left = os.write, [writes]

        def limited(descriptor: int, content: bytes) -> int:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(descriptor, content)

        monkeypatch.setattr(os, "write", limited)

    return fill


@pytest.mark.parametrize("writes", range(0, 60, 3))
def test_room_that_ends_at_any_write(
    tmp_path: Path, scan: list[Named], no_room: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Wherever in a run the disk fills up, for good: what was acknowledged is there once there is room again."""
    recorder = Recorder(tmp_path)
    no_room(writes)
    acknowledged = 0
    full = False
    for name, document in scan:
        try:
            recorder(name, document)
            acknowledged += name == "event"
        except DiskFull:
            full = True
    try:
        recorder.wait_closed(10.0)
    except DiskFull:
        full = True
    recorder.close()
    monkeypatch.undo()
    if recorder.run is None:
        assert full
        assert list(tmp_path.iterdir()) == []
        return
    assert Run(recorder.run).points == acknowledged
    closed = close_interrupted_runs(tmp_path)
    assert (closed == [recorder.run]) == full
    if acknowledged:
        assert xr.open_zarr(recorder.run, group="primary", consolidated=False).sizes["event"] == acknowledged
    assert not list(recorder.run.rglob(".*"))


def test_a_file_is_whole_or_as_it_was(tmp_path: Path, no_room: Callable[[int], None]) -> None:
    """A write that fails leaves the old content and nothing beside it."""
    path = tmp_path / "file"
    write_atomically(path, b"old", sync=True)
    no_room(0)
    with pytest.raises(DiskFull) as caught:
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert caught.value.path == path
    assert caught.value.free is not None
    assert caught.value.exit_code == 2


def test_other_errors_name_the_file(tmp_path: Path) -> None:
    """Not every trouble is a full disk."""
    with pytest.raises(RecorderError, match=r"cannot write .*missing/file: No such file") as caught:
        write_atomically(tmp_path / "missing" / "file", b"")
    assert not isinstance(caught.value, DiskFull)


@pytest.mark.parametrize("native", [True, False])
def test_a_reserve_occupies_its_room_until_it_is_released(
    native: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks are really taken, also on systems without `posix_fallocate`, and given back once."""
    if not native:
        monkeypatch.delattr(os, "posix_fallocate")
    path = tmp_path / "reserve"
    reserve = Reserve(path, 2**20)
    assert path.stat().st_blocks * 512 >= 2**20
    assert reserve.release()
    assert not reserve.release()
    assert not path.exists()


def test_the_late_failure_of_the_arrays_ends_the_run(
    tmp_path: Path, composed: Callable[..., list[Named]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the journal still has room but the arrays do not, the next document says so and the run can be closed."""
    documents = composed([{"a": float(i)} for i in range(4)], {"a": {"dtype": "number"}})
    recorder = Recorder(tmp_path, RecorderSettings(block_events=1, block_seconds=0.001))

    def full(*_: object, **__: object) -> None:
        raise DiskFull(tmp_path, 0)

    monkeypatch.setattr(open_run, "write_table", full)
    for name, document in documents[:3]:
        recorder(name, document)
    assert recorder._flushing is not None
    recorder._flushing.exception()
    with pytest.raises(DiskFull):
        recorder(*documents[3])
    monkeypatch.undo()
    recorder(*documents[-1])
    assert recorder.wait_closed(10.0)
    recorder.close()
    assert recorder.run is not None
    dataset = xr.open_zarr(recorder.run, group="primary", consolidated=False)
    np.testing.assert_array_equal(dataset.a, [0.0])


def test_two_may_write_the_same_file_at_the_same_time(tmp_path: Path) -> None:
    """Engine and analyst both make the group that both write into; neither may fail, nor leave anything behind."""
    path = tmp_path / "zarr.json"
    contents = [bytes([number]) * 1000 for number in range(4)]

    def write(content: bytes) -> None:
        for _ in range(200):
            write_atomically(path, content)
            assert path.read_bytes() in contents

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, content) for content in contents]:
            done.result()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
