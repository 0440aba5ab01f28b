"""Fields of a survey: which is next, which again, and when it ends."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from daemon.analyst.messages import Suggested
from daemon.analyst.survey import Survey, SurveyArea, make_survey

AREA = SurveyArea(
    axes=("stage_x", "stage_y"),
    low=(20.0, 20.0),
    high=(340.0, 340.0),
    field=(40.0, 40.0),
    value=("detections.expected.Pb1", "detections.expected.Pb2"),
    density=True,
    precision=0.1,
    confidence=0.95,
    guess=1.0,
    retries=1,
    skips=3,
    scan_time=50.0,
    speeds=(500.0, 500.0),
)


class Surface:
    """A surface with some clusters everywhere, and images that may be flawed."""

    def __init__(self, seed: int = 0, mean: float = 20.0) -> None:
        self._rng, self._mean = np.random.default_rng(seed), mean
        self.positions: list[dict[str, float]] = []
        self.counts: list[float] = []
        self.flaws: list[str] = []

    @property
    def values(self) -> dict[str, NDArray[np.float64]]:
        """Two classes that add up."""
        counts = np.array(self.counts, float)
        return dict.fromkeys(AREA.value, 0.5 * counts)

    def scan(self, chosen: Suggested, flaw: str = "", count: float | None = None) -> None:
        """Take an image where the survey says."""
        self.positions.append(chosen.position)
        self.counts.append(float(self._rng.poisson(self._mean)) if count is None else count)
        self.flaws.append(flaw)

    def ask(self, survey: Survey) -> Suggested:
        """What is next."""
        return survey.next(len(self.positions) + 1, self.positions, self.values, self.flaws)


def test_fields_are_chosen_until_the_number_is_known() -> None:
    """With the count that is expected in each; every field once."""
    surface, survey = Surface(), Survey(AREA)
    chosen = surface.ask(survey)
    while not chosen.stop:
        assert chosen.reason == "expected information"
        surface.scan(chosen)
        chosen = surface.ask(survey)
    places = {(p["stage_x"], p["stage_y"]) for p in surface.positions}
    assert 8 < len(places) == len(surface.positions) < 81
    assert chosen.stop.startswith("known to")
    assert "per 100 nm²" in chosen.stop
    estimate = survey.estimate()
    assert estimate.count == pytest.approx(81 * 20.0, rel=0.12)
    assert estimate.relative_error() <= 0.1


def test_expectations_come_true() -> None:
    """After some fields the next count is expected with its deviation."""
    surface, survey = Surface(), Survey(replace(AREA, precision=0.001))
    for _ in range(15):
        chosen = surface.ask(survey)
        surface.scan(chosen)
    assert chosen.mean == pytest.approx(20.0, rel=0.15)
    assert 0.0 < chosen.deviation < 6.0
    assert chosen.acquisition > 0.0
    assert 0.0 < chosen.travel_cost < 1.0


def test_a_flawed_field_is_scanned_again_and_then_skipped() -> None:
    """With the reason; what was counted in it does not count."""
    surface, survey = Surface(), Survey(AREA)
    first = surface.ask(survey)
    surface.scan(first, "tip change at line 12 (its height jumps)", 500.0)
    second = surface.ask(survey)
    assert second.position == first.position
    assert second.reason == "scanned again: tip change at line 12 (its height jumps)"
    surface.scan(second, "noise: there is no surface", 0.0)
    third = surface.ask(survey)
    assert third.position != first.position
    assert third.reason == "expected information; the field before was skipped: noise: there is no surface"
    surface.scan(third)
    fourth = surface.ask(survey)
    assert fourth.reason == "expected information"
    assert fourth.position not in (first.position, third.position)
    assert survey.estimate().count < 81 * 40.0


def test_a_second_try_that_is_sound_counts() -> None:
    """And the survey goes on as if nothing had been."""
    surface, survey = Surface(), Survey(AREA)
    surface.scan(surface.ask(survey), "noise", 0.0)
    surface.scan(surface.ask(survey), "", 25.0)
    chosen = surface.ask(survey)
    assert chosen.reason == "expected information"
    assert survey.skipped == []
    assert chosen.position != surface.positions[0]


def test_too_many_skipped_fields_end_a_survey() -> None:
    """The tip needs care."""
    surface, survey = Surface(), Survey(AREA)
    for _ in range(6):
        chosen = surface.ask(survey)
        assert not chosen.stop
        surface.scan(chosen, "blank: the image is constant", np.nan)
    stop = surface.ask(survey).stop
    assert stop == "3 fields in a row had to be skipped, the last one for blank: the image is constant"


def test_what_could_not_be_counted_is_flawed() -> None:
    """A frame that was missed must not count as empty."""
    surface, survey = Surface(), Survey(AREA)
    surface.scan(surface.ask(survey), "", np.nan)
    assert surface.ask(survey).reason == "scanned again: nothing could be counted"


def test_it_comes_to_the_same_again() -> None:
    """An analyst that died asks a new survey with all points at once."""
    surface, survey = Surface(), make_survey(asdict(AREA))
    for row in range(8):
        surface.scan(surface.ask(survey), "noise" if row == 3 else "")
    again = make_survey({**asdict(AREA), "axes": list(AREA.axes), "field": list(AREA.field)})
    assert surface.ask(survey) == surface.ask(again)


def test_everything_seen_is_the_end() -> None:
    """Also when it is not known well enough."""
    area = replace(AREA, high=(100.0, 20.1), precision=1e-6)
    surface, survey = Surface(mean=3.0), Survey(area)
    for _ in range(3):
        surface.scan(surface.ask(survey))
    stop = surface.ask(survey).stop
    assert "all 3 fields" in stop or "known to 0.0 %" in stop


def test_results_in_the_run(tmp_path: Path) -> None:
    """The number in the area, and the density over it."""
    surface, survey = Surface(), Survey(AREA)
    for _ in range(10):
        surface.scan(surface.ask(survey))
    survey.learn(surface.positions, surface.values, surface.flaws)
    survey.write(tmp_path, {"stage_x": "nm", "stage_y": "nm"})
    told = zarr.open_group(tmp_path / "analysis" / "survey", mode="r")
    assert told.attrs["fields"] == 10
    assert told.attrs["area"] == pytest.approx(360.0**2)
    assert told.attrs["density"] == pytest.approx(100.0 * survey.estimate().count / 360.0**2)
    maps = zarr.open_group(tmp_path / "analysis" / "optimization", mode="r")
    assert maps["mean"].shape == (9, 9)
    np.testing.assert_allclose(maps["mean"][:], 100.0 * 20.0 / 1600.0, rtol=0.25)
    np.testing.assert_allclose(maps["stage_x"][:], np.arange(20.0, 341.0, 40.0))
    assert maps["stage_x"].attrs["units"] == "nm"
    assert maps["acquisition"].metadata.dimension_names == ("stage_y", "stage_x")
