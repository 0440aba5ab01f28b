"""Virtual motors."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import MoveInterruptedError
from devices.protocols import AxisBackend
from devices.stage import Axis
from simulators.clock import SimulatedClock
from simulators.motion import MotionController, SimulatedAxis

PATIENCE = 10.0
"""How long a test waits for a thread, s: far longer than it takes."""


class HandClock(SimulatedClock):
    """A clock with a rate whose time the test sets: timers fire when time passes them."""

    def __init__(self) -> None:
        super().__init__(rate=1.0)
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        """Return what the test has set."""
        return self.now

    def call_after(self, seconds: float, callback: Callable[[], None]) -> HandClock:
        """Keep the callback."""
        self.due.append((self.now + seconds, callback))
        return self

    def cancel(self) -> None:
        """Forget all callbacks."""
        self.due.clear()

    def advance(self, until: float) -> None:
        """Let time pass."""
        while self.due and min(self.due)[0] <= until:
            timer = min(self.due)
            self.due.remove(timer)
            self.now = timer[0]
            timer[1]()
        self.now = until


def make_axis(clock: SimulatedClock, name: str = "x", **options: float) -> SimulatedAxis:
    """Make an axis with a speed of 10 µm/s."""
    return SimulatedAxis(MotionController(clock), name, limits=(0.0, 150.0), speed=10.0, **options)


def test_meets_the_protocol() -> None:
    """An axis device accepts it."""
    assert isinstance(make_axis(SimulatedClock()), AxisBackend)


def test_a_move_takes_distance_over_speed_and_settling() -> None:
    """50 µm at 10 µm/s and 0.5 s of settling are 5.5 s."""
    clock = SimulatedClock(start=0.0)
    axis, ends = make_axis(clock, settling_time=0.5), []
    axis.move(50.0, ends.append)
    assert (ends, axis.position()) == ([None], 50.0)
    assert clock.time() == pytest.approx(5.5)


def test_the_motor_is_on_its_way_in_between() -> None:
    """Positions follow the speed; the move ends after settling, not on arrival."""
    clock = HandClock()
    axis, ends = make_axis(clock, settling_time=0.5, position=20.0), []
    axis.move(0.0, ends.append)
    for now, position in ((0.0, 20.0), (0.5, 15.0), (1.75, 2.5), (2.0, 0.0), (2.4, 0.0)):
        clock.advance(now)
        assert axis.position() == pytest.approx(position)
        assert ends == []
    clock.advance(2.5)
    assert ends == [None]


def test_a_stop_leaves_it_where_it_is_and_fails_the_move() -> None:
    """The position stays; the move reports where it was interrupted; the timer never fires."""
    clock = HandClock()
    axis, ends = make_axis(clock), []
    axis.move(100.0, ends.append)
    clock.advance(3.0)
    axis.stop()
    clock.advance(100.0)
    assert axis.position() == pytest.approx(30.0)
    (error,) = ends
    assert isinstance(error, MoveInterruptedError)
    assert str(error) == "x: stopped at 30 µm on the way to 100 µm"


def test_a_second_move_begins_where_the_first_was_interrupted() -> None:
    """The first fails, the second succeeds, and the way is counted from the turning point."""
    clock = HandClock()
    axis, first, second = make_axis(clock), [], []
    axis.move(100.0, first.append)
    clock.advance(4.0)
    axis.move(30.0, second.append)
    assert isinstance(first[0], MoveInterruptedError)
    clock.advance(4.9)
    assert second == []
    clock.advance(5.0)
    assert (second, axis.position(), len(first)) == ([None], 30.0, 1)


def test_stop_at_rest_does_nothing() -> None:
    """Neither before the first move nor after one."""
    axis, ends = make_axis(SimulatedClock()), []
    axis.stop()
    axis.move(5.0, ends.append)
    axis.stop()
    assert (ends, axis.position()) == ([None], 5.0)


def test_backlash_lets_the_sample_lag_behind_the_encoder() -> None:
    """Half the play in the direction of motion; a move smaller than the play does not reach the sample."""
    axis = make_axis(SimulatedClock(), backlash=0.4, position=10.0)
    assert axis.sample_position() == 10.0
    for target, sample in ((20.0, 19.8), (20.1, 19.9), (19.9, 19.9), (19.7, 19.9), (19.6, 19.8), (0.0, 0.2)):
        axis.move(target, lambda _: None)
        assert axis.position() == target
        assert axis.sample_position() == pytest.approx(sample)


@settings(deadline=None)
@given(targets=st.lists(st.floats(0, 150), min_size=1, max_size=10), backlash=st.floats(0, 5))
def test_the_sample_is_never_further_from_the_motor_than_the_play(targets: list[float], backlash: float) -> None:
    """Whatever the moves, half the play is the most."""
    axis = make_axis(SimulatedClock(), backlash=backlash)
    for target in targets:
        axis.move(target, lambda _: None)
        assert abs(axis.sample_position() - target) <= 0.5 * backlash + 1e-12


def test_axes_moved_together_take_as_long_as_the_slowest_and_not_the_sum() -> None:
    """As fast as possible, too: a move of x and y at once is one motion."""
    clock = SimulatedClock(start=0.0)
    controller = MotionController(clock)
    x, y = (SimulatedAxis(controller, name, limits=(0.0, 150.0), speed=10.0) for name in "xy")
    x.move(50.0, lambda _: None)
    y.move(100.0, lambda _: None)
    assert clock.time() == pytest.approx(10.0)
    x.move(0.0, lambda _: None)
    y.move(90.0, lambda _: None)
    assert clock.time() == pytest.approx(15.0)


def test_one_axis_moved_twice_takes_both_times() -> None:
    """Moves of the same axis cannot overlap, nor can moves with an exposure in between."""
    clock = SimulatedClock(start=0.0)
    controller = MotionController(clock)
    x, y = (SimulatedAxis(controller, name, limits=(0.0, 150.0), speed=10.0) for name in "xy")
    x.move(50.0, lambda _: None)
    x.move(0.0, lambda _: None)
    assert clock.time() == pytest.approx(10.0)
    clock.call_after(1.0, lambda: None)
    y.move(50.0, lambda _: None)
    assert clock.time() == pytest.approx(16.0)


def test_stopped_in_real_time_from_another_thread() -> None:
    """With a thread: the device's status fails, and the axis stays where it was stopped."""
    clock = SimulatedClock(rate=1.0)
    axis = Axis(make_axis(clock), name="stage_x")
    status = axis.set(150.0)
    thread = threading.Thread(target=axis.stop)
    thread.start()
    thread.join()
    assert isinstance(status.exception(PATIENCE), MoveInterruptedError)
    position = axis.position
    assert 0.0 <= position < 150.0
    assert axis.position == position
    clock.close()


def test_two_axes_move_at_once_in_real_time() -> None:
    """Both statuses end, and each axis has been between its ends at the same time."""
    clock = SimulatedClock(rate=200.0)
    controller = MotionController(clock)
    axes = [Axis(SimulatedAxis(controller, n, limits=(0.0, 150.0), speed=10.0), name=n) for n in "xy"]
    statuses = [axis.set(100.0) for axis in axes]
    assert all(axis.moving for axis in axes)
    for status in statuses:
        status.wait(PATIENCE)
    assert [axis.position for axis in axes] == [100.0, 100.0]
    clock.close()


def test_where_it_was_before_it_stopped_is_where_it_stopped() -> None:
    """An exposure that began before a stop asks for times before it: there is an answer, the nearest one known."""
    clock = HandClock()
    axis = make_axis(clock)
    axis.move(100.0, lambda _: None)
    clock.advance(3.0)
    axis.stop()
    assert axis.sample_position(1.0) == pytest.approx(30.0)
