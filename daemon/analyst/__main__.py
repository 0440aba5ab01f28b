"""Entry point of the analyst process; started by the engine, not by people."""

from __future__ import annotations

import argparse
import os
import signal
import socket

from daemon.analyst.service import Service
from daemon.wire import Channel


def main() -> None:
    """Serves the engine at the other end of the inherited socket until that closes."""
    parser = argparse.ArgumentParser(prog="python -m daemon.analyst", description=__doc__)
    parser.add_argument("--socket", type=int, required=True, help="file descriptor of the inherited socket")
    parser.add_argument("--niceness", type=int, default=0, help="how far to step back when others want the processor")
    parser.add_argument("--delay", type=float, default=0.0, help="makes every suggestion this much slower, s")
    options = parser.parse_args()
    # Ctrl-C at a terminal reaches the whole group of processes; when to end is the engine's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(options.niceness)
    channel = Channel(socket.socket(fileno=options.socket))
    # What it writes is written atomically, so that it may end at any instant.
    Service(channel, options.delay, orphaned=lambda: os._exit(0)).run()


if __name__ == "__main__":
    main()
