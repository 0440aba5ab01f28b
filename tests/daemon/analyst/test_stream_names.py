"""Names of values, known before anything is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.analyst.stream_names import detector_classes, stream_references
from daemon.errors import PlanRejected
from daemon.stream_settings import StreamSettings


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A detector's files, of which only the card is read."""
    (tmp_path / "small.json").write_text(json.dumps({"classes": ["Pb1", "Pb3"]}))
    return tmp_path / "small.safetensors"


def test_classes_are_in_the_card(weights: Path) -> None:
    """The weights themselves are not touched."""
    assert detector_classes(weights) == ("Pb1", "Pb3")


def test_a_detector_that_is_not_there(tmp_path: Path) -> None:
    """What to do is said."""
    with pytest.raises(PlanRejected, match="train one with `beampilot train detection`"):
        detector_classes(tmp_path / "none.safetensors")


def test_what_a_detection_tells(weights: Path) -> None:
    """Counts and densities of all and of each class, under the step's name."""
    steps = ({"step": "detection", "weights": str(weights), "name": "clusters"},)
    assert stream_references(StreamSettings(steps=steps)) == {
        "clusters.flawed",
        "clusters.count",
        "clusters.count.Pb1",
        "clusters.count.Pb3",
        "clusters.density",
        "clusters.density.Pb1",
        "clusters.density.Pb3",
        "clusters.expected.Pb1",
        "clusters.expected.Pb3",
    }
