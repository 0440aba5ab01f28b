"""What Tiled is told of a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.errors import TiledError
from daemon.tiled.documents import PACKING, live, settled
from devices import compaction

Named = tuple[str, dict[str, Any]]


def column(documents: list[Named]) -> list[Any]:
    """The values of `x`."""
    return [document["data"]["x"] for name, document in documents if name == "event"]


@pytest.mark.parametrize(
    ("dtype", "given", "told"),
    [
        ("number", [1, 0.5], [1.0, 0.5]),
        ("number", [1, None], [1.0, math.nan]),
        ("integer", [1, 0.5], [1.0, 0.5]),
        ("integer", [1, 2**63], [1.0, float(2**63)]),
        ("integer", [1, None], [1, None]),
        ("number", [1.5, "off"], ["1.5", "off"]),
        ("boolean", [True, 2], ["true", "2"]),
        ("array", [[1], [0.5]], [[1], [0.5]]),
    ],
)
def test_a_column_has_one_type(
    composed: Callable[..., list[Named]], tmp_path: Path, dtype: str, given: list[Any], told: list[Any]
) -> None:
    """As in the recorder's arrays: numbers become floats, and what does not fit becomes text for all."""
    documents = settled(composed([{"x": value} for value in given], {"x": {"dtype": dtype}}), tmp_path)
    assert repr(column(documents)) == repr(told)


def test_live_numbers_are_floats_from_the_first_one(composed: Callable[..., list[Named]]) -> None:
    """A table whose first row has an integer would refuse the next."""
    documents = composed([{"x": 1}, {"x": 0.5}], {"x": {"dtype": "number"}})
    assert repr(column(list(live(documents, {})))) == "[1.0, 0.5]"


def announced(documents: list[Named], resource: dict[str, Any], count: int) -> list[Named]:
    """A run with frames announced one by one."""
    descriptor = documents[1][1]["uid"]
    data = [
        {
            "uid": f"{resource['uid']}/{number}",
            "stream_resource": resource["uid"],
            "descriptor": descriptor,
            "indices": {"start": number, "stop": number + 1},
            "seq_nums": {"start": number + 1, "stop": number + 2},
        }
        for number in range(count)
    ]
    return [*documents[:2], ("stream_resource", resource), *(("stream_datum", datum) for datum in data), *documents[2:]]


def test_frames_are_told_of_once_with_what_lies_on_disk(
    composed: Callable[..., list[Named]], tmp_path: Path, put_frames: Callable[..., Any]
) -> None:
    """Also where an event has no frame, so that fewer were announced than the array holds."""
    run = tmp_path / "1-abc.zarr"
    documents = announced(composed([{"x": 1.0}], {"x": {"dtype": "number"}}), put_frames(run, 5), 3)
    (datum,) = [document for name, document in settled(documents, run) if name == "stream_datum"]
    assert datum["indices"] == {"start": 0, "stop": 5}
    assert datum["seq_nums"] == {"start": 1, "stop": 6}
    assert not [name for name, _ in live(documents, {}) if name.startswith("stream_")]


def test_frames_are_found_where_the_data_folder_was_moved_to(
    composed: Callable[..., list[Named]], tmp_path: Path, put_frames: Callable[..., Any]
) -> None:
    """Tiled is told of the place where they are now."""
    old, new = tmp_path / "old" / "1-abc.zarr", tmp_path / "new folder" / "1-abc.zarr"
    documents = announced(composed([{"x": 1.0}], {"x": {"dtype": "number"}}), put_frames(old, 1), 1)
    new.parent.mkdir()
    old.rename(new)
    (resource,) = [document for name, document in settled(documents, new) if name == "stream_resource"]
    assert resource["uri"] == (new / "primary/detector").as_uri().replace("file://", "file://localhost")


def test_frames_that_are_being_packed_are_waited_for(
    composed: Callable[..., list[Named]], tmp_path: Path, put_frames: Callable[..., Any]
) -> None:
    """For an instant they have no place; frames that are gone for good are left out."""
    run = tmp_path / "1-abc.zarr"
    resource = put_frames(run, 1)
    documents = announced(composed([{"x": 1.0}], {"x": {"dtype": "number"}}), resource, 1)
    (run / "primary/detector/zarr.json").unlink()
    assert [name for name, _ in settled(documents, run)] == ["start", "descriptor", "event", "stop"]
    (run / PACKING).mkdir()
    with pytest.raises(TiledError, match="packed"):
        settled(documents, run)
    assert compaction.WORKSPACE == PACKING


def test_damaged_lines_of_a_journal_cost_no_more_than_themselves(
    record: Callable[..., Path], scan: list[Named]
) -> None:
    """The start document is also among the run's attributes; events without a descriptor mean nothing."""
    run = record(scan)
    assert settled(scan[1:], run) == scan
    assert [name for name, _ in settled([scan[0], *scan[2:]], run)] == ["start", "stop"]
