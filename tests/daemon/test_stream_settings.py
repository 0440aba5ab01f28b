"""The chain of on-line steps as settings declare it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from analysis.streaming import STEPS
from analysis.unmixing.statistics import statistic_names
from daemon.analyst.stream_names import stream_references
from daemon.stream_settings import STEP_NAMES, StreamSettings, stack_chain


def test_the_names_of_steps_are_those_that_can_be_made() -> None:
    """They are repeated only because the engine must not import what makes them."""
    assert set(STEP_NAMES) == set(STEPS)


def test_the_names_of_map_statistics_are_those_that_are_computed() -> None:
    """Likewise."""
    known = stream_references(StreamSettings(steps=stack_chain(3)))
    assert set(statistic_names(3)) <= known
    others = {"unmixing.change", *(f"unmixing.weights[{k}]" for k in range(3)), "normalisation.factor"}
    assert known - set(statistic_names(3)) == others | {f"registration.displacement[{axis}]" for axis in (0, 1)}


def test_windows_and_names_of_steps_are_known() -> None:
    """A step may be named anew."""
    steps = (
        {"step": "regions", "windows": {"grain": [0, 4, 0, 4]}},
        {"step": "unmixing", "n_components": 2, "name": "u"},
    )
    known = stream_references(StreamSettings(steps=steps))
    assert {"roi.grain.sum", "roi.grain.mean", "u.change", "u.maps[1].coverage"} <= known
    assert StreamSettings(steps=steps).components == 2


@pytest.mark.parametrize("step", ["unmix", {"step": "fft"}, {"n_components": 3}])
def test_an_unknown_step_is_refused(step: object) -> None:
    """With those that there are."""
    with pytest.raises(ValidationError, match=r"steps\[1\].*choose one of dark-flat"):
        StreamSettings.model_validate({"steps": ["dark-flat", step]})


def test_dask_needs_an_address() -> None:
    """The error says what to set."""
    with pytest.raises(ValidationError, match="set scheduler"):
        StreamSettings(executor="dask")
