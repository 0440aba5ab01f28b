"""A stand-in for the HTTP server, for the commands that talk to it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from daemon.lock import LOCK_FILE, Holder

KEY = "the key of this folder"


@dataclass
class Asked:
    """One request that came.

    Attributes:
        line: method and path, with the query.
        body: its JSON.
        key: what it was asked with.
    """

    line: str
    body: Any
    key: str | None


@dataclass
class FakeDaemon:
    """A server that answers what a test tells it to.

    Attributes:
        data: a data folder that names it.
        answers: status and JSON by method and path.
        asked: the requests that came, in order.
        url: where it answers.
    """

    data: Path
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def lines(self) -> list[str]:
        """Method and path of the requests that came."""
        return [each.line for each in self.asked]


def _handler(daemon: FakeDaemon) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 2.0  # for clients that connect and say nothing

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            line = f"{self.command} {self.path.removeprefix('/api/v1')}"
            daemon.asked.append(Asked(line, json.loads(body) if body else None, self.headers.get("Authorization")))
            status, content = daemon.answers.get(line.partition("?")[0], (404, {"detail": f"nothing at {self.path}"}))
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815 - names of the base class

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - names of the base class
            """Says nothing."""

    return Handler


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """A server, and a data folder whose daemon it is."""
    for name in os.environ:
        if name.startswith("BEAMPILOT_"):
            monkeypatch.delenv(name)
    daemon = FakeDaemon(tmp_path.resolve())
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(daemon)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        daemon.url = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / LOCK_FILE).write_text(json.dumps(asdict(Holder(1, daemon.url, 0.0))))
        (tmp_path / "api_key").write_text(KEY + "\n")
        yield daemon
        server.shutdown()
        thread.join()
