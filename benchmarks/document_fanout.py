"""Whether eight subscribers get every document once and in order, one of them a thousand times too slow.

The engine's recorder, register and publisher, in a process of their own, put documents of a scan on record and publish
them at a fixed rate for a minute. Eight subscribers, each a process, take them from the ZMQ socket; whoever sees a gap
in the numbers asks the HTTP server for what is missing (``GET /api/v1/documents?after=``), as
`daemon.engine_client.Subscription` does. One subscriber takes a thousand times as long for a document as there is time
for one, as long as documents are published. Memory is that of the publishing process: after the first third, when as
many documents wait for the slow subscriber as the socket keeps for one, at the end and at most.

Beside it bluesky's own ``Publisher``, ``Proxy`` and ``RemoteDispatcher`` on the same load, which have no record to ask:
what they lose they lose without a word.

Run ``python -m benchmarks.document_fanout --help``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import zmq
from bluesky.callbacks.zmq import Proxy, RemoteDispatcher
from bluesky.callbacks.zmq import Publisher as BlueskyPublisher
from event_model import compose_run
from rich.progress import Progress

from benchmarks.report import Report, results
from benchmarks.served import Daemon, free_ports, resident
from daemon.engine.publisher import Publisher
from daemon.engine_client import Published, Subscription
from daemon.engine_client.subscription import parse
from daemon.numbers import Number, Register, format_number, parse_number
from daemon.recorder import Recorder
from daemon.serve_settings import SocketSettings

RUN, LEAST = 5000, 4
"""Documents of one run, and the fewest that are one."""
PAGE = 5000
"""Documents that are asked for at once."""
IDLE_MS = 500
"""Time without a document after which a subscriber asks for what it missed, ms."""
SETTLED = 5.0
"""A dispatcher that has received nothing for so long gets nothing more, s."""
SPAWN = multiprocessing.get_context("spawn")

Emit = Callable[[str, dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Load:
    """What is published: so many documents per second, for so many seconds."""

    rate: float
    seconds: float

    @property
    def count(self) -> int:
        """Documents in all."""
        return int(self.rate * self.seconds)


@dataclass(slots=True)
class Sent:
    """What the publishing process did.

    Attributes:
        seconds: from the first document to the last, s.
        last: number of the last one.
        memory: resident, MB, once a second.
    """

    seconds: float = 0.0
    last: Number = (0, 0)
    memory: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Taken:
    """What one subscriber has in the end.

    Attributes:
        numbers: of the documents, in the order in which it has them.
        live: how many came by the socket.
        delays: from an event's time until it was there, s; of those that came by the socket.
    """

    numbers: list[Number] = field(default_factory=list)
    live: int = 0
    delays: list[float] = field(default_factory=list)


def scan_documents(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many documents, one run after the other."""
    while count > 0:
        size = count if count < RUN + LEAST else RUN
        yield from run_documents(size)
        count -= size


