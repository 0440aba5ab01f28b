"""The status that costs no thread."""

from __future__ import annotations

import logging
import threading

import pytest
from bluesky.protocols import Status as StatusProtocol

from devices.status import Status


def test_meets_blueskys_protocol() -> None:
    """It is what bluesky calls a status."""
    assert isinstance(Status(), StatusProtocol)


def test_begins_undone_and_ends_once() -> None:
    """The first end counts, later ones do not."""
    status = Status("a move")
    assert (status.done, status.success) == (False, False)
    assert "under way" in repr(status)
    status.set_exception(ValueError("first"))
    status.set_finished()
    assert (status.done, status.success) == (True, False)
    assert str(status.exception()) == "first"
    assert "failed" in repr(status)


def test_made_finished() -> None:
    """One made finished calls back at once."""
    seen = []
    status = Status.finished("nothing")
    status.add_callback(seen.append)
    assert seen == [status]
    assert status.success
    assert status.exception() is None
    status.wait(0)


def test_callbacks_hear_of_the_end_exactly_once_and_in_order() -> None:
    """Each callback is called once with the status, in the order of adding."""
    status, seen = Status(), []
    status.add_callback(lambda s: seen.append(("a", s)))
    status.add_callback(lambda s: seen.append(("b", s)))
    status.finish(None)
    status.finish(RuntimeError("too late"))
    assert seen == [("a", status), ("b", status)]
    assert status.success


def test_a_failing_callback_does_not_keep_the_others_from_hearing(caplog: pytest.LogCaptureFixture) -> None:
    """The failure is logged with what the status was about."""
    status, seen = Status("a measurement"), []
    status.add_callback(lambda _: 1 / 0)
    status.add_callback(seen.append)
    with caplog.at_level(logging.ERROR, logger="devices.status"):
        status.set_finished()
    assert seen == [status]
    assert "a measurement" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_waiting_gives_up_and_says_for_what() -> None:
    """A time-out names the operation."""
    with pytest.raises(TimeoutError, match=r"stage_x to 5 µm: not done after 0\.01 s"):
        Status("stage_x to 5 µm").exception(timeout=0.01)


def test_waiting_raises_the_failure() -> None:
    """What the status failed with is what wait raises."""
    status = Status()
    status.set_exception(KeyError("gone"))
    with pytest.raises(KeyError, match="gone"):
        status.wait()


def test_ended_by_another_thread_while_waiting() -> None:
    """A thread that waits wakes when another ends the status."""
    status, waiting = Status(), threading.Event()

    def end() -> None:
        waiting.wait()
        status.set_finished()

    thread = threading.Thread(target=end)
    thread.start()
    waiting.set()
    status.wait(10)
    thread.join()
    assert status.success


def test_threads_that_race_to_end_it_settle_one_outcome() -> None:
    """Of many threads one wins, and every callback is called once."""
    for _ in range(50):
        status, seen, start = Status(), [], threading.Barrier(4)
        status.add_callback(lambda s, seen=seen: seen.append(s.success))

        def end(number: int, status: Status = status, start: threading.Barrier = start) -> None:
            start.wait()
            status.finish(None if number % 2 else RuntimeError(str(number)))

        threads = [threading.Thread(target=end, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [status.success]
