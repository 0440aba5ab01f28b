"""The client keeps an analyst alive, whatever happens to the process."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import daemon.analyst.client as module
from daemon.analyst import AnalystClient
from daemon.analyst.messages import ALIVE, Answer, Ask, Begin, Done, Failed, Finish, Key, Suggested, pack
from daemon.analyst.process import AnalystProcess
from daemon.errors import ChannelClosedError
from daemon.settings import AnalystSettings
from daemon.wire import Channel

BEGIN = Begin("/nowhere", {}, True, {}, {}, {}, {})


class Scripted:
    """Starts processes that only sleep, and plays the analyst itself at the other end of their channels."""

    def __init__(self) -> None:
        self.ends: queue.Queue[Channel] = queue.Queue()
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *_: object) -> AnalystProcess:
        """Stands in for `start_analyst`."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
        self.processes.append(subprocess.Popen(command, pass_fds=[theirs.fileno()]))
        self.ends.put(Channel(theirs))
        return AnalystProcess(self.processes[-1], Channel(ours))


@pytest.fixture
def answers() -> queue.Queue[tuple[Key, Answer]]:
    """What the listener was told."""
    return queue.Queue()


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The other end, instead of a real analyst."""
    script = Scripted()
    monkeypatch.setattr(module, "start_analyst", script.start)
    yield script
    while not script.ends.empty():
        script.ends.get().close()
    for process in script.processes:
        process.kill()
        process.wait()


@pytest.fixture
def client(answers: queue.Queue[tuple[Key, Answer]], scripted: Scripted) -> Iterator[AnalystClient]:
    """A client that believes in the scripted analyst."""
    made = AnalystClient(AnalystSettings(), lambda key, answer: answers.put((key, answer)))
    yield made
    made.close()


def _receive(end: Channel) -> dict[str, Any]:
    message = end.receive(5.0)
    assert message is not None
    return message


def test_answers_reach_the_listener(
    client: AnalystClient, scripted: Scripted, answers: queue.Queue[tuple[Key, Answer]]
) -> None:
    """With the key of their request; an answer to no question is dropped."""
    client.start()
    end = scripted.ends.get(timeout=30)
    client.request(BEGIN)
    begun = _receive(end)
    end.send(pack(Done(("begin", begun["serial"]))))
    assert answers.get(timeout=30)[0] == ("begin", begun["serial"])
    client.request(Ask(1))
    _receive(end)
    end.send(pack(Suggested(7, {"x": 1.0})))
    end.send(pack(Suggested(1, {"x": 2.0})))
    key, answer = answers.get(timeout=30)
    assert (key, getattr(answer, "position", None)) == (("ask", 1), {"x": 2.0})
    assert answers.empty()
    end.close()


def test_after_a_death_the_run_and_open_requests_are_sent_again(
    client: AnalystClient, scripted: Scripted, answers: queue.Queue[tuple[Key, Answer]]
) -> None:
    """In their order, to another process; answered ones are not."""
    client.start()
    end = scripted.ends.get(timeout=30)
    client.request(BEGIN)
    end.send(pack(Done(("begin", _receive(end)["serial"]))))
    answers.get(timeout=30)
    for number in (1, 2, 3):
        client.request(Ask(number))
        _receive(end)
    end.send(pack(Suggested(1)))
    answers.get(timeout=30)
    first = client.pid
    end.close()
    scripted.processes[0].kill()
    again = scripted.ends.get(timeout=30)
    assert [(m["kind"], m.get("number")) for m in (_receive(again) for _ in range(3))] == [
        ("begin", None),
        ("ask", 2),
        ("ask", 3),
    ]
    assert client.pid != first
    assert client.restarts == 1
    again.close()


def test_a_process_that_dies_again_and_again_fails_the_requests(
    client: AnalystClient, scripted: Scripted, answers: queue.Queue[tuple[Key, Answer]]
) -> None:
    """With a reason; the next request tries anew."""
    client.start()
    client.request(BEGIN)
    client.request(Ask(1))
    for _ in range(module.RESTARTS + 1):
        scripted.ends.get(timeout=30).close()
    failed = dict(answers.get(timeout=30) for _ in range(2))
    assert isinstance(failed["ask", 1], Failed)
    assert "again and again" in failed["ask", 1].reason
    client.request(Ask(2))
    end = scripted.ends.get(timeout=30)
    assert [_receive(end)["kind"] for _ in range(2)] == ["begin", "ask"]
    end.close()


def test_a_process_that_answers_in_between_may_die_any_number_of_times(
    client: AnalystClient, scripted: Scripted, answers: queue.Queue[tuple[Key, Answer]]
) -> None:
    """It gets on: a scan must not end because somebody keeps on killing its analyst."""
    client.start()
    client.request(BEGIN)
    for number in range(1, 2 * module.RESTARTS):
        end = scripted.ends.get(timeout=30)
        end.send(pack(Done(("begin", _receive(end)["serial"]))))
        client.request(Ask(number))
        assert _receive(end)["number"] == number
        end.send(pack(Suggested(number)))
        assert [answers.get(timeout=30)[0][0] for _ in range(2)] == ["begin", "ask"]
        end.close()


def test_answers_about_the_run_before_are_not_taken_for_this_one_s(
    client: AnalystClient, scripted: Scripted, answers: queue.Queue[tuple[Key, Answer]]
) -> None:
    """The analyst may still be busy with a question of a run that was aborted."""
    client.start()
    end = scripted.ends.get(timeout=30)
    client.request(BEGIN)
    first = _receive(end)["serial"]
    client.request(Ask(1))
    client.request(BEGIN)
    client.request(Ask(1))
    end.send(pack(Done(("begin", first))))
    end.send(pack(Suggested(1, {"x": -1.0})))
    end.send(pack(Done(("begin", first + 1))))
    end.send(pack(Suggested(1, {"x": 1.0})))
    assert answers.get(timeout=30)[0] == ("begin", first + 1)
    assert getattr(answers.get(timeout=30)[1], "position", None) == {"x": 1.0}
    assert answers.empty()
    end.close()


def test_a_finished_run_is_not_rebuilt(
    client: AnalystClient, scripted: Scripted, answers: queue.Queue[tuple[Key, Answer]]
) -> None:
    """After its end a death costs nothing."""
    client.start()
    end = scripted.ends.get(timeout=30)
    client.request(BEGIN)
    end.send(pack(Done(("begin", _receive(end)["serial"]))))
    client.request(Finish())
    end.send(pack(Done(("finish", 0))))
    for _ in range(2):
        answers.get(timeout=30)
    end.close()
    again = scripted.ends.get(timeout=30)
    assert again.receive(0.2) is None
    again.close()


def test_questions_can_be_given_up(client: AnalystClient, scripted: Scripted) -> None:
    """Their answers are nobody's any more."""
    client.start()
    scripted.ends.get(timeout=30).close()
    assert not client.abandon_questions()
    client.request(Ask(1))
    assert client.abandon_questions()
    assert not client.abandon_questions()


