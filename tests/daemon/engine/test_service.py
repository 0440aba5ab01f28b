"""The engine's process as other processes meet it: commands, documents, statuses, frames, keys, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import zmq
from bluesky.callbacks.zmq import ClientCurve, RemoteDispatcher
from event_model import DocumentNames, schema_validators

from daemon.curve import make_client_keys
from daemon.engine_client import AsyncEngineClient, EngineClient, Published, Subscription, frames
from daemon.engine_client.subscription import parse
from daemon.errors import EngineRefused, EngineUnreachable
from daemon.numbers import Number, format_number
from daemon.runs import Run
from daemon.runs.numbered import documents_after, last_number
from daemon.runtime import engine_address

PATIENCE = 30.0
AXES = {name: {"low": 0.0, "high": 150.0, "points": 3} for name in ("stage_x", "stage_y")}


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class EngineProcess:
    """An engine process on a data folder of its own."""

    def __init__(self, data: Path, settings: Path | None = None, **more: str) -> None:
        self.data, self.settings = data, settings
        self.address = {name: f"tcp://127.0.0.1:{_free_port()}" for name in ("documents", "frames", "status")}
        variables = {f"BEAMPILOT_SOCKETS__{name.upper()}": value for name, value in self.address.items()}
        self.environment = {**os.environ, **variables, **more, "OMP_NUM_THREADS": "1"}
        self.client = EngineClient(engine_address(data), timeout=10.0)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [sys.executable, "-m", "daemon.engine", "--data", str(self.data)]
        command += [] if self.settings is None else ["--settings", str(self.settings)]
        self.kill()
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        self.wait_for(lambda _: True)

    def wait_for(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Waits until the engine's status fulfils a condition."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(EngineUnreachable):
                facts = self.client.call("status")
                if condition(facts):
                    return facts
            assert self.process is not None
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def kill(self) -> None:
        """Ends it at once where it runs still."""
        if self.process is not None and self.process.stderr is not None and not self.process.stderr.closed:
            self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it and gives its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.communicate(timeout=PATIENCE)
        return int(self.process.returncode)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """An engine process that runs."""
    made = EngineProcess(tmp_path / "data")
    try:
        made.start()
        yield made
    finally:
        made.kill()


@contextlib.contextmanager
def _dispatcher(address: str, **options: Any) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What bluesky's own dispatcher receives, while the context is open."""
    loop = asyncio.new_event_loop()
    dispatcher = RemoteDispatcher(address.removeprefix("tcp://"), deserializer=msgpack.unpackb, loop=loop, **options)
    got: list[tuple[str, dict[str, Any]]] = []
    dispatcher.subscribe(lambda name, document: got.append((name, document)))

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            dispatcher.start()

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.5)  # until it is connected
    try:
        yield got
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(5)
        if dispatcher._socket is not None:
            dispatcher._socket.close(0)
        loop.close()


def _scan(engine: EngineProcess, **parameters: Any) -> dict[str, Any]:
    """Runs a small grid scan to its end."""
    engine.client.call("start", plan="grid_scan", parameters={"axes": AXES, **parameters}, item="the item")
    return engine.wait_for(lambda facts: facts["last"])["last"]


def test_blueskys_own_dispatcher_subscribes_unmodified(engine: EngineProcess) -> None:
    """Every document of the journal arrives, in order, and is valid by event-model's schemas."""
    with _dispatcher(engine.address["documents"]) as got:
        last = _scan(engine)
        deadline = time.monotonic() + PATIENCE
        while not got or got[-1][0] != "stop":
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert (last["item"], last["exit_status"], last["points"]) == ("the item", "success", 9)
    record = list(Run(Path(last["path"])).documents())
    assert [name for name, _ in got] == [name for name, _ in record]
    assert got == [(name, document) for name, document in record]
    for name, document in got:
        schema_validators[DocumentNames[name]].validate(document)
    assert got[0][1]["item_uid"] == "the item"


