"""A plan waits while something is tripped, measures the interrupted point again, and misses no trip."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from bluesky import Msg, RunEngine
from bluesky.utils import RunEngineInterrupted

from daemon.engine.control import Control
from daemon.engine.interruptions import Interruptions
from daemon.engine.run_engine import close_run_engine, make_run_engine
from daemon.engine.suspenders import Suspenders
from devices.shutter import Shutter
from devices.status import Status
from simulators.clock import SimulatedClock
from simulators.hardware import SimulatedShutter


@dataclass
class Bench:
    """A RunEngine with suspenders, and a plan that says what it does."""

    engine: RunEngine
    control: Control
    kept: Interruptions
    suspenders: Suspenders
    shutter: Shutter
    log: list[str] = field(default_factory=list)
    thread: threading.Thread | None = None
    failure: BaseException | None = None

    def plan(self, points: int, step: float = 0.02) -> Iterator[Msg]:
        """Notes the beginning and the end of each point."""
        for number in range(points):
            yield Msg("checkpoint")
            yield Msg("note", None, f"begin {number}")
            yield Msg("sleep", None, step)
            yield Msg("note", None, f"end {number}")

    def start(self, plan: Iterator[Msg]) -> None:
        """Runs a plan in a thread, as the engine does."""
        self.kept.clear()
        self.suspenders.begin()
        self.control.begin()
        self.thread = threading.Thread(target=self._run, args=(plan,), daemon=True)
        self.thread.start()

    def _run(self, plan: Iterator[Msg]) -> None:
        try:
            self.control.run(lambda: self.engine(plan))
        except RunEngineInterrupted:
            pass
        except BaseException as error:
            self.failure = error

    def finish(self, timeout: float = 10.0) -> list[dict[str, Any]]:
        """Waits for the end of the plan; returns what interrupted it."""
        assert self.thread is not None
        self.thread.join(timeout)
        assert not self.thread.is_alive(), self.engine.state
        if self.failure is not None:
            raise self.failure
        return self.kept.statistics()["interruptions"]

    def reached(self, what: str) -> None:
        """Waits until the plan has noted something."""
        until(lambda: what in self.log)


class SlowToStop:
    """A motor that is asked to stop and takes 0.3 s for it."""

    name, parent = "slow", None

    def __init__(self) -> None:
        self.stopping = threading.Event()

    def set(self, _: float) -> Status:
        """Be there at once."""
        return Status.finished()

    def stop(self, *, success: bool = False) -> None:
        """Take a while."""
        self.stopping.set()
        time.sleep(0.3)


def until(condition: Callable[[], object], timeout: float = 30.0) -> None:
    """Waits until something is true."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.001)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A bench that leaves nothing running behind."""
    engine = make_run_engine(lambda _: 1)
    kept = Interruptions()
    shutter = Shutter(SimulatedShutter(SimulatedClock()), name="shutter")
    control = Control(engine)
    made = Bench(engine, control, kept, Suspenders(engine, kept, shutter), shutter)

    async def note(msg: Msg) -> None:
        made.log.append(msg.args[0])

    engine.register_command("note", note)
    yield made
    if made.thread is not None and made.thread.is_alive():
        control.halt()
        made.thread.join(5)
    close_run_engine(engine)


def test_the_plan_waits_and_measures_the_interrupted_point_again(bench: Bench) -> None:
    """From the last checkpoint on, once."""
    bench.start(bench.plan(3))
    bench.reached("begin 1")
    bench.suspenders.trip("beam", "beam lost")
    until(lambda: bench.kept.current)
    assert bench.kept.current is not None
    assert bench.kept.current.reason == "beam lost"
    time.sleep(0.1)
    assert bench.log == ["begin 0", "end 0", "begin 1"]
    bench.suspenders.recover("beam")
    (one,) = bench.finish()
    assert bench.log == ["begin 0", "end 0", "begin 1", "begin 1", "end 1", "begin 2", "end 2"]
    assert bench.kept.current is None
    assert (one["kind"], one["reason"], one["trips"]) == ("suspender", "beam lost", 1)
    assert 0.1 < one["seconds"] < 1.0


