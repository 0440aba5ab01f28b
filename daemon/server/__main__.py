"""`python -m daemon.server`: the HTTP server as a process of its own."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from daemon.errors import BeampilotError
from daemon.logs import logging_to
from daemon.settings import Settings, load_settings

DATABASE = "beampilot.sqlite3"
MESSAGE = 64 * 1024
"""Largest message that a WebSocket may send to us, bytes: all it says is a key and a number."""


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m daemon.server", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--settings", type=Path, help="the settings file")
    given = parser.parse_args()
    try:
        settings = load_settings(given.settings, data=given.data)
        with logging_to(settings.data, "server", settings.logs):
            serve(settings)
    except BeampilotError as error:
        sys.stderr.write(f"beampilot: {error}\n")
        sys.exit(error.exit_code)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        StoreUnavailable: when the database cannot be opened.
    """
    import uvicorn

    from daemon.engine_client import AsyncEngineClient
    from daemon.runtime import engine_address
    from daemon.server.app import make_app
    from daemon.store import Store

    url = settings.server.database or f"sqlite:///{settings.data / DATABASE}"
    # uvicorn raises the signal that ended it once more: it must not end us before the database is closed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    store = Store(url)
    store.open()
    try:
        app = make_app(settings, store, AsyncEngineClient(engine_address(settings.data)))
        options = settings.server
        threading.Thread(target=app.state.assets.warm, name="warm", daemon=True).start()
        uvicorn.run(
            app,
            host=options.host,
            port=options.port,
            ssl_certfile=None if options.certificate is None else str(options.certificate),
            ssl_keyfile=None if options.certificate_key is None else str(options.certificate_key),
            proxy_headers=options.behind_proxy,
            forwarded_allow_ips="127.0.0.1",
            ws_per_message_deflate=False,
            ws_max_size=MESSAGE,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
            lifespan="on",
        )
    finally:
        store.close()


if __name__ == "__main__":
    main()
