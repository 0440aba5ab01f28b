"""Chains: what passes, what fails, and what is known meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.streaming import BasicStep, Batch, BatchError, Chain, ChainError, Layout, StreamClosedError
from analysis.streaming.chain import MOST_FAILURES
from analysis.streaming.step import Results, Step

SHAPE = (6, 8)


def batch(first: int, count: int = 2, shape: tuple[int, int] = SHAPE) -> Batch:
    """Frames whose value is their number."""
    numbers = np.arange(first, first + count)
    return Batch(first, np.ones((count, *shape)) * numbers[:, None, None], numbers + 0.5, np.ones(count))


class Double(BasicStep):
    """Changes frames; fails on the numbers it is told to, a given number of times."""

    changes_frames = True

    def __init__(self, name: str = "double", fails: dict[int, int] | None = None) -> None:
        self.name = name
        self.fails = fails or {}
        self.starts = 0

    def start(self, layout: Layout) -> None:
        """Count starts."""
        self.starts += 1

    def process(self, batch: Batch) -> Batch:
        """Double the frames."""
        if self.fails.get(batch.first, 0):
            self.fails[batch.first] -= 1
            raise ArithmeticError(f"cannot double {batch.first}")
        return batch.with_frames(2.0 * batch.frames)


class Mean(Double):
    """Changes nothing; finds each frame's mean."""

    changes_frames = False

    def start(self, layout: Layout) -> None:
        """Forget."""
        super().start(layout)
        self.seen = 0

    def restart(self, layout: Layout) -> None:
        """Keep the count."""
        self.starts += 1

    def process(self, batch: Batch) -> Batch:
        """Add the mean."""
        super().process(batch)
        self.seen += len(batch)
        return batch.with_values({f"{self.name}.mean": batch.frames.mean(axis=(1, 2))})

    def result(self) -> Results:
        """Number of frames."""
        return {"seen": np.array(self.seen)}


def test_steps_are_steps() -> None:
    """What the chain relies on."""
    assert isinstance(BasicStep(), Step)
    assert isinstance(Double(), Step)
    assert not isinstance(object(), Step)


def test_frames_pass_all_steps_and_results_are_there_at_any_time() -> None:
    """Values of each frame, results of each step."""
    chain = Chain([Double(), Mean("mean")])
    chain.start(Layout(SHAPE))
    out = chain.process(batch(0))
    assert out is not None
    np.testing.assert_array_equal(out.frames[:, 0, 0], [0.0, 2.0])
    early = chain.result()
    chain.process(batch(2, 3))
    late = chain.stop()
    assert (early.frames, late.frames) == (2, 5)
    np.testing.assert_array_equal(early.values["mean.mean"], [0.0, 2.0])
    np.testing.assert_array_equal(late.values["mean.mean"], [0.0, 2.0, 4.0, 6.0, 8.0])
    assert late.results["mean"]["seen"] == 5
    assert late.results["double"] == {}
    assert late.failures == ()


def test_a_failure_that_a_restart_cures_costs_nothing() -> None:
    """It is reported all the same."""
    reported = []
    mean = Mean("mean", fails={2: 1})
    chain = Chain([Double(), mean], on_failure=reported.append)
    chain.start(Layout(SHAPE))
    for first in (0, 2, 4):
        chain.process(batch(first))
    outcome = chain.stop()
    assert mean.starts == 2
    assert np.isfinite(outcome.values["mean.mean"]).all()
    (failure,) = outcome.failures
    assert reported == [failure]
    assert (failure.step, failure.first, failure.frames, failure.recovered) == ("mean", 2, 2, True)
    assert failure.error == "ArithmeticError: cannot double 2"


def test_a_step_that_fails_is_isolated() -> None:
    """Others see all frames; its own values are missing where it failed."""
    chain = Chain([Mean("bad", fails={2: 9}), Mean("good")])
    chain.start(Layout(SHAPE))
    for first in (0, 2, 4):
        chain.process(batch(first))
    outcome = chain.result()
    np.testing.assert_array_equal(np.isnan(outcome.values["bad.mean"]), [False, False, True, True, False, False])
    np.testing.assert_array_equal(outcome.values["good.mean"], np.arange(6.0))
    assert not outcome.failures[0].recovered


def test_no_step_sees_frames_that_the_one_before_it_could_not_change() -> None:
    """What was found out before stays; the stream goes on."""
    chain = Chain([Mean("before"), Double(fails={2: 9}), Mean("after")])
    chain.start(Layout(SHAPE))
    assert [chain.process(batch(first)) is None for first in (0, 2, 4)] == [False, True, False]
    outcome = chain.stop()
    np.testing.assert_array_equal(outcome.values["before.mean"], np.arange(6.0))
    np.testing.assert_array_equal(outcome.values["after.mean"], [0.0, 2.0, np.nan, np.nan, 8.0, 10.0])
    assert outcome.results["after"]["seen"] == 4


def test_a_step_that_always_fails_is_given_up() -> None:
    """After so many batches in a row, and it says so; others go on."""
    bad = Mean("bad", fails={2 * n: 9 for n in range(50)})
    chain = Chain([bad, Mean("good")])
    chain.start(Layout(SHAPE))
    for first in range(0, 60, 2):
        chain.process(batch(first))
    outcome = chain.stop()
    assert len(outcome.failures) == MOST_FAILURES
    assert [failure.given_up for failure in outcome.failures] == [False] * (MOST_FAILURES - 1) + [True]
    assert outcome.results["good"]["seen"] == 60
    chain.start(Layout(SHAPE))
    bad.fails = {}
    chain.process(batch(0))
    assert chain.stop().results["bad"]["seen"] == 2


class Broken(BasicStep):
    """Fails whenever it can."""

    name = "broken"

    def start(self, layout: Layout) -> None:
        """Cannot start."""
        raise OSError("no such file")

    def result(self) -> Results:
        """Cannot tell."""
        raise OSError("nothing there")


def test_a_step_that_cannot_start_or_tell_stops_nothing() -> None:
    """Its results are empty."""
    chain = Chain([Broken(), Mean("good")])
    chain.start(Layout(SHAPE))
    chain.process(batch(0))
    outcome = chain.stop()
    assert outcome.results["broken"] == {}
    assert outcome.results["good"]["seen"] == 2
    assert [failure.error for failure in outcome.failures] == ["OSError: no such file", "OSError: nothing there"]


def test_batches_that_do_not_fit_are_refused() -> None:
    """Another shape, or numbers missing; the next good batch is taken."""
    chain = Chain([Mean("mean")])
    with pytest.raises(StreamClosedError, match="call start"):
        chain.process(batch(0))
    chain.start(Layout(SHAPE))
    with pytest.raises(BatchError, match=r"\(6, 9\), not \(6, 8\)"):
        chain.process(batch(0, shape=(6, 9)))
    with pytest.raises(BatchError, match="i0 of shape"):
        chain.process(Batch(0, np.ones((2, *SHAPE)), None, np.ones(3)))
    assert chain.process(batch(0)) is not None
    chain.stop()
    with pytest.raises(StreamClosedError):
        chain.result()


def test_two_steps_of_one_name_are_refused() -> None:
    """Their results could not be told apart."""
    with pytest.raises(ChainError, match="double, double"):
        Chain([Double(), Double()])
