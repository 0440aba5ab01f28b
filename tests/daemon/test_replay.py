"""Runs are played back completely, in order and at the wanted pace."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.errors import AddressError, RecorderError
from daemon.publish import DocumentPublisher
from daemon.replay import Frame, Replay, timeline
from daemon.runs import Run


def test_everything_is_played_in_order(demo: dict[str, Any]) -> None:
    """The documents are the journal's, and each point's frame comes before its event."""
    run = Run(Path(demo["run"]))
    played: list[Any] = []
    count = Replay(run.path, None).play(lambda name, document: played.append((name, document)), played.append)
    documents = [item for item in played if isinstance(item, tuple)]
    frames = [item for item in played if isinstance(item, Frame)]
    assert documents == list(run.documents())
    assert count == len(documents)
    assert [frame.index for frame in frames] == list(range(12))
    stored = run.frames("detector")
    for frame in frames:
        np.testing.assert_array_equal(frame.pixels, stored[frame.index, 0])
        following = played[played.index(frame) + 1]
        assert (following[0], following[1]["seq_num"]) == ("event", frame.index + 1)


def test_times_never_go_back_and_are_the_instruments(demo: dict[str, Any]) -> None:
    """The span is that of the detector's readings, however fast the twin ran."""
    run = Run(Path(demo["run"]))
    moments = list(timeline(run.documents()))
    times = [moment.time for moment in moments]
    assert times == sorted(times)
    stamps = run.table()["ts_detector_total"]
    points = [moment.time for moment in moments if moment.name == "event" and moment.stream == "primary"]
    assert np.ptp(points) == pytest.approx(np.ptp(stamps), abs=0.5)


def test_pace(demo: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """N times faster waits an N-th of the instrument's time in all."""
    waited: list[float] = []
    replay = Replay(Path(demo["run"]), 50.0)
    monkeypatch.setattr(replay._stopped, "wait", lambda seconds: waited.append(seconds) or False)
    replay.play(lambda *_: None)
    times = [moment.time for moment in timeline(Run(Path(demo["run"])).documents())]
    assert sum(waited) == pytest.approx((times[-1] - times[0]) / 50.0)


def test_stop_ends_a_waiting_replay(demo: dict[str, Any]) -> None:
    """A replay in real time would take minutes."""
    replay = Replay(Path(demo["run"]), 1.0)
    seen: list[str] = []
    thread = threading.Thread(target=lambda: replay.play(lambda name, _: seen.append(name)))
    thread.start()
    while not seen:
        time.sleep(0.01)
    replay.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert seen[-1] != "stop"


def test_no_run(tmp_path: Path) -> None:
    """A folder without a journal is refused."""
    with pytest.raises(RecorderError):
        Replay(tmp_path)


@pytest.fixture
def address() -> str:
    """A free address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


SUBSCRIBER = """
import json, sys
import msgpack
from bluesky.callbacks.zmq import RemoteDispatcher

dispatcher = RemoteDispatcher(sys.argv[1], deserializer=msgpack.unpackb)
received = []

def take(name, document):
    received.append([name, document["uid"]])
    if name == "stop":
        print(json.dumps(received), flush=True)
        dispatcher.stop()

dispatcher.subscribe(take)
dispatcher.loop.call_later(0.5, print, "ready")
sys.stdout.reconfigure(line_buffering=True)
dispatcher.start()
"""


def test_blueskys_own_subscriber_gets_the_documents(
    demo: dict[str, Any], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RemoteDispatcher subscribes unmodified, from another process; every document arrives once and in order."""
    # A busy machine takes longer to connect than an operator would want to wait.
    monkeypatch.setattr("daemon.publish.JOIN_SECONDS", 3.0)
    command = [sys.executable, "-W", "ignore", "-c", SUBSCRIBER, address.removeprefix("tcp://")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as subscriber:
        assert subscriber.stdout is not None
        assert subscriber.stdout.readline() == "ready\n"
        with DocumentPublisher(address) as publisher:
            Replay(Path(demo["run"]), None).play(publisher)
            received = json.loads(subscriber.stdout.readline())
        subscriber.wait(20)
    assert received == [[name, document["uid"]] for name, document in Run(Path(demo["run"])).documents()]


@pytest.mark.parametrize("wrong", ["tcp://nowhere", "5578", "tcp://203.0.113.7:5578"])
def test_wrong_address(wrong: str) -> None:
    """One line says what to give instead."""
    with pytest.raises(AddressError, match=r"tcp://127\.0\.0\.1:5578"):
        DocumentPublisher(wrong)


def test_taken_address(address: str) -> None:
    """Two publishers cannot share a port."""
    with DocumentPublisher(address), pytest.raises(AddressError, match="in use"):
        DocumentPublisher(address)