def test_a_trip_that_is_over_before_the_loop_comes_to_it_counts(bench: Bench) -> None:
    """Bluesky's own suspenders forget it after 0.1 s."""
    bench.start(bench.plan(3))
    bench.reached("begin 1")
    bench.engine.loop.call_soon_threadsafe(time.sleep, 0.3)  # as a heavy callback does
    time.sleep(0.05)
    bench.suspenders.trip("beam", "beam lost")
    bench.suspenders.recover("beam")
    (one,) = bench.finish()
    assert bench.log.count("begin 1") == 2
    assert one["seconds"] > 0.15


def test_every_one_of_many_trips_is_acted_on(bench: Bench) -> None:
    """Trips that come while the plan waits are counted to its interruption."""
    bench.start(bench.plan(40, 0.005))
    bench.reached("begin 1")
    tripped = 0
    while tripped < 60 and "end 39" not in bench.log:
        bench.suspenders.trip("beam", "beam lost")
        bench.suspenders.recover("beam")
        tripped += 1
        time.sleep(0.004)
    found = bench.finish()
    assert bench.log[-1] == "end 39"
    acted = sum(one["trips"] for one in found)
    assert tripped - 1 <= acted <= tripped  # the last one may have come after the end
    assert [line for line in bench.log if line.startswith("end")] == [f"end {number}" for number in range(40)]


def test_the_plan_goes_on_when_everything_has_settled(bench: Bench) -> None:
    """A signal that trips again begins to settle anew."""
    bench.start(bench.plan(2))
    bench.reached("begin 0")
    bench.suspenders.trip("beam", "beam lost", settle=0.2)
    bench.suspenders.trip("hutch", "hutch open")
    until(lambda: bench.kept.current)
    bench.suspenders.recover("beam")
    time.sleep(0.1)
    bench.suspenders.trip("beam", "beam lost", settle=0.2)
    bench.suspenders.recover("beam")
    began = time.monotonic()
    bench.suspenders.recover("hutch")
    (one,) = bench.finish()
    assert time.monotonic() - began > 0.2
    assert one["trips"] == 3
    assert one["reason"] == "beam lost; hutch open"


def test_a_plan_does_not_begin_while_something_is_tripped(bench: Bench) -> None:
    """It begins by itself later."""
    bench.suspenders.trip("beam", "beam lost")
    bench.start(bench.plan(1))
    until(lambda: bench.kept.current)
    time.sleep(0.05)
    assert bench.log == []
    bench.suspenders.recover("beam")
    (one,) = bench.finish()
    assert bench.log == ["begin 0", "end 0"]
    assert one["reason"] == "beam lost"


def test_what_tripped_between_plans_is_forgotten(bench: Bench) -> None:
    """Nothing was measured then."""
    bench.suspenders.trip("beam", "beam lost")
    bench.suspenders.recover("beam")
    bench.start(bench.plan(1))
    assert bench.finish() == []
    assert bench.log == ["begin 0", "end 0"]


def test_a_pause_while_the_plan_waits_does_not_let_it_go(bench: Bench) -> None:
    """After the operator's `resume` it waits on."""
    bench.start(bench.plan(2))
    bench.reached("begin 0")
    bench.suspenders.trip("beam", "beam lost")
    until(lambda: bench.kept.current)
    bench.control.pause()
    assert bench.control.state == "paused"
    bench.control.resume()
    time.sleep(0.1)
    assert bench.kept.current is not None
    assert bench.log == ["begin 0"]
    bench.suspenders.recover("beam")
    bench.finish()
    assert bench.log == ["begin 0", "begin 0", "end 0", "begin 1", "end 1"]


def test_a_trip_during_a_pause_is_acted_on_when_the_plan_goes_on(bench: Bench) -> None:
    """And not before: a plan that stands still is left alone."""
    bench.start(bench.plan(2))
    bench.reached("begin 0")
    bench.control.pause()
    bench.suspenders.trip("beam", "beam lost")
    time.sleep(0.05)
    assert bench.control.state == "paused"
    bench.control.resume()
    until(lambda: bench.kept.current)
    time.sleep(0.05)
    assert "end 0" not in bench.log
    bench.suspenders.recover("beam")
    assert len(bench.finish()) == 1
    assert bench.log[-1] == "end 1"


