"""A sound run is found sound, and every way to damage it is found and named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from daemon.cli.app import run as beampilot
from daemon.errors import RecorderError
from daemon.recorder import Recorder
from daemon.recorder.journal import JournalReader, encode
from daemon.verify import verify_run

Named = tuple[str, dict[str, Any]]
Change = Callable[[list[Named]], None]


@pytest.fixture
def run(demo: dict[str, Any], tmp_path: Path) -> Path:
    """A copy of the demo's run: 12 points with frames."""
    return Path(shutil.copytree(demo["run"], tmp_path / "runs" / "2026-01-01" / Path(demo["run"]).name))


def rewrite(run: Path, change: Change) -> None:
    """Changes the documents of a journal."""
    journal = run / "journal.jsonl"
    documents = JournalReader(journal).read()
    change(documents)
    journal.write_bytes(b"".join(encode(name, document) for name, document in documents))


def places(documents: list[Named], name: str, key: str = "") -> list[int]:
    """Where the documents of a name stand; of events, those with a data key."""
    return [
        index
        for index, (kind, document) in enumerate(documents)
        if kind == name and (not key or key in document.get("data", {}))
    ]


def problems(run: Path) -> str:
    """All problems of a run as text."""
    return "\n".join(f"{problem.where}: {problem.what}" for problem in verify_run(run).problems)


def test_a_sound_run(run: Path) -> None:
    """Everything is looked at, and nothing is wrong."""
    told: list[tuple[int, int]] = []
    found = verify_run(run, lambda done, total: told.append((done, total)))
    assert found.problems == ()
    assert found.status == "success"
    assert found.events == {"baseline": 2, "primary": 12, "suggestions": 12}
    assert found.frames == {"primary/detector": 12}
    assert found.arrays > 50
    assert told[-1] == (12, 12)


def drop_event(documents: list[Named]) -> None:
    """An event is lost in the middle."""
    del documents[places(documents, "event", "detector_total")[4]]


def drop_last_event(documents: list[Named]) -> None:
    """The last event is lost."""
    del documents[places(documents, "event", "detector_total")[-1]]


def drop_datum(documents: list[Named]) -> None:
    """The announcement of a frame is lost."""
    del documents[places(documents, "stream_datum")[3]]


def change_value(documents: list[Named]) -> None:
    """A value is another one than was recorded in the array."""
    documents[places(documents, "event", "detector_total")[6]][1]["data"]["detector_total"] += 1


def drop_key(documents: list[Named]) -> None:
    """A value of an event is lost."""
    del documents[places(documents, "event", "detector_total")[2]][1]["data"]["detector_total"]


def copy_uid(documents: list[Named]) -> None:
    """Two events have one uid."""
    first, second = places(documents, "event", "detector_total")[:2]
    documents[second][1]["uid"] = documents[first][1]["uid"]


def break_schema(documents: list[Named]) -> None:
    """A time is a word."""
    documents[places(documents, "event")[0]][1]["time"] = "noon"


def orphan_event(documents: list[Named]) -> None:
    """An event of a descriptor that nobody wrote."""
    documents[places(documents, "event")[0]][1]["descriptor"] = "nobody"


def drop_start(documents: list[Named]) -> None:
    """The start document is lost."""
    del documents[0]


def swap_stop(documents: list[Named]) -> None:
    """The stop document comes too early."""
    documents.insert(-3, documents.pop())


def misnumber_stop(documents: list[Named]) -> None:
    """The stop document counts wrongly."""
    documents[-1][1]["num_events"]["primary"] = 13


def invent_document(documents: list[Named]) -> None:
    """A document of a kind that the event model does not have."""
    documents.insert(3, ("gossip", {"uid": "g"}))


def begin_twice(documents: list[Named]) -> None:
    """Another start document in the middle."""
    documents.insert(3, ("start", documents[0][1] | {"uid": "again"}))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (drop_event, "primary: event 6 follows event 4"),
        (drop_last_event, "num_events says {'baseline': 2, 'primary': 12, 'suggestions': 12}, but"),
        (drop_datum, "primary/detector: frames 4 to 4 follow frame 2"),
        (change_value, "primary/detector_total: event 7 holds"),
        (drop_key, "its data keys are not those of its descriptor: detector_total"),
        (copy_uid, "was used before"),
        (break_schema, "'noon' is not of type 'number'"),
        (orphan_event, "no descriptor has the uid nobody"),
        (drop_start, "it comes before any start document"),
        (swap_stop, "it comes after the stop document"),
        (misnumber_stop, "'primary': 13"),
        (invent_document, "the event model has no document of that name"),
        (begin_twice, "the run has a start document already"),
    ],
)
def test_a_damaged_journal(run: Path, change: Change, complaint: str) -> None:
    """Each kind of damage is named where it is."""
    rewrite(run, change)
    assert complaint in problems(run)


