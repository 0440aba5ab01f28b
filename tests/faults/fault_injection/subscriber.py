"""A subscriber that shares no code with Beampilot: writes down every document it is sent, with its number and the time.

Usage: `python subscriber.py ADDRESS FILE`. One JSON line per document: `[time, epoch, sequence, name, document]`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import msgpack
import zmq


def main(address: str, file: str) -> None:
    """Listen until killed."""
    socket = zmq.Context().socket(zmq.SUB)
    socket.setsockopt(zmq.SUBSCRIBE, b"")
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.setsockopt(zmq.RECONNECT_IVL, 20)
    socket.connect(address)
    with Path(file).open("w", encoding="utf-8") as out:
        out.write("\n")
        out.flush()
        while True:
            number, name, body = socket.recv().split(b" ", 2)
            epoch, sequence = map(int, number.split(b":"))
            line = json.dumps([time.time(), epoch, sequence, name.decode(), msgpack.unpackb(body)])
            out.write(line + "\n")
            out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
