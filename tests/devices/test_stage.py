"""Axes and stages."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from bluesky.plan_stubs import mv
from hypothesis import given, settings
from hypothesis import strategies as st
from ophyd.positioner import PositionerBase
from ophyd.utils.errors import LimitError

from devices.errors import MoveInterruptedError, OutOfLimitsError
from devices.stage import Axis, Stage, make_stage


def test_a_move_is_done_when_the_hardware_says_so(fakes: SimpleNamespace) -> None:
    """The status follows the back-end's ``done``."""
    backend = fakes.axis()
    axis = Axis(backend, name="stage_x")
    status = axis.set(5)
    seen: list[object] = []
    status.add_callback(seen.append)
    assert (backend.target, status.done, axis.moving) == (5.0, False, True)
    backend.arrive()
    assert (status.success, axis.moving, axis.position, seen) == (True, False, 5.0, [status])


def test_reading_and_description(fakes: SimpleNamespace) -> None:
    """One data key with the axis' own name, its unit and its limits."""
    axis = Axis(fakes.axis(at=3.5, now=77.0, limits=(-1.0, 4.0)), name="stage_x")
    assert axis.read() == {"stage_x": {"value": 3.5, "timestamp": 77.0}}
    key = axis.describe()["stage_x"]
    assert (key["units"], key["dtype"], key["dtype_numpy"], key["shape"]) == ("µm", "number", "<f8", [])
    assert key["limits"] == {"control": {"low": -1.0, "high": 4.0}}
    configuration = axis.describe_configuration()
    assert configuration["stage_x_speed"]["units"] == "µm/s"
    assert axis.read_configuration()["stage_x_settling_time"]["value"] == 0.5
    assert axis.hints == {"fields": ["stage_x"]}


def test_limits_are_inclusive_and_the_error_says_everything(fakes: SimpleNamespace) -> None:
    """Axis, value, limits and unit stand in the message, and nothing moves."""
    backend = fakes.axis(limits=(0.0, 150.0))
    axis = Axis(backend, name="stage_x")
    axis.check_value(0.0)
    axis.check_value(150.0)
    with pytest.raises(OutOfLimitsError, match=r"^stage_x: 150\.1 µm lies outside its limits, 0 to 150 µm$"):
        axis.set(150.1)
    assert backend.done is None
    assert issubclass(OutOfLimitsError, LimitError)


@settings(deadline=None)
@given(value=st.floats(allow_nan=True, allow_infinity=True), low=st.floats(-1e6, 1e6), width=st.floats(0, 1e6))
def test_exactly_the_finite_values_between_the_limits_pass(value: float, low: float, width: float) -> None:
    """NaN and infinities never pass, whatever the limits."""

    class Backend:
        units, speed, settling_time = "mm", 1.0, 0.0
        limits = (low, low + width)

    axis = Axis(Backend(), name="a")  # pyright: ignore[reportArgumentType]
    if math.isfinite(value) and low <= value <= low + width:
        axis.check_value(value)
    else:
        with pytest.raises(OutOfLimitsError):
            axis.check_value(value)


def test_a_stopped_move_fails_and_says_where(fakes: SimpleNamespace) -> None:
    """``stop`` fails the move under way."""
    backend = fakes.axis()
    axis = Axis(backend, name="stage_x")
    status = axis.set(10.0)
    backend.at = 4.0
    axis.stop()
    with pytest.raises(MoveInterruptedError, match="stopped at 4 µm on the way to 10 µm"):
        status.wait(0)
    assert not axis.moving


def test_a_stop_that_counts_as_success_ends_the_move_well(fakes: SimpleNamespace) -> None:
    """On a pause bluesky stops with ``success=True``, and replays the move later."""
    backend = fakes.axis()
    axis = Axis(backend, name="stage_x")
    status = axis.set(10.0)
    axis.stop(success=True)
    assert status.success
    assert backend.done is None


def test_stop_at_rest_does_nothing(fakes: SimpleNamespace) -> None:
    """An axis that was never moved, or has arrived, can be stopped."""
    backend = fakes.axis()
    axis = Axis(backend, name="stage_x")
    axis.stop()
    status = axis.set(1.0)
    backend.arrive()
    axis.stop()
    assert status.success


def test_locate_knows_set_point_and_readback(fakes: SimpleNamespace) -> None:
    """Before any move the set-point is where the axis is."""
    backend = fakes.axis(at=2.0)
    axis = Axis(backend, name="stage_x")
    assert axis.locate() == {"setpoint": 2.0, "readback": 2.0}
    axis.set(9.0)
    assert axis.locate() == {"setpoint": 9.0, "readback": 2.0}


def test_subscribers_hear_of_start_and_end(fakes: SimpleNamespace) -> None:
    """Ophyd's events run, with the instrument's time."""
    backend = fakes.axis(now=5.0)
    axis = Axis(backend, name="stage_x")
    seen: list[tuple[str, float]] = []
    for event in (PositionerBase.SUB_START, PositionerBase.SUB_READBACK, PositionerBase.SUB_DONE):
        axis.subscribe(
            lambda event=event, timestamp=None, **_: seen.append((event, timestamp)), event_type=event, run=False
        )
    axis.set(1.0)
    backend.now = 6.0
    backend.arrive()
    assert seen == [("start_moving", 5.0), ("readback", 6.0), ("done_moving", 6.0)]


def test_a_stage_has_axes_with_keys_of_their_own(fakes: SimpleNamespace) -> None:
    """Data keys are the stage's name and the axis'."""
    stage = Stage({"x": fakes.axis(at=1.0), "y": fakes.axis(at=2.0)}, name="stage")
    assert {key: reading["value"] for key, reading in stage.read().items()} == {"stage_x": 1.0, "stage_y": 2.0}
    assert list(stage.axes) == ["x", "y"]
    assert stage.axes["y"] is stage.y


def test_stopping_a_stage_stops_every_axis(fakes: SimpleNamespace) -> None:
    """Both moves fail."""
    stage = Stage({"x": fakes.axis(), "y": fakes.axis()}, name="stage")
    moves = [stage.x.set(1.0), stage.y.set(2.0)]
    stage.stop()
    assert [move.success for move in moves] == [False, False]
    assert all(move.done for move in moves)


def test_a_stage_with_other_axes(fakes: SimpleNamespace) -> None:
    """The axes are those that there are back-ends for."""
    stage = make_stage({"energy": fakes.axis(units="eV", at=930.0)}, name="mono")
    assert stage.read()["mono_energy"]["value"] == 930.0
    assert stage.axes["energy"].egu == "eV"
    assert type(make_stage({"x": fakes.axis(), "y": fakes.axis()})) is Stage


def test_a_set_point_beyond_the_limits_ends_a_plan_with_that_error(bench: SimpleNamespace) -> None:
    """The RunEngine raises what the axis raised."""
    with pytest.raises(OutOfLimitsError, match="stage_y: -1 µm"):
        bench.engine(mv(bench.stage.x, 5.0, bench.stage.y, -1.0))