def test_a_real_analyst_ends_when_its_engine_dies() -> None:
    """The end of the stream is all it needs to know, also in the middle of a suggestion."""
    program = (
        "import os, time\n"
        "from daemon.analyst.process import start_analyst\n"
        "from daemon.settings import AnalystSettings\n"
        "started = start_analyst(AnalystSettings())\n"
        "print(started.process.pid, flush=True)\n"
        "time.sleep(0.5)\n"
        "os._exit(9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    pid = int(done.stdout)
    _wait_until(lambda: not _alive(pid), 30.0)


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_closing_ends_process_and_thread(scripted: Scripted) -> None:
    """At once, also while the analyst thinks."""
    client = AnalystClient(AnalystSettings(), lambda *_: None)
    client.start()
    client.request(Ask(1))
    before = threading.active_count()
    client.close()
    assert scripted.processes[0].poll() is not None
    assert threading.active_count() == before - 1
    end = scripted.ends.get(timeout=30)
    assert _receive(end)["kind"] == "ask"
    with pytest.raises(ChannelClosedError):
        end.receive(1.0)
    end.close()


def test_a_process_that_stands_still_is_replaced(scripted: Scripted, answers: queue.Queue[tuple[Key, Answer]]) -> None:
    """It is alive but gives no sign of life; signs of life alone keep it, and answer nothing."""
    client = AnalystClient(
        AnalystSettings.model_construct(**{**AnalystSettings().model_dump(), "silence": 3.0}),
        lambda key, answer: answers.put((key, answer)),
    )
    try:
        client.start()
        end = scripted.ends.get(timeout=30)
        for _ in range(9):
            end.send(ALIVE)
            time.sleep(0.4)
        assert client.restarts == 0
        assert client.silence is not None
        assert client.silence < 3.0
        client.request(Ask(1))
        again = scripted.ends.get(timeout=20)  # no more signs of life
        assert _receive(again)["kind"] == "ask"
        assert client.restarts == 1
        assert answers.empty()
        for each in (end, again):
            each.close()
    finally:
        client.close()
