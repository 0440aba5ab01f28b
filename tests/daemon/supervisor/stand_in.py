"""A stand-in for a process of the daemon: answers at a socket, hangs, crashes or ends slowly, as it is told."""

import signal
import socket
import sys
import threading
import time
from pathlib import Path

folder = Path(sys.argv[2])
with (folder / "starts").open("a") as file:
    file.write("x")


def asked(name: str) -> bool:
    """Whether a test has put a file with that name into the folder."""
    return (folder / name).exists()


if asked("mistake"):
    sys.exit("beampilot: data: this cannot be used")
if asked("crash"):
    print("Traceback: ...", flush=True)
    sys.exit(3)


def end(*_: object) -> None:
    """Ends, unless told to be stubborn."""
    if not asked("stubborn"):
        (folder / "clean").touch()
        sys.exit(0)


signal.signal(signal.SIGTERM, end)


def answer() -> None:
    """Answers each question with a byte, unless told to be silent."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / f"{time.monotonic_ns()}.new"))
        server.listen()
        Path(server.getsockname()).replace(folder / "socket")
        while True:
            connection, _ = server.accept()
            with connection:
                if not asked("silent"):
                    connection.send(b".")
                else:
                    time.sleep(60)


threading.Thread(target=answer, daemon=True).start()
while True:
    time.sleep(0.05)