def test_numbers_lead_from_what_was_missed_to_the_record(engine: EngineProcess) -> None:
    """A subscriber that comes late, and loses some, has every document once in the end: over the engine's death."""
    data = engine.data
    _scan(engine)
    with zmq.Context() as context, context.socket(zmq.SUB) as socket_:
        socket_.setsockopt(zmq.LINGER, 0)
        socket_.subscribe(b"")
        socket_.connect(engine.address["documents"])
        time.sleep(0.3)

        def fetch(after: Number | None) -> list[Published]:
            return [Published(one.number, one.name, one.document) for one in documents_after(data, after, 7)]

        subscription = Subscription(fetch)
        seen = subscription.catch_up()
        _scan(engine)
        for kept in range(20):
            frame = socket_.recv()
            if kept % 3:  # the rest is lost
                seen += subscription.take(parse(frame))
        engine.client.call("start", plan="grid_scan", parameters={})
        engine.wait_for(lambda facts: facts["run"] and facts["run"]["points"] > 2)
        engine.end(signal.SIGKILL)
        engine.start()
        _scan(engine)
        while socket_.poll(500):
            seen += subscription.take(parse(socket_.recv()))
        seen += subscription.catch_up()
    record = documents_after(data, None, 100_000)
    assert [one.number for one in seen] == [one.number for one in record]
    assert len({number for number, *_ in [(one.number,) for one in seen]}) == len(seen)
    epochs = sorted({one.number[0] for one in record})
    assert len(epochs) == 2
    for epoch in epochs:
        sequence = [one.number[1] for one in record if one.number[0] == epoch]
        assert sequence == list(range(1, len(sequence) + 1))
    first = next(one for one in record if one.number == (epochs[1], 1))
    assert first.name == "stop"  # of the run that the dead engine left open
    assert first.document["exit_status"] == "abort"
    assert last_number(data) == record[-1].number


def test_mistakes_are_refused_with_their_fields(engine: EngineProcess) -> None:
    """A wrong plan, wrong parameters, limits, a wrong command, arguments, and no msgpack at all."""
    call = engine.client.call
    with pytest.raises(EngineRefused, match="no plan 'fly_scan'") as plan:
        call("check", plan="fly_scan", parameters={})
    assert plan.value.kind == "PlanRejected"
    wide = {**AXES, "stage_x": {"low": -5.0, "high": 150.0, "points": 3}}
    with pytest.raises(EngineRefused) as limits:
        call("start", plan="grid_scan", parameters={"axes": wide})
    assert limits.value.fields[0]["field"] == "axes.stage_x.low"
    assert "stay within 0 to 150" in limits.value.fields[0]["message"]
    with pytest.raises(EngineRefused) as schema:
        call("check", plan="grid_scan", parameters={"axes": AXES, "dark_frames": -1, "snake": "maybe"})
    assert [each["field"] for each in schema.value.fields] == ["dark_frames", "snake"]
    with pytest.raises(EngineRefused, match="no command 'explode'"):
        call("explode")
    with pytest.raises(EngineRefused, match="unexpected"):
        call("status", depth=3)
    with pytest.raises(EngineRefused, match="nothing to abort"):
        call("abort")
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(engine_address(engine.data))
        raw.sendall(b"\x05\x00\x00\x00\xc1\xc1\xc1\xc1\xc1")
        assert raw.recv(1) == b""
    assert call("status")["state"] == "idle"
    assert not (engine.data / "runs").exists()


