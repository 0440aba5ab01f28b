"""What a survey has counted so far, as the analyst left it in the run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemon.recorder.layout import METADATA

FOLDER = Path("analysis", "survey")


@dataclass(frozen=True, slots=True)
class OnlineSurvey:
    """The number of clusters in an area, or their density.

    Attributes:
        clusters: What was counted: a class, or all.
        value: The number or the density.
        low: Lower end of its interval.
        high: Upper end.
        unit: Of the density, with a blank before it; empty for a number.
        confidence: Of the interval.
        fields: Images that counted.
    """

    clusters: str
    value: float
    low: float
    high: float
    unit: str
    confidence: float
    fields: int

    @property
    def headline(self) -> str:
        """The result in a line."""
        return (
            f"{self.value:.4g} {self.clusters}{self.unit} ({self.low:.4g} to {self.high:.4g} with "
            f"{100 * self.confidence:g} % confidence), from {self.fields} images"
        )


def read_survey(run: Path) -> OnlineSurvey | None:
    """Read what a run's survey counted; None where it was none."""
    file = run / FOLDER / METADATA
    if not file.is_file():
        return None
    about: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["attributes"]
    density = about["sought"] == "density"
    low, high = about["density_interval" if density else "interval"]
    names = [str(value).rpartition(".")[2] for value in about["value"]]
    return OnlineSurvey(
        names[0] if len(names) == 1 else "clusters",
        float(about["density" if density else "count"]),
        float(low),
        float(high),
        " per 100 nm²" if density else "",
        float(about["confidence"]),
        int(about["fields"]),
    )