def test_lines_that_hold_no_document(run: Path) -> None:
    """Garbage, and a line that was not completed."""
    with (run / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"half": \n["event", {')
    found = problems(run)
    assert "journal: 1 of its lines hold no document" in found
    assert "its last line was not completed (11 bytes)" in found


def test_a_changed_array(run: Path) -> None:
    """The first event that differs is named, with both values."""
    array = zarr.open_array(run / "primary" / "stage_x", mode="r+")
    array[5] = -1.0
    array[7] = np.nan
    found = problems(run)
    assert "primary/stage_x: event 6 holds -1.0, but the journal says" in found
    assert "1 more events differ" in found


def test_a_missing_array_and_a_shortened_one(run: Path) -> None:
    """Both are found in one go."""
    shutil.rmtree(run / "primary" / "stage_x")
    zarr.open_array(run / "primary" / "stage_y", mode="r+").resize((11,))
    found = problems(run)
    assert "primary/stage_x: the array is missing" in found
    assert "primary/stage_y: its shape is (11,), but the journal makes it (12,)" in found


def shards(run: Path) -> list[Path]:
    """The files that hold the frames."""
    found = [path for path in (run / "primary" / "detector" / "c").rglob("*") if path.is_file()]
    assert found
    return found


def test_lost_frames_are_not_taken_for_dark_ones(run: Path) -> None:
    """Zarr reads zeros where a file is missing; the event's own count tells."""
    for path in shards(run):
        path.unlink()
    found = problems(run)
    assert "primary/detector: frame 0 is blank, but its event counted" in found
    assert found.count("is blank") == 12


def test_frames_that_cannot_be_read(run: Path) -> None:
    """A flipped byte in a shard."""
    path = shards(run)[0]
    content = bytearray(path.read_bytes())
    content[-8] ^= 0xFF
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert "cannot be read" in problems(run)


def test_fewer_frames_than_events(run: Path) -> None:
    """The array was cut."""
    array = zarr.open_array(run / "primary" / "detector", mode="r+")
    array.resize((11, *array.shape[1:]))
    assert "primary/detector: it holds 11 frames for 12 events" in problems(run)


def test_attributes_of_another_run(run: Path) -> None:
    """The run's attributes repeat its documents."""
    metadata = json.loads((run / "zarr.json").read_text())
    metadata["attributes"]["stop"]["reason"] = "somebody wrote here"
    (run / "zarr.json").write_text(json.dumps(metadata))
    assert "attributes: their stop document is not the journal's" in problems(run)


def test_an_interrupted_run_is_sound_as_far_as_it_goes(run: Path) -> None:
    """Its arrays may lag behind; its last line may be half written."""
    metadata = json.loads((run / "zarr.json").read_text())
    metadata["attributes"]["stop"] = None
    (run / "zarr.json").write_text(json.dumps(metadata))
    journal = run / "journal.jsonl"
    os.truncate(journal, journal.stat().st_size - 20)
    found = verify_run(run)
    assert found.status == "interrupted"
    assert found.problems == ()
    assert found.arrays == 0


def test_a_point_that_was_measured_again_is_no_problem(
    recorder: Recorder, composed: Callable[..., list[Named]]
) -> None:
    """The later version counts, in the journal and in the arrays."""
    documents = composed([{"x": 1.0}, {"x": 2.0}, {"x": float("nan")}], {"x": {"dtype": "number"}})
    again = documents[3][1] | {"uid": "again", "data": {"x": 2.5}}
    for name, document in [*documents[:4], ("event", again), *documents[4:]]:
        recorder(name, document)
    assert recorder.wait_closed(30.0)
    assert recorder.run is not None
    found = verify_run(recorder.run)
    assert found.problems == ()
    assert found.events == {"primary": 3}


def test_what_is_no_run(tmp_path: Path) -> None:
    """One line that says so."""
    with pytest.raises(RecorderError, match="is not a run"):
        verify_run(tmp_path)


def test_the_command(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 for a sound run, 1 for another, and the problems in words and in JSON."""
    assert beampilot(["verify", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sound"] is True
    rewrite(run, change_value)
    assert beampilot(["verify", str(run)]) == 1
    printed = capsys.readouterr().out
    assert "1 problems" not in printed
    assert "1 problem" in printed
    assert "primary/detector_total  event 7 holds" in printed
    assert beampilot(["verify", str(run), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["problems"]
    assert found["where"] == "primary/detector_total"
