"""Detections as rows of a stream."""

from __future__ import annotations

import pytest

from daemon.analyst.messages import Observed, pack, unpack
from daemon.detection_rows import DetectionStream, detection_rows


@pytest.fixture
def answer() -> Observed:
    """Two clusters in the image of point 3, as they come from the analyst."""
    found = {
        "boxes": [[1.0, 2.0, 9.0, 11.0], [20.0, 30.0, 28.0, 39.0]],
        "boxes_nm": [[0.2, 0.4, 1.8, 2.2], [4.0, 6.0, 5.6, 7.8]],
        "labels": [2, 0],
        "scores": [0.9, 0.5],
        "names": ["Pb3", "Pb1"],
    }
    message = Observed(3, 2.0, 0.1, 2.0, {"x": 1.0}, 1.0, 1.0, found)
    unpacked = unpack(pack(message))
    assert unpacked == message
    return message


def test_a_row_per_detection(answer: Observed) -> None:
    """With the box in pixels and nm."""
    first, second = detection_rows(answer)
    assert first == {
        "point": 3, "number": 1, "class": "Pb3", "confidence": 0.9,
        "x0_px": 1.0, "y0_px": 2.0, "x1_px": 9.0, "y1_px": 11.0,
        "x0_nm": 0.2, "y0_nm": 0.4, "x1_nm": 1.8, "y1_nm": 2.2,
    }  # fmt: skip
    assert (second["number"], second["class"]) == (2, "Pb1")
    assert detection_rows(Observed(1, 0.0, 0.0, 0.0, {}, 0.0, 0.0)) == []


def test_what_is_written_is_not_written_again(answer: Observed) -> None:
    """A point whose rows were interrupted goes on with the next; asking twice reads the same."""
    stream = DetectionStream(lambda _: detection_rows(answer))
    assert stream.waiting(3) == [(3, 1), (3, 2)]
    assert stream.set((3, 2)).done
    reading = stream.read()
    assert set(reading) == set(stream.describe())
    assert reading["detections_class"]["value"] == "Pb1"
    stream.saved({"data": {key: entry["value"] for key, entry in reading.items()}})
    assert stream.waiting(3) == [(3, 1)]


def test_columns_are_described(answer: Observed) -> None:
    """As event-model wants them, with units."""
    stream = DetectionStream(lambda _: detection_rows(answer))
    stream.set((3, 1)).wait(0)
    described = stream.describe()
    assert (described["detections_x0_px"]["units"], described["detections_y1_nm"]["units"]) == ("px", "nm")
    assert described["detections_confidence"]["units"] == ""
    assert described["detections_class"]["dtype"] == "string"
    assert described["detections_point"]["dtype"] == "integer"
