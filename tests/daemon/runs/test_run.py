"""Reading one run: the same answers while it grows, when it was interrupted, and when it is closed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from daemon.errors import RecorderError
from daemon.recorder import Recorder
from daemon.recorder.journal import encode
from daemon.runs import Run

Named = tuple[str, dict[str, Any]]


def test_a_run_is_followed_from_start_to_stop(recorder: Recorder, scan: list[Named]) -> None:
    """Every acknowledged point is seen at once; the table of a growing run becomes that of the closed one."""
    recorder(*scan[0])
    assert recorder.run is not None
    run = Run(recorder.run)
    assert (run.status, run.points, run.table(), run.stop) == ("running", 0, {}, None)
    recorder(*scan[1])
    for number, document in enumerate(scan[2:-1], start=1):
        recorder(*document)
        assert run.points == number
        np.testing.assert_array_equal(run.table()["x"], 0.5 * np.arange(number))
    growing = run.table()
    assert run.summary().exit_status == "running"
    assert run.summary().duration is None
    recorder(*scan[-1])
    assert run.stop == scan[-1][1]
    assert recorder.wait_closed(10.0)
    assert run.status == "success"
    assert list(run.documents()) == scan
    assert run.streams == ["primary"]
    assert run.units() == {"x": "µm", "counts": "counts"}
    for name, values in Run(run.path).table().items():
        np.testing.assert_array_equal(values, growing[name])
        np.testing.assert_array_equal(values, np.asarray(zarr.open_array(run.path / "primary" / name, mode="r")))
    assert run.dataset().sizes["event"] == 5


def test_a_table_is_the_callers_own(recorder: Recorder, scan: list[Named]) -> None:
    """Changing what was read does not change what is read next."""
    for document in scan:
        recorder(*document)
    assert recorder.run is not None
    run = Run(recorder.run)
    run.table()["x"][:] = -1.0
    assert run.table()["x"][1] == 0.5


def test_the_summary_has_what_a_list_of_runs_shows(recorder: Recorder, scan: list[Named]) -> None:
    """Metadata as bluesky's custom has it: a sample may be a dictionary."""
    for document in scan:
        recorder(*document)
    assert recorder.wait_closed(10.0)
    assert recorder.run is not None
    summary = Run(recorder.run).summary()
    assert (summary.scan_id, summary.plan_name, summary.points) == (1, "test", 5)
    assert (summary.sample, summary.operator, summary.proposal) == ("Si-Ge film", "Ada", "")
    assert summary.uid == scan[0][1]["uid"]
    assert summary.duration == pytest.approx(scan[-1][1]["time"] - scan[0][1]["time"])
    assert summary.best is None


def test_analyses_and_frames(recorder: Recorder, composed: Callable[..., list[Named]]) -> None:
    """Arrays beside the streams are found by name; what is not there is an empty answer, or a clear error."""
    for document in composed([{"a": 1.0}], {"a": {"dtype": "number"}}):
        recorder(*document)
    assert recorder.wait_closed(10.0)
    assert recorder.run is not None
    run = Run(recorder.run)
    zarr.create_array(run.path / "analysis" / "optimization" / "mean", data=np.ones((2, 3)), dimension_names=("y", "x"))
    zarr.create_array(run.path / "primary" / "cam", data=np.ones((1, 1, 2, 2)))
    assert {name: values.shape for name, values in run.analysis("optimization").items()} == {"mean": (2, 3)}
    assert run.analysis("none") == {}
    assert run.analysis("suggestions") == {}
    assert run.frames("cam").shape == (1, 1, 2, 2)
    with pytest.raises(RecorderError, match="no frames 'other' in its stream 'primary'"):
        run.frames("other")


def test_what_is_not_a_run(tmp_path: Path) -> None:
    """A folder without a journal, and a run whose attributes are damaged."""
    with pytest.raises(RecorderError, match=r"is not a run: it has no journal\.jsonl"):
        Run(tmp_path)
    (tmp_path / "journal.jsonl").write_bytes(encode("start", {"uid": "1"}))
    with pytest.raises(RecorderError, match=r"cannot read .*zarr\.json"):
        _ = Run(tmp_path).start
    (tmp_path / "zarr.json").write_text("{")
    with pytest.raises(RecorderError, match="is damaged"):
        _ = Run(tmp_path).start


def test_reading_runs_needs_neither_torch_nor_zarr(project_root: Path) -> None:
    """A list of runs must not cost seconds of imports."""
    code = (
        "import sys, daemon.runs; print(*({'torch', 'zarr', 'xarray', 'bluesky', 'ophyd', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project_root)
    assert done.stdout.strip() == ""
