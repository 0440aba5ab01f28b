"""What a device does wrong, and when."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from simulators.diffractometer import instrument
from simulators.errors import SimulatorError
from simulators.faults import Fault, Script


def _script(**changes: object) -> Script:
    return Script([Fault.model_validate({"device": "detector", "kind": "timeout", **changes})])


def test_chosen_uses_go_wrong_and_their_tries_count_as_one_use() -> None:
    """Uses 2 and 4, two tries each."""
    script = _script(points=[2, 4], times=2)
    assert [script.next() for _ in range(8)] == ["", "timeout", "timeout", "", "", "timeout", "timeout", ""]


def test_chance_repeats_with_the_seed() -> None:
    """About as often as asked for."""
    first, again, other = (_script(probability=0.2, seed=seed) for seed in (1, 1, 2))
    drawn = [first.next() for _ in range(1000)]
    assert drawn == [again.next() for _ in range(1000)]
    assert drawn != [other.next() for _ in range(1000)]
    assert 120 < sum(map(bool, drawn)) < 220


@pytest.mark.parametrize("wrong", [{}, {"points": [0]}, {"points": [1], "times": 0}, {"probability": 1.0}])
def test_what_never_or_always_happens_is_refused(wrong: dict[str, object]) -> None:
    """A fault needs points, or a probability below one."""
    with pytest.raises(ValidationError):
        _script(**wrong)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"device": "detectr", "kind": "nan"}, "there is no 'detectr'; choose one of stage_x"),
        ({"device": "detector", "kind": "stall"}, "detector cannot do 'stall'; choose one of timeout"),
        ({"device": "stage_x", "kind": "nan"}, "stage_x cannot do 'nan'; choose one of stall"),
        ({"device": "monitor_current", "kind": "shape"}, "choose one of nan, disconnect"),
        ({"device": "detector", "kind": "explode"}, "option 'faults.0.kind'"),
    ],
)
def test_the_instrument_refuses_faults_that_it_cannot_have(fault: dict[str, object], message: str) -> None:
    """And says which there are."""
    with pytest.raises(SimulatorError, match=message):
        instrument(faults=[{**fault, "points": [1]}])
