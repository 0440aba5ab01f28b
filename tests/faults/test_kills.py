"""The quick part of the fault injection: every process of the daemon is killed once in one campaign.

The whole is `python -m benchmarks.kills`.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from fault_injection.judge import Verdict, judge
from fault_injection.trial import Plan, Trial, run_trial
from fault_injection.watching import Tail, read_journals

pytestmark = pytest.mark.timeout(300)
POINTS = 40
KILLS = (
    ("analyst", "random"),
    ("engine", "frame write"),
    ("engine", "suggestion"),
    ("supervisor", "random"),
    ("server", "random"),
)
LATE = 30.0
"""Machines that run tests are busy: how soon all is safe is the benchmark's to measure, s."""


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """A campaign all of whose processes were killed."""
    trial = run_trial(
        Plan(KILLS, POINTS, seed=3, overlap=False, clock="x4", durability="power", safe_within=LATE), keep=True
    )
    yield trial
    assert trial.folder is not None
    shutil.rmtree(trial.folder, ignore_errors=True)


def test_nothing_is_lost_whatever_dies(trial: Trial) -> None:
    """No event, no frame, no document; the campaign completes, and the devices were safe in between."""
    assert trial.verdict.complaints == []
    assert [kill.victim for kill in trial.kills] == [victim for victim, _ in KILLS]
    verdict = trial.verdict
    assert verdict.frames == POINTS
    assert verdict.acknowledged >= 2 * POINTS  # points and suggestions
    assert verdict.documents == verdict.events + sum(
        name != "event" for one in read_journals(_data(trial)).values() for name, *_ in one
    )
    assert len(verdict.safe_after) == 2


def _data(trial: Trial) -> Path:
    assert trial.folder is not None
    return trial.folder / "data"


def judged_again(trial: Trial, folder: Path, change: Callable[[Path, list[Any]], object]) -> Verdict:
    """Judge a copy of what a trial left, after a change of it."""
    assert trial.folder is not None
    place = folder / "copy"
    shutil.copytree(trial.folder, place, ignore=shutil.ignore_patterns("hardware", "*.sock"))
    filled = copy.deepcopy(trial.filled)
    change(place, filled)
    # The start documents name the runs before them by where they were.
    for journal in place.glob("data/runs/*/*/journal.jsonl"):
        journal.write_text(journal.read_text().replace(str(trial.folder), str(place)))
    heard = place / "heard.jsonl"
    heard.write_text(heard.read_text().replace(str(trial.folder), str(place)))
    filled = json.loads(json.dumps(filled).replace(str(trial.folder), str(place)))
    deaths = [kill.time for kill in trial.kills if kill.victim == "engine"]
    return judge(place / "data", heard, place / "hardware.jsonl", filled, POINTS, deaths, LATE)


def largest_run(place: Path) -> Path:
    """The run with the longest journal."""
    return max(place.glob("data/runs/*/*.zarr"), key=lambda run: (run / "journal.jsonl").stat().st_size)


def drop_event(place: Path, _: list[Any]) -> None:
    """Lose an event that was acknowledged."""
    journal = largest_run(place) / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    lines.remove(next(line for line in reversed(lines) if line.startswith('["event"')))
    journal.write_text("".join(lines))


def double_event(place: Path, _: list[Any]) -> None:
    """Record an event twice."""
    journal = largest_run(place) / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if line.startswith('["event"'))
    journal.write_text("".join([*lines[: at + 1], *lines[at:]]))


def change_event(place: Path, _: list[Any]) -> None:
    """Record another value than was acknowledged."""
    heard = list(Tail(place / "heard.jsonl").new())
    event = next(one[4] for one in heard if one[3] == "event" and "detector_total" in one[4]["data"])
    event["data"]["detector_total"] += 1
    (place / "heard.jsonl").write_text("".join(json.dumps(one) + "\n" for one in heard))


def change_pixel(place: Path, _: list[Any]) -> None:
    """Count one photon more in one pixel of one frame."""
    array = zarr.open_array(largest_run(place) / "primary" / "detector", mode="r+")
    frames = np.asarray(array[:])
    frames[1, 0, 30, 30] += 1
    array[:] = frames


def swap_frames(place: Path, _: list[Any]) -> None:
    """Put one frame in another one's place."""
    array = zarr.open_array(largest_run(place) / "primary" / "detector", mode="r+")
    array[:] = np.asarray(array[:])[::-1]


def forget_document(_: Path, filled: list[Any]) -> None:
    """Leave a document out of the back-fill."""
    del filled[len(filled) // 2]


def repeat_document(_: Path, filled: list[Any]) -> None:
    """Give a document twice."""
    filled.append(filled[-1])


def disorder(_: Path, filled: list[Any]) -> None:
    """Give documents in another order."""
    filled.reverse()


def leave_open(place: Path, _: list[Any]) -> None:
    """Leave out of the hardware's log that the shutter was ever closed."""
    log = place / "hardware.jsonl"
    lines = [line for line in log.read_text().splitlines(keepends=True) if '"state": "closed"' not in line]
    log.write_text("".join(lines))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (drop_event, "events"),
        (double_event, "events"),
        (change_event, "events"),
        (change_pixel, "frames"),
        (swap_frames, "frames"),
        (forget_document, "documents"),
        (repeat_document, "documents"),
        (disorder, "documents"),
        (leave_open, "safety"),
    ],
)
def test_the_judges_are_not_blind(trial: Trial, tmp_path: Path, change: Callable[..., object], kind: Any) -> None:  # noqa: ANN401
    """Each harm that is done to the record afterwards is found; without one, all is well."""
    assert judged_again(trial, tmp_path / "as it was", lambda *_: None).complaints == []
    assert judged_again(trial, tmp_path / "harmed", change).wrong(kind) > 0
