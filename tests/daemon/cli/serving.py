"""Runs `beampilot serve` with stand-ins for the server and the engine: `python serving.py DATA PORT`."""

import socket
import sys
from pathlib import Path

from daemon.cli.app import run
from daemon.settings import Settings
from daemon.supervisor import Orders, orders

STAND_IN = Path(__file__).parents[1] / "supervisor" / "stand_in.py"


def stand_ins(settings: Settings, file: Path | None) -> list[Orders]:
    """Orders for two stand-ins, each with a folder of its own."""
    return [_orders(settings.data / name, name) for name in ("server", "engine")]


def _orders(folder: Path, name: str) -> Orders:
    def probe(timeout: float) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(timeout)
            client.connect(str(folder / "socket"))
            assert client.recv(1) == b"."

    folder.mkdir(exist_ok=True)
    words = [str(STAND_IN), "--data", str(folder)]
    return Orders(name, [sys.executable, *words], words, folder / "out.log", probe, silence=1.0)


orders.make_orders = stand_ins
sys.exit(run(["serve", "--data", sys.argv[1], "--port", sys.argv[2]]))
