"""The daemon's figures in Prometheus' text format."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from daemon.server.summary import VERSION, health

if TYPE_CHECKING:
    from daemon.server.models import ServerStatus
    from daemon.server.queue_service import QueueService

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PAGE = resource.getpagesize()


class Requests:
    """Counts answers by method and status.

    Attributes:
        answers: how many, by method and status.
        seconds: time that they took together, s, by method.
    """

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.seconds: Counter[str] = Counter()

    def count(self, method: str, status: int, began: float) -> None:
        """An answer was sent; `began` is when the request came, by `time.perf_counter`."""
        method = method if method in METHODS else "other"
        self.answers[method, status] += 1
        self.seconds[method] += time.perf_counter() - began  # type: ignore[assignment] # a Counter adds floats, too


def metrics(service: QueueService, status: ServerStatus, requests: Requests) -> str:
    """All figures as text."""
    return "".join(_lines(service, status, requests))


def _lines(service: QueueService, status: ServerStatus, requests: Requests) -> Iterator[str]:
    engine = service.watch.status or {}
    yield from _gauge("info", "Version of Beampilot.", {f'version="{VERSION}"': 1})
    yield from _gauge("healthy", "Whether every process does its work.", {"": int(health(service.watch).healthy)})
    yield from _gauge("process_up", "Whether a process answers.", _by_process(status, "alive"))
    yield from _gauge("heartbeat_age_seconds", "Time since a process was heard of.", _by_process(status))
    yield from _gauge("queue_length", "Items that wait.", {"": status.queue_length})
    yield from _gauge("queue_running", "Whether the queue is being worked off.", {"": int(status.queue_running)})
    state = {f'state="{status.engine_state or "unreachable"}"': 1}
    yield from _gauge("engine_state", "What the engine does.", state)
    yield from _gauge("engine_loop_age_seconds", "Time since the engine's loop ran.", {"": engine.get("loop_age")})
    yield from _gauge("run_points", "Points of the run that grows.", {"": status.run.points if status.run else 0})
    yield from _counter("documents_total", "Documents of this engine.", {"": engine.get("sequence")})
    yield from _counter("analyst_restarts_total", "Restarts of the analyst.", {"": engine.get("analyst_restarts")})
    answers = {f'method="{name}",status="{code}"': count for (name, code), count in sorted(requests.answers.items())}
    yield from _counter("http_answers_total", "Answers by method and status.", answers)
    seconds = {f'method="{name}"': spent for name, spent in sorted(requests.seconds.items())}
    yield from _counter("http_seconds_total", "Time that answers took.", seconds)
    yield from _gauge("server_resident_bytes", "Memory of the server.", {"": _resident()})
    free = (status.room or {}).get("free_bytes")
    yield from _gauge("disk_free_bytes", "Room where runs are written.", {"": free})


def _gauge(name: str, text: str, values: Mapping[str, float | None]) -> Iterator[str]:
    return _metric("gauge", name, text, values)


def _counter(name: str, text: str, values: Mapping[str, float | None]) -> Iterator[str]:
    return _metric("counter", name, text, values)


def _metric(kind: str, name: str, text: str, values: Mapping[str, float | None]) -> Iterator[str]:
    known = {labels: value for labels, value in values.items() if value is not None}
    if known:
        yield f"# HELP beampilot_{name} {text}\n# TYPE beampilot_{name} {kind}\n"
    for labels, value in known.items():
        yield f"beampilot_{name}{f'{{{labels}}}' if labels else ''} {value}\n"


def _by_process(status: ServerStatus, what: str = "heartbeat_age_s") -> dict[str, float | None]:
    found = {}
    for name in ("server", "engine", "analyst"):
        value = getattr(getattr(status.processes, name), what)
        found[f'process="{name}"'] = None if value is None else float(value)
    return found


def _resident() -> int | None:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no path of ours
            return int(file.read().split()[1]) * PAGE
    except OSError:
        return None
