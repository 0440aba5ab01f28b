"""Chains in this process, in another one, and on a Dask cluster: the same conduct everywhere, whoever dies."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.streaming import BasicStep, Batch, BatchError, ChainError, Layout, StreamClosedError, make_runner
from analysis.streaming.runners import Runner
from analysis.streaming.step import Results

SHAPE = (16, 20)


class Counter(BasicStep):
    """Adds up frames, says which process it is in, and can be told to die or to hang once."""

    name = "counter"

    def __init__(self, folder: str = "", dies_at: int = -1, hangs_at: int = -1, fails_at: int = -1) -> None:
        self.folder, self.dies_at, self.hangs_at, self.fails_at = Path(folder), dies_at, hangs_at, fails_at

    def start(self, layout: Layout) -> None:
        """Forget."""
        self.seen, self.total = 0, 0.0

    def restart(self, layout: Layout) -> None:
        """Forget nothing."""

    def process(self, batch: Batch) -> Batch:
        """Count; die or hang when it is time, but only once."""
        for what, number in (("died", self.dies_at), ("hung", self.hangs_at)):
            mark = self.folder / what
            if batch.first == number and not mark.exists():
                mark.touch()
                if what == "died":
                    os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60.0)
        if batch.first == self.fails_at:
            raise ArithmeticError("as told")
        self.seen += len(batch)
        self.total += float(batch.frames.sum())
        return batch.with_values({"mean": batch.frames.mean(axis=(1, 2))})

    def result(self) -> Results:
        """Count, total and process."""
        return {"seen": np.array(self.seen), "total": np.array(self.total), "process": np.array(os.getpid())}


def batches(count: int) -> Iterator[Batch]:
    """Two frames each, whose values are their numbers."""
    for first in range(0, 2 * count, 2):
        numbers = np.arange(first, first + 2)
        yield Batch(first, np.ones((2, *SHAPE), np.uint16) * numbers[:, None, None].astype(np.uint16), numbers + 0.0)


def replay(frames: int) -> Iterator[Batch]:
    """The first frames again."""
    return batches(frames // 2)


Make = Callable[..., Runner]


@pytest.fixture(params=["in-process", "processes"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes runners of one kind, and closes them."""
    made: list[Runner] = []

    def build(**options: object) -> Runner:
        steps = [{"step": Counter, **options}]
        made.append(make_runner(steps, request.param, replay=replay, patience=20.0))
        return made[-1]

    yield build
    for runner in made:
        runner.close()


def run(runner: Runner, count: int = 6) -> dict[str, np.ndarray]:
    """A whole stream; its results."""
    runner.start(Layout(SHAPE))
    for batch in batches(count):
        assert runner.submit(batch)
    outcome = runner.stop()
    assert outcome.frames == 2 * count
    np.testing.assert_array_equal(outcome.values["mean"], np.arange(2.0 * count))
    return dict(outcome.results["counter"])


def test_conduct(make: Make) -> None:
    """Order, results on the way and in the end, failures of steps, wrong batches, a second stream."""
    runner = make(fails_at=4)
    with pytest.raises(StreamClosedError):
        runner.submit(next(batches(1)))
    runner.start(Layout(SHAPE))
    for batch in batches(6):
        assert runner.submit(batch)
    with pytest.raises(BatchError, match="one shape"):
        runner.submit(Batch(12, np.ones((1, 3, 3))))
    assert 0 <= runner.result().frames <= 12
    outcome = runner.stop()
    assert outcome.results["counter"]["seen"] == 10
    np.testing.assert_array_equal(np.isnan(outcome.values["mean"]), [n in (4, 5) for n in range(12)])
    (failure,) = outcome.failures
    assert (failure.step, failure.first, failure.recovered) == ("counter", 4, False)
    assert run(make())["seen"] == 12


def test_a_chain_in_a_process_is_not_here() -> None:
    """And its process ends with it."""
    runner = make_runner([{"step": Counter}], "processes")
    process = int(run(runner)["process"])
    assert process != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("again", [True, False])
def test_a_process_that_dies_is_replaced(tmp_path: Path, again: bool) -> None:
    """With the frames before it where they can be had, without them where not; nothing else is lost."""
    steps = [{"step": Counter, "folder": str(tmp_path), "dies_at": 6}]
    runner = make_runner(steps, "processes", replay=replay if again else None)
    runner.start(Layout(SHAPE))
    for batch in batches(6):
        assert runner.submit(batch)
    outcome = runner.stop()
    assert (tmp_path / "died").exists()
    assert outcome.results["counter"]["seen"] == (12 if again else 6)
    missing = np.isnan(outcome.values["mean"])
    assert missing.tolist() == [not again and n < 6 for n in range(12)]
    assert [(failure.step, failure.first, failure.recovered) for failure in outcome.failures] == [("(worker)", 6, True)]


def test_a_process_that_hangs_is_replaced(tmp_path: Path) -> None:
    """After the patience is over."""
    steps = [{"step": Counter, "folder": str(tmp_path), "hangs_at": 4}]
    runner = make_runner(steps, "processes", replay=replay, patience=3.0)
    runner.start(Layout(SHAPE))
    for batch in batches(4):
        assert runner.submit(batch)
    outcome = runner.stop()
    assert outcome.results["counter"]["seen"] == 8
    assert "no answer within 3 s" in outcome.failures[0].error


def test_frames_that_nobody_has_room_for_are_given_back(tmp_path: Path) -> None:
    """At once, so that a scan is never held up."""
    steps = [{"step": Counter, "folder": str(tmp_path), "hangs_at": 0}]
    runner = make_runner(steps, "processes", room=2, patience=4.0)
    runner.start(Layout(SHAPE))
    begin = time.monotonic()
    taken = [runner.submit(batch, timeout=0.0) for batch in batches(8)]
    assert time.monotonic() - begin < 3.0
    assert 2 <= sum(taken) <= 3
    while not (tmp_path / "hung").exists():
        time.sleep(0.01)
    with pytest.raises(TimeoutError, match="busy"):
        runner.result(timeout=0.1)
    runner.close()


def test_wrong_places_are_refused() -> None:
    """Before anything is started."""
    with pytest.raises(ChainError, match="not 'moon'"):
        make_runner([{"step": Counter}], "moon")
    with pytest.raises(ChainError, match="address"):
        make_runner([{"step": Counter}], "dask")
    with pytest.raises(ChainError, match="no step"):
        make_runner(["moon"], "processes")