def run_documents(count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """So many documents: the start of a run, its descriptor, events of scalars, and the stop document."""
    run = compose_run(uid=str(uuid.uuid4()), metadata={"plan_name": "fan-out", "scan_id": 1})
    yield "start", dict(run.start_doc)
    keys = {f"value_{index}": {"dtype": "number", "shape": [], "source": "benchmark"} for index in range(8)}
    stream = run.compose_descriptor(name="primary", data_keys=keys)  # type: ignore[arg-type]
    yield "descriptor", dict(stream.descriptor_doc)
    for number in range(1, count - 2):
        now = time.time()
        data = {key: number + 0.5 * index for index, key in enumerate(keys)}
        yield "event", dict(stream.compose_event(data=data, timestamps=dict.fromkeys(keys, now), validate=False))
    yield "stop", dict(run.compose_stop())


def pace(load: Load, emit: Emit, sent: Sent, told: Connection) -> None:
    """Emit all documents, each when it is due."""
    began, looked = time.monotonic(), 0.0
    for index, (name, document) in enumerate(scan_documents(load.count)):
        if (ahead := began + index / load.rate - time.monotonic()) > 0:
            time.sleep(ahead)
        emit(name, document)
        if (now := time.monotonic()) - looked > 1.0:
            looked = now
            sent.memory.append(resident(multiprocessing.current_process().pid or 0))
            told.send(index)
    sent.seconds = time.monotonic() - began


def publish_ours(load: Load, data: Path, address: str, told: Connection) -> None:
    """The publishing process: recorder, register and publisher as the engine has them."""
    sent, context = Sent(), zmq.Context()
    sockets = SocketSettings(documents=address, frames=f"tcp://127.0.0.1:{free_ports(1)[0]}")
    publisher = Publisher(sockets, dict, context)
    register = Register(publisher.document)
    recorder = Recorder(data, register=register)
    publisher.start()
    told.send("bound")
    told.recv()
    pace(load, recorder, sent, told)
    sent.last = (register.epoch, register.sequence)
    told.send(sent)
    told.recv()
    publisher.close()
    recorder.close()
    context.destroy(0)


def subscribe(address: str, url: str, key: str, delay: float, told: Connection) -> None:
    """One subscriber; it is slow until it is told the number of the last document."""
    taken, end = Taken(), None
    client = httpx.Client(base_url=url, headers={"Authorization": key}, trust_env=False, timeout=60.0)

    def fetch(after: Number | None) -> list[Published]:
        query = {"limit": str(PAGE)} | ({} if after is None else {"after": format_number(after)})
        found = client.get("/documents", params=query).raise_for_status().json()["documents"]
        return [Published(parse_number(number), name, document) for number, name, document in found]

    subscription = Subscription(fetch)
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.subscribe(b"")
        socket.connect(address)
        told.send("connected")
        while end is None or subscription.last != end:
            if end is None and told.poll():
                end = told.recv()
            if socket.poll(IDLE_MS):
                live = parse(socket.recv())
                taken.live += 1
                if live.name == "event":
                    taken.delays.append(time.time() - live.document["time"])
                taken.numbers += [one.number for one in subscription.take(live)]
                if end is None:
                    time.sleep(delay)
            elif end is not None:
                taken.numbers += [one.number for one in subscription.catch_up()]
    told.send(taken)


def run_ours(load: Load, subscribers: int, progress: Progress) -> tuple[Sent, list[Taken], float]:
    """Publish and subscribe; returns what was sent, what was taken, and how long the slow one needed at the end, s."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        daemon = Daemon(data)
        daemon.start_server()
        address = daemon.documents
        sender, theirs = SPAWN.Pipe()
        publisher = SPAWN.Process(target=publish_ours, args=(load, data, address, theirs), daemon=True)
        publisher.start()
        sender.recv()
        clients = []
        for index in range(subscribers):
            ours, theirs = SPAWN.Pipe()
            delay = 1000.0 / load.rate if index == 0 else 0.0
            arguments = (address, daemon.url, daemon.key, delay, theirs)
            SPAWN.Process(target=subscribe, args=arguments, daemon=True).start()
            clients.append(ours)
        sent = _drive(sender, clients, load, progress, "ours")
        began = time.monotonic()
        for client in clients:
            client.send(sent.last)
        taken = [client.recv() for client in reversed(clients)][::-1]
        late = time.monotonic() - began
        sender.send("end")
        publisher.join()
        daemon.end()
    return sent, taken, late


def publish_theirs(load: Load, address: str, told: Connection) -> None:
    """The publishing process with bluesky's own publisher."""
    sent, publisher = Sent(), BlueskyPublisher(address)
    told.send("bound")
    told.recv()
    pace(load, publisher, sent, told)
    told.send(sent)
    told.recv()


def proxy(addresses: tuple[str, str], told: Connection) -> None:
    """Bluesky's proxy."""
    made = Proxy(*addresses)
    told.send("bound")
    made.start()


def dispatch(address: str, delay: float, told: Connection) -> None:
    """One of bluesky's dispatchers; it is slow until it is told to end, and ends when nothing more comes."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    dispatcher = RemoteDispatcher(address, loop=loop)
    count, heard, slow = 0, time.monotonic(), True

    def take(*_: object) -> None:
        nonlocal count, heard
        count, heard = count + 1, time.monotonic()
        if slow:
            time.sleep(delay)
            heard = time.monotonic()

    def watch() -> None:
        nonlocal slow
        told.recv()
        slow = False
        while time.monotonic() - heard < SETTLED:
            time.sleep(0.1)
        told.send(count)

    dispatcher.subscribe(take)
    threading.Thread(target=watch, daemon=True).start()
    told.send("connected")
    dispatcher.start()


def run_theirs(load: Load, subscribers: int, progress: Progress) -> tuple[Sent, list[int]]:
    """The same with bluesky's publisher, proxy and dispatchers."""
    ports = (free_ports(2)[0], free_ports(2)[1])
    processes, clients = [], []

    def begin(target: Callable[..., None], *arguments: object) -> Connection:
        ours, theirs = SPAWN.Pipe()
        processes.append(SPAWN.Process(target=target, args=(*arguments, theirs), daemon=True))
        processes[-1].start()
        return ours

    begin(proxy, (f"tcp://127.0.0.1:{ports[0]}", f"tcp://127.0.0.1:{ports[1]}")).recv()
    sender = begin(publish_theirs, load, f"127.0.0.1:{ports[0]}")
    sender.recv()
    for index in range(subscribers):
        delay = 1000.0 / load.rate if index == 0 else 0.0
        clients.append(begin(dispatch, f"127.0.0.1:{ports[1]}", delay))
    sent = _drive(sender, clients, load, progress, "bluesky's")
    for client in clients:
        client.send("end")
    counts = [client.recv() for client in clients]
    for process in processes:
        process.terminate()
        process.join()
    return sent, counts


def _drive(sender: Connection, clients: list[Connection], load: Load, progress: Progress, name: str) -> Sent:
    for client in clients:
        client.recv()
    time.sleep(2.0)  # until everybody is connected
    task = progress.add_task(name, total=load.count)
    sender.send("begin")
    while isinstance(message := sender.recv(), int):
        progress.update(task, completed=message)
    progress.update(task, completed=load.count)
    return message


def in_order(taken: Taken, sent: Sent) -> str:
    """Whether a subscriber has every document once and in order."""
    epoch, count = sent.last
    return "yes" if taken.numbers == [(epoch, number) for number in range(1, count + 1)] else "no"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=1250.0, help="documents per second")
    parser.add_argument("--seconds", type=float, default=60.0, help="for so long")
    parser.add_argument("--subscribers", type=int, default=8, help="subscribers, of whom the first is too slow")
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args(argv)
    report, load = Report(), Load(options.rate, options.seconds)
    with Progress() as progress:
        sent, taken, late = run_ours(load, options.subscribers, progress)
        theirs, counts = run_theirs(load, options.subscribers, progress)
    rows = []
    for index, (one, count) in enumerate(itertools.zip_longest(taken, counts)):
        p50, p99 = 1e3 * np.percentile(one.delays, [50, 99])
        name, lost = "1,000 × too slow" if index == 0 else f"{index + 1}", load.count - count
        rows.append([name, one.live, f"{p50:.1f}", f"{p99:.1f}", len(one.numbers), in_order(one, sent), count, lost])
    heads = ("subscriber", "came live", "delay, p50 ms", "p99", "has in the end", "each once, in order")
    report.table((*heads, "bluesky's has", "lost silently"), rows)
    rows = []
    for name, one in (("recorder, register and publisher", sent), ("bluesky's publisher, no record", theirs)):
        first = one.memory[len(one.memory) // 3]
        rate = load.count / one.seconds
        memory = [f"{first:.1f}", f"{one.memory[-1]:.1f}", f"{max(one.memory):.1f}"]
        rows.append([name, load.count, f"{rate:.0f}", *memory, f"{100 * (max(one.memory) / first - 1):+.1f} %"])
    heads = ("published by", "documents", "per second", "resident after a third, MB", "at the end", "most", "growth")
    report.table(heads, rows)
    report.table(("the slow one has all, s after the last document", ""), [["", f"{late:.1f}"]])
    report.finish(results(__file__) if options.write else None)


if __name__ == "__main__":
    main()
