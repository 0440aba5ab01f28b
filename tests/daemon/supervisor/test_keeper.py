"""One process is kept alive: crashes, hangs, restarts, adoption, and a clean end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.ending import Ending
from daemon.errors import ProcessError
from daemon.supervisor import Backoff, Keeper, Orders, Process, Supervisor, find_process, start_process
from daemon.supervisor.keeper import TRIES

STAND_IN = Path(__file__).with_name("stand_in.py")
QUICK = 0.6
"""A stand-in that is silent for so long is ended, s."""

Make = Callable[[], Keeper]


@pytest.fixture
def orders(tmp_path: Path) -> Orders:
    """Orders for a stand-in that keeps its things in the test's folder."""

    def probe(timeout: float) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(timeout)
            client.connect(str(tmp_path / "socket"))
            assert client.recv(1) == b"."

    words = [str(STAND_IN), "--data", str(tmp_path)]
    return Orders("engine", [sys.executable, *words], words, tmp_path / "out.log", probe, silence=QUICK, startup=20)


@pytest.fixture
def told() -> list[str]:
    """What operators were told."""
    return []


@pytest.fixture
def make(orders: Orders, told: list[str]) -> Iterator[Make]:
    """Make keepers that end with the test."""
    made: list[Keeper] = []

    def build() -> Keeper:
        keeper = Keeper(orders, told.append, Backoff(first=0.05))
        made.append(keeper)
        return keeper

    yield build
    for keeper in made:
        keeper.ask_to_end()
        keeper.make_end(0.5)


def wait_for(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def ready(keeper: Keeper) -> int:
    """Start a keeper, wait for the first answer, and give the pid of its process."""
    assert Supervisor([keeper]).start(Ending())
    assert keeper.process is not None
    return keeper.process.pid


def restarted(keeper: Keeper, gone: int) -> int:
    """Wait until another process runs, and give its pid."""
    wait_for(lambda: keeper.process is not None and keeper.process.pid != gone and keeper.process.alive)
    assert keeper.process is not None
    return keeper.process.pid


def test_a_killed_process_is_started_again(make: Make, told: list[str]) -> None:
    """The line names the pid and the signal."""
    keeper = make()
    first = ready(keeper)
    os.kill(first, signal.SIGKILL)
    assert restarted(keeper, first) != first
    assert told == [f"engine (pid {first}) is gone: it was ended by SIGKILL; started again now"]


def test_a_process_that_keeps_crashing_is_started_with_growing_delays(
    make: Make, told: list[str], tmp_path: Path
) -> None:
    """Crashes after the first answer are never the end; delays double."""
    keeper = make()
    first = ready(keeper)
    (tmp_path / "crash").touch()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(told) >= 4)
    assert [line.rpartition("started again ")[2] for line in told[:4]] == ["now", "in 0.05 s", "in 0.1 s", "in 0.2 s"]
    assert "it ended with exit code 3" in told[1]
    (tmp_path / "crash").unlink()
    wait_for(lambda: keeper.process is not None and keeper.process.alive and find_process(keeper.orders.words))


def test_a_silent_process_is_killed_and_started_again(make: Make, told: list[str], tmp_path: Path) -> None:
    """It lives, but does not answer, and does not listen to SIGTERM either."""
    keeper = make()
    first = ready(keeper)
    (tmp_path / "stubborn").touch()
    (tmp_path / "silent").touch()
    wait_for(lambda: told)
    (tmp_path / "silent").unlink()
    (tmp_path / "stubborn").unlink()
    assert restarted(keeper, first)
    assert "it did not answer for" in told[0]


def test_a_stopped_process_is_silent_too(make: Make) -> None:
    """SIGSTOP is the plainest hang."""
    keeper = make()
    first = ready(keeper)
    os.kill(first, signal.SIGSTOP)
    assert restarted(keeper, first)


@pytest.mark.parametrize(("file", "said"), [("mistake", "data: this cannot be used"), ("crash", "Traceback: ...")])
def test_a_process_that_never_answers_ends_the_start(make: Make, tmp_path: Path, file: str, said: str) -> None:
    """One line with its last words, and no second try."""
    (tmp_path / file).touch()
    keeper = make()
    with pytest.raises(ProcessError, match=said):
        Supervisor([keeper]).start(Ending())
    assert (tmp_path / "starts").read_text() == "x"


def test_a_process_that_is_killed_before_its_first_answer_is_started_again(make: Make, tmp_path: Path) -> None:
    """Somebody may kill it at any instant; but what is killed every time, as by the lack of memory, ends the start."""
    (tmp_path / "silent").touch()
    starts = tmp_path / "starts"
    starts.touch()
    keeper = make()
    keeper.start()
    for count in range(1, TRIES + 1):
        wait_for(lambda count=count: len(starts.read_text()) == count)
        assert not keeper.ready
        assert keeper.process is not None
        os.kill(keeper.process.pid, signal.SIGKILL)
    wait_for(lambda: keeper.failure is not None)
    with pytest.raises(ProcessError, match="SIGKILL"):
        _ = keeper.ready
    assert len(starts.read_text()) == TRIES


def test_a_running_process_is_adopted_and_then_watched(make: Make, told: list[str], orders: Orders) -> None:
    """Nothing new is started; when the adopted one dies, another one is."""
    left = start_process(orders.command, orders.output)
    wait_for(lambda: (orders.output.parent / "socket").exists())
    keeper = make()
    assert ready(keeper) == left.pid
    assert told == [f"engine adopted (pid {left.pid})"]
    left.send(signal.SIGKILL)
    assert left.wait(5)
    assert restarted(keeper, left.pid) != left.pid


def test_a_clean_end(make: Make, told: list[str], tmp_path: Path) -> None:
    """SIGTERM is enough, and nothing is started again."""
    keeper = make()
    ready(keeper)
    assert Supervisor([keeper]).stop()
    assert (tmp_path / "clean").exists()
    assert (tmp_path / "starts").read_text() == "x"
    assert told == []


def test_a_stubborn_process_is_killed_in_the_end(make: Make, told: list[str], tmp_path: Path) -> None:
    """The operator is told, because devices may be in any state."""
    keeper = make()
    pid = ready(keeper)
    (tmp_path / "stubborn").touch()
    keeper.ask_to_end()
    assert not keeper.make_end(0.3)
    assert told == [f"engine did not end in time and was killed (pid {pid})"]


def test_a_process_is_not_mistaken_for_a_later_one_with_its_pid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pids are used again; the kernel's time of birth tells them apart."""
    process = Process(os.getppid())
    assert process.alive
    monkeypatch.setattr("daemon.supervisor.processes._birth", lambda _: "later")
    assert not process.alive


def test_delays_grow_to_a_limit_and_begin_anew_when_all_is_well() -> None:
    """None, 0.5, 1, 2 … 30; short for one that has answered, and forgiven when it has for a while."""
    now = [0.0]
    backoff = Backoff(clock=lambda: now[0])
    assert [backoff.failed() for _ in range(9)] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    backoff.well()
    now[0] = 4.0
    backoff.well()
    assert [backoff.failed() for _ in range(2)] == [0.5, 30.0]
    backoff.well()
    now[0] = 3600.0
    backoff.well()
    assert backoff.failed() == 0.0


def test_what_a_process_prints_does_not_grow_for_ever(
    make: Make, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file is put aside when the process is started."""
    monkeypatch.setattr("daemon.supervisor.processes.LARGE", 3)
    orders.output.write_text("old words")
    ready(make())
    assert orders.output.read_text() == ""
    assert orders.output.with_name("out.log.1").read_text() == "old words"
