"""WebSockets: keys in the first message, the status as it changes, documents complete and in order, frames binned."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import msgpack
import numpy as np
import pytest
import uvicorn
import zmq
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from daemon.recorder.layout import JOURNAL
from daemon.server import make_app
from daemon.server.live.frames import DTYPES, HEADER, preview
from daemon.settings import Settings
from daemon.store import Store

KEY = "the single user's key"
HELLO = {"authorization": f"ApiKey {KEY}"}
Played: TypeAlias = Any
"""The engine of `conftest.py`, whose class cannot be imported from here."""
EPOCH = 1000


@pytest.fixture
def publisher() -> Iterator[Callable[[str], tuple[zmq.Socket[bytes], str]]]:
    """Makes sockets that publish, as the engine's do."""
    context = zmq.Context()

    def make(_: str) -> tuple[zmq.Socket[bytes], str]:
        socket = context.socket(zmq.XPUB)
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        return socket, f"tcp://127.0.0.1:{port}"

    yield make
    context.destroy(0)


class Client:
    """A server that runs in a thread, and the sockets that it subscribes to.

    Args:
        app: what is served.
        documents: where a test publishes documents.
        frames: where a test publishes frames.
    """

    def __init__(self, app: FastAPI, documents: zmq.Socket[bytes], frames: zmq.Socket[bytes]) -> None:
        self.documents, self.frames = documents, frames
        self._connections = ExitStack()
        config = uvicorn.Config(app, "127.0.0.1", 0, log_config=None, timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def connect(self, path: str, hello: object = HELLO, origin: str | None = None) -> ClientConnection:
        """A WebSocket that has said hello."""
        where = f"ws://127.0.0.1:{self.port}/api/v1{path}"
        opened = connect(where, origin=origin, proxy=None, max_size=None)  # type: ignore[arg-type]
        connection = self._connections.enter_context(opened)
        connection.send(json.dumps(hello))
        return connection

    def close(self) -> None:
        """End the connections and the server."""
        self._connections.close()
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture
def client(settings: Settings, store: Store, engine: Played, publisher: Any) -> Iterator[Client]:  # noqa: ANN401
    """A server, and where its documents and frames come from."""
    documents, first = publisher("documents")
    frames, second = publisher("frames")
    sockets = settings.sockets.model_copy(update={"documents": first, "frames": second})
    app = make_app(settings.model_copy(update={"sockets": sockets}), store, engine)
    client = Client(app, documents, frames)
    yield client
    client.close()


def closed_with(connection: ClientConnection) -> int:
    """The code with which a WebSocket is closed."""
    with pytest.raises(ConnectionClosed) as info:
        connection.recv(20)
    assert info.value.rcvd is not None
    return info.value.rcvd.code


def publish(socket: zmq.Socket[bytes], sequence: int, name: str = "event") -> None:
    """Publish a document, once somebody has subscribed."""
    body = msgpack.packb({"uid": str(sequence), "value": float("nan")})
    socket.send(f"{EPOCH}:{sequence} {name} ".encode() + body)


def write_journal(data: Path, sequences: range) -> None:
    """Put documents on record."""
    folder = data / "runs" / "2026-11-21" / "1-12345678.zarr"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / JOURNAL).open("a") as file:
        for sequence in sequences:
            line = json.dumps(["event", {"uid": str(sequence)}, [EPOCH, sequence]], separators=(",", ":"))
            file.write(line + "\n")


def numbers(session: ClientConnection, count: int) -> list[int]:
    """Sequences of the next documents."""
    return [int(json.loads(session.recv(20))[0].partition(":")[2]) for _ in range(count)]


@pytest.mark.parametrize("path", ["/ws/status", "/ws/documents", "/ws/frames"])
def test_the_first_message_has_a_key(client: Client, store: Store, path: str) -> None:
    """Or the socket is closed; so it is when the key is revoked."""
    for hello in ({}, [], "ApiKey", {"authorization": "ApiKey wrong"}, {"authorization": 1}):
        assert closed_with(client.connect(path, hello)) == 4401
    secret, token = store.create_token("ada", "observer")
    client.connect(path, {"authorization": f"Bearer {secret}"})
    store.revoke_token(token.id)
    assert closed_with(client.connect(path, {"authorization": f"Bearer {secret}"})) == 4401


def test_wrong_keys_have_to_wait(client: Client) -> None:
    """As over HTTP."""
    for _ in range(10):
        closed_with(client.connect("/ws/status", {"authorization": "ApiKey wrong"}))
    assert closed_with(client.connect("/ws/status")) == 4429


def test_a_page_of_another_server_is_refused(client: Client) -> None:
    """Even with a key: the browser is a person's, the page is not."""
    with pytest.raises(InvalidStatus) as info:
        client.connect("/ws/status", origin="http://evil.example")
    assert info.value.response.status_code == 403
    session = client.connect("/ws/status", origin=f"http://127.0.0.1:{client.port}")
    assert json.loads(session.recv(20))["version"]
    session.close()


def test_the_status_comes_when_it_changes_and_every_second(client: Client, engine: Played) -> None:
    """A dashboard can tell silence from quiet."""
    session = client.connect("/ws/status")
    assert json.loads(session.recv(20))["engine_state"] in (None, "idle")
    began = time.monotonic()
    engine.state["state"] = "paused"
    while json.loads(session.recv(20))["engine_state"] != "paused":
        assert time.monotonic() - began < 20
    session.recv(20)
    assert time.monotonic() - began < 20
    session.close()