def test_status_is_answered_over_zmq_and_published(engine: EngineProcess) -> None:
    """Both say the same as the command."""
    with zmq.Context() as context, context.socket(zmq.REQ) as question, context.socket(zmq.SUB) as news:
        for each in (question, news):
            each.setsockopt(zmq.LINGER, 0)
            each.setsockopt(zmq.RCVTIMEO, 5000)
        question.connect(engine.address["status"])
        question.send(b"status")
        facts = msgpack.unpackb(question.recv())
        news.subscribe(b"status")
        news.connect(engine.address["frames"])
        topic, body = news.recv_multipart()
    assert topic == b"status"
    own = engine.client.call("status")
    for told in (facts, msgpack.unpackb(body)):
        assert {name: told[name] for name in ("pid", "epoch", "state", "analyst_pid")} == {
            name: own[name] for name in ("pid", "epoch", "state", "analyst_pid")
        }


def test_frames_are_published_to_those_who_watch(engine: EngineProcess) -> None:
    """What arrives is the frame on disk that its header names."""

    async def watch() -> list[tuple[dict[str, Any], bytes]]:
        got = []
        stream = frames(engine.address["frames"])
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.5)
        client = AsyncEngineClient(engine_address(engine.data))
        await client.call("start", plan="grid_scan", parameters={"axes": AXES})
        got.append(await asyncio.wait_for(first, PATIENCE))
        with contextlib.suppress(TimeoutError):
            while True:
                got.append(await asyncio.wait_for(anext(stream), 1.0))
        await stream.aclose()
        return got

    got = asyncio.run(watch())
    last = engine.wait_for(lambda facts: facts["last"])["last"]
    import zarr

    recorded = zarr.open_array(Path(last["path"]) / "primary" / "detector", mode="r")
    assert [header["sequence"] for header, _ in got] == list(range(1, len(got) + 1))
    for header, body in got:
        pixels = np.frombuffer(body, header["dtype"]).reshape(header["shape"])
        assert np.array_equal(pixels, np.asarray(recorded[header["index"]])[0])


def test_one_engine_per_data_folder_and_a_clean_end(engine: EngineProcess) -> None:
    """A second one says who has it; SIGTERM ends a scan, closes its run, and exits with 0."""
    command = [sys.executable, "-m", "daemon.engine", "--data", str(engine.data)]
    second = subprocess.run(command, env=engine.environment, capture_output=True, text=True, timeout=PATIENCE)
    assert second.returncode == 2
    assert engine.process is not None
    assert f"pid {engine.process.pid}" in second.stderr
    engine.client.call("start", plan="grid_scan", parameters={})
    run = engine.wait_for(lambda facts: facts["run"] and facts["run"]["points"] > 2)["run"]
    assert engine.end() == 0
    assert Run(Path(run["path"])).stop["exit_status"] == "abort"
    with pytest.raises(EngineUnreachable, match="no engine answers"):
        engine.client.call("status")


def test_a_call_ends_at_once_when_the_engine_dies(engine: EngineProcess) -> None:
    """Nobody waits for the time-out of a dead engine."""
    assert engine.process is not None
    pid = engine.process.pid
    engine.process.send_signal(signal.SIGSTOP)
    with pytest.raises(EngineUnreachable, match=r"did not answer status within 0\.3 s"):
        engine.client.call("status", timeout=0.3)
    killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(EngineUnreachable, match="ended while"):
        engine.client.call("status", timeout=PATIENCE)
    killer.join()


