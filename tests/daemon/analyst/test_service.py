"""The service answers in order, says why it cannot, and ends with its engine."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.analyst.messages import (
    ALIVE,
    Ask,
    Begin,
    Done,
    Failed,
    Finish,
    Observe,
    Observed,
    Request,
    Suggested,
    pack,
    unpack,
)
from daemon.analyst.service import Service
from daemon.recorder.journal import Journal
from daemon.wire import Channel

PARAMETERS: dict[str, Any] = {
    "axes": {"x": {"low": 0.0, "high": 10.0, "points": 11}},
    "objective": "value * 2",
    "maximize": True,
    "acquisition": "ei",
    "initial_points": 2,
    "seed": 0,
    "surrogate": "ensemble",
    "design": "sobol",
}


@pytest.fixture
def engine() -> Iterator[Channel]:
    """The engine's end of the channel of a service that runs in a thread."""
    ours, theirs = (Channel(end) for end in socket.socketpair())
    service = threading.Thread(target=Service(theirs).run)
    service.start()
    yield ours
    ours.close()
    service.join(30)
    assert not service.is_alive()
    theirs.close()


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """The beginning of a run without frames."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("descriptor", {"uid": "p", "name": "primary", "run_start": "s"})
    journal.close()
    return Begin(str(tmp_path), PARAMETERS, True, {"x": "µm"}, {}, {}, {}, serial=5)


def _say(engine: Channel, request: Request) -> Any:  # noqa: ANN401
    engine.send(pack(request))
    while (answer := engine.receive(30.0)) == ALIVE:
        pass
    assert answer is not None
    return unpack(answer)


def test_a_run_from_its_beginning_to_its_end(engine: Channel, begin: Begin, tmp_path: Path) -> None:
    """Begin, ask, observe, finish."""
    assert _say(engine, begin) == Done(("begin", 5))
    for number in (1, 2, 3):
        suggested = _say(engine, Ask(number))
        assert isinstance(suggested, Suggested)
        observed = _say(engine, Observe(number, suggested.position, {"value": float(number)}))
        assert isinstance(observed, Observed)
        assert observed.value == observed.best_value == 2.0 * number
    assert _say(engine, Finish()) == Done(("finish", 0))
    assert (tmp_path / "analysis" / "optimization" / "mean" / "c").is_dir()


def test_requests_before_a_run_fail(engine: Channel) -> None:
    """With a reason; the service goes on."""
    failed = _say(engine, Ask(1))
    assert isinstance(failed, Failed)
    assert "no run" in failed.reason


def test_a_run_that_cannot_begin_fails_all_its_requests_for_that_reason(engine: Channel, begin: Begin) -> None:
    """The plan waits for one of them, not for the beginning."""
    broken = replace(begin, parameters={**PARAMETERS, "objective": "a +"})
    assert isinstance(_say(engine, broken), Failed)
    failed = _say(engine, Ask(1))
    assert isinstance(failed, Failed)
    assert "cannot be read" in failed.reason
    assert _say(engine, begin) == Done(("begin", 5))


def test_a_full_disk_is_reported_even_where_the_log_cannot_be_written(
    engine: Channel, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log lies on the same disk as the run: the process must not die of it, again and again."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert isinstance(_say(engine, begin), Done)
    suggested = _say(engine, Ask(1))
    monkeypatch.setattr("traceback.print_exc", full)
    monkeypatch.setattr("daemon.recorder.disk.write_all", full)
    answer = _say(engine, Observe(1, suggested.position, {"value": 1.0}))
    monkeypatch.undo()
    assert isinstance(answer, Failed)
    assert answer.full.endswith("optimizer.json")
    assert "the disk is full" in answer.reason


def test_whoever_computes_for_an_engine_that_has_gone_is_told() -> None:
    """What is imported or computed then is not waited for."""
    ours, theirs = (Channel(end) for end in socket.socketpair())
    told = threading.Event()
    service = Service(theirs, orphaned=told.set)
    computing = threading.Thread(target=service._beat)
    computing.start()
    assert not told.wait(0.1)
    ours.close()
    assert told.wait(10)
    computing.join()
    theirs.close()
