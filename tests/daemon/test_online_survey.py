"""What a survey tells in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.analyst.maps import write_group
from daemon.online_survey import read_survey

ABOUT: dict[str, Any] = {
    "value": ["detections.expected.Pb1", "detections.expected.Pb2"],
    "count": 1234.4,
    "interval": [1100.2, 1380.7],
    "density": 1.375,
    "density_interval": [1.23, 1.53],
    "confidence": 0.95,
    "fields": 41,
}


def test_a_density(tmp_path: Path) -> None:
    """Of all clusters, with its interval."""
    write_group(tmp_path, "survey", {**ABOUT, "sought": "density"})
    found = read_survey(tmp_path)
    assert found is not None
    assert found.headline == "1.375 clusters per 100 nm² (1.23 to 1.53 with 95 % confidence), from 41 images"


def test_the_number_of_one_class(tmp_path: Path) -> None:
    """By its name."""
    write_group(tmp_path, "survey", {**ABOUT, "value": ABOUT["value"][1:], "sought": "count"})
    found = read_survey(tmp_path)
    assert found is not None
    assert found.headline == "1234 Pb2 (1100 to 1381 with 95 % confidence), from 41 images"


def test_other_runs(tmp_path: Path) -> None:
    """Nothing was counted."""
    assert read_survey(tmp_path) is None