def test_documents_are_complete_whatever_was_missed(client: Client, settings: Settings, engine: Played) -> None:
    """From the record what came before, then live; a gap is filled from the record; NaN is null."""
    write_journal(settings.data, range(1, 1201))
    engine.state |= {"epoch": EPOCH, "sequence": 1200}
    session = client.connect("/ws/documents", {**HELLO, "after": f"{EPOCH}:100"})
    assert numbers(session, 1100) == list(range(101, 1201))
    assert client.documents.poll(5000)
    client.documents.recv()
    write_journal(settings.data, range(1201, 1211))
    publish(client.documents, 1201)
    first = json.loads(session.recv(20))
    for sequence in (1202, 1206):  # a subscriber may miss some
        publish(client.documents, sequence)
    assert first == [f"{EPOCH}:1201", "event", {"uid": "1201", "value": None}]
    assert numbers(session, 5) == [1202, 1203, 1204, 1205, 1206]
    engine.state["sequence"] = 1210  # the last ones never come by themselves
    assert numbers(session, 4) == [1207, 1208, 1209, 1210]
    session.close()


def test_a_number_that_is_none_is_refused(client: Client) -> None:
    """With a reason."""
    assert closed_with(client.connect("/ws/documents", {**HELLO, "after": "soon"})) == 1007


def test_frames_come_with_their_camera(client: Client) -> None:
    """A text message names it, then header and pixels; only the newest is sent."""
    session = client.connect("/ws/frames")
    assert client.frames.poll(5000)
    client.frames.recv()
    pixels = np.arange(12, dtype="<u2").reshape(3, 4)
    header = {"kind": "frame", "name": "detector", "sequence": 7, "shape": [3, 4], "dtype": "<u2", "time": 12.5}
    client.frames.send_multipart([b"frame", msgpack.packb(header), pixels.tobytes()])
    assert json.loads(session.recv(20)) == {"camera": "detector", "number": 0}
    message = session.recv(20)
    magic, version, kind, dtype, binning, camera, sequence, height, width, when = HEADER.unpack(message[:32])
    assert (magic, version, kind, DTYPES[dtype - 1], binning, camera) == (b"BP", 1, 1, "u2", 1, 0)
    assert (sequence, height, width, when) == (7, 3, 4, 12.5)
    np.testing.assert_array_equal(np.frombuffer(message[32:], "<u2").reshape(3, 4), pixels)
    session.close()


def test_whoever_acknowledges_frames_gets_none_before(client: Client) -> None:
    """And then the newest: a page that cannot keep up is never further behind than by one."""
    session = client.connect("/ws/frames", {**HELLO, "acknowledge": True})
    assert client.frames.poll(5000)
    client.frames.recv()

    def take(sequence: int) -> None:
        header = {
            "kind": "frame",
            "name": "detector",
            "sequence": sequence,
            "shape": [1, 1],
            "dtype": "|u1",
            "time": 0.0,
        }
        client.frames.send_multipart([b"frame", msgpack.packb(header), b"1"])

    take(1)
    session.recv(20)
    assert HEADER.unpack(session.recv(20)[:32])[6] == 1
    for sequence in range(2, 9):
        take(sequence)
    with pytest.raises(TimeoutError):
        session.recv(0.5)
    session.send("{}")
    assert HEADER.unpack(session.recv(20)[:32])[6] == 8
    session.close()


@pytest.mark.parametrize(
    ("shape", "dtype", "expected", "kind"),
    [
        ((512, 512), "<u2", (512, 512), "u2"),
        ((1030, 2070), "<u2", (206, 414), "u2"),
        ((600, 100), ">i4", (300, 50), "i4"),
        ((2, 700, 700), "<f8", (350, 350), "f8"),
        ((4, 4), "|b1", (4, 4), "f4"),
        ((4, 4), "<u8", (4, 4), "f4"),
    ],
)
def test_previews_fit_a_screen(shape: tuple[int, ...], dtype: str, expected: tuple[int, int], kind: str) -> None:
    """At most 512 pixels in either direction; means of blocks, of the last frame, little-endian."""
    frame = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    header = {"shape": list(shape), "dtype": dtype, "sequence": 2**40, "time": 0.0}
    message = preview(header, frame.tobytes(), 3)
    _, _, _, code, binning, camera, sequence, height, width, _ = HEADER.unpack(message[:32])
    assert (DTYPES[code - 1], height, width, camera, sequence) == (kind, *expected, 3, 2**40)
    pixels = np.frombuffer(message[32:], f"<{kind}").reshape(expected)
    last = frame.reshape(-1, *shape[-2:])[-1].astype(float)
    block = last[:binning, :binning].mean()
    assert pixels[0, 0] == (np.round(block) if kind[0] in "ui" else pytest.approx(block))
    assert struct.calcsize("<2sBBBBHQIId") == 32


def test_a_slow_client_holds_nobody_up(client: Client, settings: Settings, engine: Played) -> None:
    """One that reads nothing while another gets everything."""
    write_journal(settings.data, range(1, 5001))
    engine.state |= {"epoch": EPOCH, "sequence": 5000}
    slow = client.connect("/ws/documents", {**HELLO, "after": f"{EPOCH}:0"})
    fast = client.connect("/ws/documents", {**HELLO, "after": f"{EPOCH}:0"})
    assert numbers(fast, 5000) == list(range(1, 5001))
    assert numbers(slow, 5000) == list(range(1, 5001))
    for session in (slow, fast):
        session.close()
    assert threading.active_count() < 50
