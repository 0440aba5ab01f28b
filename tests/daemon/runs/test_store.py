"""Finding runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.errors import RunNotFound
from daemon.recorder import Recorder
from daemon.runs import RunStore

Named = tuple[str, dict[str, Any]]


@pytest.fixture
def store(tmp_path: Path, composed: Callable[..., list[Named]]) -> RunStore:
    """Eleven closed runs and one that was interrupted; scan number 3 was given twice."""
    recorder = Recorder(tmp_path)
    for number in [1, 2, 3, *range(3, 11), 12]:
        documents = composed([{"a": 1.0}], {"a": {"dtype": "number"}}, scan_id=number)
        for name, document in documents if number != 12 else documents[:-1]:
            recorder(name, document)
    assert recorder.wait_closed(20.0)
    recorder.close()
    return RunStore(tmp_path)


def test_runs_are_listed_oldest_first(store: RunStore) -> None:
    """By time, whatever their numbers; one that cannot be read does not hide the others."""
    assert [summary.scan_id for summary in store.list()] == [1, 2, 3, *range(3, 11), 12]
    assert [summary.exit_status for summary in store.list()] == ["success"] * 11 + ["interrupted"]
    (store.paths()[0] / "zarr.json").write_text("{")
    assert len(store.list()) == 11


def test_a_run_is_found_by_number_uid_folder_and_latest(store: RunStore) -> None:
    """Whatever a person has at hand."""
    summaries = store.list()
    second = summaries[1]
    for text in ("2", second.uid, second.uid[:6], second.uid[:12], second.path.name, str(second.path)):
        assert store.find(text) == second.path
    assert store.find("latest") == summaries[-1].path
    assert store.find("1") == summaries[0].path
    assert store.find("3") in (summaries[2].path, summaries[3].path)
    assert store.open("2").start["uid"] == second.uid
    assert store.find(os.path.relpath(second.path)) == second.path


def test_what_is_not_there_is_said_with_what_is(store: RunStore, tmp_path: Path) -> None:
    """One line, exit code 2."""
    with pytest.raises(RunNotFound, match=r"no run '99' among 12 in .* \(newest: 9-\w+, 10-\w+, 12-\w+\)") as caught:
        store.find("99")
    assert caught.value.exit_code == 2
    with pytest.raises(RunNotFound, match=r"'' could be any of 12 runs"):
        store.find("")
    with pytest.raises(RunNotFound, match="there are no runs in"):
        RunStore(tmp_path / "none").find("latest")
    assert RunStore(tmp_path / "none").list() == []