@pytest.mark.parametrize("verb", ["abort", "stop", "halt"])
def test_a_plan_that_waits_can_be_ended(bench: Bench, verb: str) -> None:
    """And the next one is not interrupted by what ended with it."""
    bench.start(bench.plan(2))
    bench.reached("begin 0")
    bench.suspenders.trip("beam", "beam lost")
    until(lambda: bench.kept.current)
    getattr(bench.control, verb)()
    (one,) = bench.finish()
    assert one["reason"] == "beam lost"
    assert bench.control.state == "idle"
    bench.suspenders.recover("beam")
    bench.start(bench.plan(1))
    assert bench.finish() == []


def test_nothing_is_suspended_while_a_plan_cleans_up(bench: Bench) -> None:
    """An abort comes first."""

    def plan() -> Iterator[Msg]:
        try:
            yield from bench.plan(2)
        finally:
            yield Msg("note", None, "cleaning")
            yield Msg("sleep", None, 0.2)
            yield Msg("note", None, "clean")

    bench.start(plan())
    bench.reached("begin 0")
    ending = threading.Thread(target=bench.control.abort)
    ending.start()
    bench.reached("cleaning")
    bench.suspenders.trip("beam", "beam lost")
    ending.join(5)
    assert bench.finish() == []
    assert bench.log == ["begin 0", "cleaning", "clean"]


def test_the_shutter_is_closed_meanwhile_and_opened_again(bench: Bench) -> None:
    """Where the settings ask for it."""
    bench.shutter.set("open").wait(1)
    bench.start(bench.plan(2))
    bench.reached("begin 0")
    bench.suspenders.trip("beam", "beam lost", close_shutter=True)
    until(lambda: bench.shutter.state.get() == "closed")
    time.sleep(0.05)
    assert bench.log == ["begin 0"]
    bench.suspenders.recover("beam")
    bench.finish()
    assert bench.shutter.state.get() == "open"


def test_a_shutter_that_was_closed_stays_closed(bench: Bench) -> None:
    """Only what was open is opened again."""
    bench.shutter.set("closed").wait(1)
    bench.start(bench.plan(2))
    bench.reached("begin 0")
    bench.suspenders.trip("beam", "beam lost", close_shutter=True)
    until(lambda: bench.kept.current)
    bench.suspenders.recover("beam")
    bench.finish()
    assert bench.shutter.state.get() == "closed"


def test_a_trip_after_the_end_of_a_run_sends_nothing_of_it_again(bench: Bench) -> None:
    """What was read in a run belongs to no other, and bluesky refuses it outside of one."""

    def plan() -> Iterator[Msg]:
        yield Msg("open_run")
        yield Msg("checkpoint")
        yield Msg("create", None, name="primary")
        yield Msg("read", bench.shutter)
        yield Msg("save")
        yield Msg("close_run")
        yield Msg("note", None, "closed")
        yield Msg("sleep", None, 0.2)
        yield Msg("note", None, "end")

    bench.start(plan())
    bench.reached("closed")
    bench.suspenders.trip("beam", "beam lost")
    bench.suspenders.recover("beam")
    assert len(bench.finish()) == 1
    assert bench.log == ["closed", "closed", "end"]


@pytest.mark.parametrize("verb", ["pause", "abort"])
def test_a_command_while_motors_are_stopped_for_a_trip_is_obeyed(bench: Bench, verb: str) -> None:
    """A motor may take its time to stop."""
    moving = SlowToStop()

    def plan() -> Iterator[Msg]:
        yield Msg("set", moving, 1, group="move")
        yield from bench.plan(2, 0.1)

    bench.start(plan())
    bench.reached("begin 0")
    bench.suspenders.trip("beam", "beam lost")
    assert moving.stopping.wait(5)
    getattr(bench.control, verb)()
    assert bench.control.state == ("paused" if verb == "pause" else "idle")
    if verb == "pause":
        bench.control.resume()
        until(lambda: bench.kept.current)
        bench.suspenders.recover("beam")
    bench.finish()
    assert ("end 1" in bench.log) == (verb == "pause")
