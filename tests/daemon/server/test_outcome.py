"""What became of an item, as its runs on disk tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.recorder import Recorder, close_interrupted_runs
from daemon.server.outcome import deaths_of, run_of

KEYS: dict[str, dict[str, Any]] = {"x": {"dtype": "number"}}


def record(data: Path, composed: Callable[..., Any], points: int, scan_id: int, **metadata: object) -> Path:
    """Record a run of an item whose engine dies after some points; gives its folder."""
    recorder = Recorder(data)
    for name, document in composed([{"x": 1.0}] * points, KEYS, stop=False, scan_id=scan_id, **metadata):
        recorder(name, document)
    assert recorder.run is not None
    run = Path(recorder.run)
    recorder.close()
    return run


def test_the_run_to_continue_has_points(tmp_path: Path, composed: Callable[..., Any]) -> None:
    """A continuation that died before its first point stands for the run that it continues."""
    first = record(tmp_path, composed, 3, 1, item_uid="a")
    second = record(tmp_path, composed, 0, 2, item_uid="a", continues=str(first))
    record(tmp_path, composed, 5, 3, item_uid="b")
    close_interrupted_runs(tmp_path)
    found = run_of(tmp_path, "a")
    assert found is not None
    assert (found["path"], found["points"]) == (str(first), 3)
    assert run_of(tmp_path, "c") is None
    names = [f"the engine died (run {run.name})" for run in (first, second)]
    assert deaths_of(tmp_path, "a", None) == names
    assert deaths_of(tmp_path, "a", {"path": str(second)}) == names[:1]


def test_an_item_that_never_had_a_point(tmp_path: Path, composed: Callable[..., Any]) -> None:
    """Its run is given as it is."""
    run = record(tmp_path, composed, 0, 1, item_uid="a")
    close_interrupted_runs(tmp_path)
    found = run_of(tmp_path, "a")
    assert found is not None
    assert (found["path"], found["points"]) == (str(run), 0)