def test_an_address_that_is_taken_names_its_setting(tmp_path: Path) -> None:
    """One line, and exit code 2."""
    made = EngineProcess(tmp_path / "data")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", int(made.address["status"].rpartition(":")[2])))
        holder.listen()
        command = [sys.executable, "-m", "daemon.engine", "--data", str(made.data)]
        ended = subprocess.run(command, env=made.environment, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 2
    assert ended.stderr.strip().splitlines()[-1].startswith(f"beampilot: sockets.status = {made.address['status']}: ")


def test_with_curve_only_holders_of_keys_subscribe(tmp_path: Path) -> None:
    """Bluesky's dispatcher with its own key files gets the documents; a stranger gets nothing, and so does no key."""
    data = tmp_path / "data"
    keys = make_client_keys(data, "viewer", tmp_path / "viewer")
    stranger = make_client_keys(tmp_path / "elsewhere", "stranger", tmp_path / "stranger")
    engine = EngineProcess(data, BEAMPILOT_SOCKETS__CURVE="true")
    try:
        engine.start()
        address = engine.address["documents"]
        admitted = ClientCurve(secret_path=keys.secret, server_public_key=keys.server)
        refused = ClientCurve(secret_path=stranger.secret, server_public_key=keys.server)
        with (
            _dispatcher(address, curve_config=admitted) as got,
            _dispatcher(address, curve_config=refused) as nothing,
            _dispatcher(address) as nothing_either,
        ):
            _scan(engine)
            deadline = time.monotonic() + PATIENCE
            while not got or got[-1][0] != "stop":
                assert time.monotonic() < deadline
                time.sleep(0.01)
        assert nothing == nothing_either == []
        assert engine.end() == 0
    finally:
        engine.kill()


def test_a_campaign_is_continued_by_command(engine: EngineProcess) -> None:
    """After a kill, `continue` measures what is left of the budget, and names the old run."""
    parameters = {"points": 12, "axes": {name: {**span, "points": 31} for name, span in AXES.items()}}
    parameters |= {"objective": "detector_total", "initial_points": 11}
    engine.client.call("start", plan="autonomous_scan", parameters=parameters, item="one")
    run = engine.wait_for(lambda facts: facts["run"] and facts["run"]["points"] > 2)["run"]
    engine.end(signal.SIGKILL)
    engine.start()
    measured = Run(Path(run["path"])).points
    engine.client.call("continue", run=run["path"], item="one")
    last = engine.wait_for(lambda facts: facts["last"])["last"]
    assert (last["item"], last["exit_status"]) == ("one", "success")
    assert last["points"] == 12 - measured
    assert Run(Path(last["path"])).start["continues"] == run["path"]
    with pytest.raises(EngineRefused, match="is no run"):
        engine.client.call("continue", run=str(engine.data))


STUBBORN = """
import time
from simulators.diffractometer import instrument as make

def instrument(**options):
    devices = make(**options)
    device, read, count = devices["detector"], devices["detector"].read, 0

    def once_and_never_again():
        nonlocal count
        count += 1
        time.sleep(600 if count > 3 else 0)
        return read()

    device.read = once_and_never_again
    return devices
"""


def test_a_plan_that_nothing_ends_ends_with_its_process(tmp_path: Path) -> None:
    """A device blocks the RunEngine's loop: abort, then halt, then the process; the next one closes the run."""
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    file = tmp_path / "settings.toml"
    file.write_text(
        f"""
        [instrument]
        factory = "stubborn:instrument"
        path = "{tmp_path}"
        [control]
        pause_deadline = 0.2
        end_deadline = 0.2
        halt_deadline = 0.2
        """
    )
    engine = EngineProcess(tmp_path / "data", file)
    try:
        engine.start()
        engine.client.call("start", plan="grid_scan", parameters={"axes": AXES})
        facts = engine.wait_for(lambda facts: facts["run"] and facts["loop_age"] > 0.5)
        with pytest.raises(EngineRefused, match="closed from its journal") as refused:
            engine.client.call("abort", reason="it hangs")
        assert refused.value.kind == "EngineStuck"
        assert engine.process is not None
        engine.process.communicate(timeout=PATIENCE)
        assert engine.process.returncode == 75
        engine.settings = None
        engine.start()
        run = Run(Path(facts["run"]["path"]))
        assert run.stop["exit_status"] == "abort"
        assert run.points == 3
    finally:
        engine.kill()


def test_numbers_as_text() -> None:
    """What is written is read again; the form is the one that the socket uses."""
    assert format_number((17, 4)) == "17:4"
    one = parse(b"17:4 start " + (msgpack.packb({"a": 1}) or b""))
    assert (one.number, one.name, one.document) == ((17, 4), "start", {"a": 1})
