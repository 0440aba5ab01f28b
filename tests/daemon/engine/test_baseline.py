"""The baseline is what bluesky's own preprocessor makes of it, without its memory."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bluesky import Msg, RunEngine
from bluesky.plan_stubs import close_run, open_run
from bluesky.preprocessors import SupplementalData, run_wrapper
from ophyd.sim import SynAxis

from daemon.engine.baseline import Baseline
from daemon.engine.run_engine import close_run_engine, make_run_engine


@pytest.fixture
def engine() -> Iterator[RunEngine]:
    """A RunEngine in a thread of its own."""
    made = make_run_engine(lambda _: 1)
    yield made
    close_run_engine(made)


def _plan(fails: bool = False) -> Iterator[Msg]:
    def points() -> Iterator[Msg]:
        for _ in range(3):
            yield Msg("checkpoint")
        if fails:
            raise ValueError("the plan failed")

    return (yield from run_wrapper(points()))


def _documents(engine: RunEngine, preprocessor: Callable[..., Any], *, fails: bool) -> list[tuple[str, str]]:
    got: list[tuple[str, str]] = []
    engine.preprocessors[:] = [preprocessor]
    token = engine.subscribe(lambda name, document: got.append((name, str(document.get("exit_status", "")))))
    try:
        engine(_plan(fails))
    except ValueError as error:
        got.append(("error", str(error)))
    finally:
        engine.unsubscribe(token)
    return got


@pytest.mark.parametrize("fails", [False, True])
def test_as_bluesky_does_it(engine: RunEngine, fails: bool) -> None:
    """The same documents in the same order, also of a plan that fails."""
    devices = [SynAxis(name="motor")]
    ours = _documents(engine, Baseline(devices), fails=fails)
    assert ours == _documents(engine, SupplementalData(baseline=devices), fails=fails)
    assert [name for name, _ in ours].count("event") == 2


def test_no_device_adds_nothing(engine: RunEngine) -> None:
    """A run without a baseline."""
    assert [name for name, _ in _documents(engine, Baseline([]), fails=False)] == ["start", "stop"]


def test_responses_and_results_pass() -> None:
    """A plan hears what its messages gave, and its result arrives."""

    def plan() -> Iterator[Msg]:
        heard = yield Msg("null")
        return heard

    wrapped = Baseline([])(plan())
    assert next(wrapped).command == "null"
    with pytest.raises(StopIteration) as ended:
        wrapped.send("an answer")
    assert ended.value.value == "an answer"


def test_messages_are_forgotten() -> None:
    """Whatever a plan has sent is gone when it goes on."""

    class Payload:
        pass

    def plan() -> Iterator[Msg]:
        yield from open_run()
        for _ in range(1000):
            yield Msg("null", None, Payload())
        yield from close_run()

    kept = 0
    for message in Baseline([])(plan()):
        if message.command == "close_run":
            kept = sum(type(each) is Payload for each in gc.get_objects())
    assert kept <= 1
