"""Serves a virtual diffractometer over a Unix socket until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from simulators.diffractometer.instrument import InstrumentOptions, parse_options
from simulators.errors import SimulatorError
from simulators.served.hardware import Hardware
from simulators.served.service import Service


def main() -> int:
    """Serve, and say so when it is ready."""
    parser = argparse.ArgumentParser(prog="python -m simulators.served", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="path of the socket")
    parser.add_argument("--log", type=Path, help="file of JSON lines of all that happens (the socket's + .jsonl)")
    for name, field in InstrumentOptions.model_fields.items():
        default = "real" if name == "clock" else None
        parser.add_argument(f"--{name.replace('_', '-')}", default=default, help=field.description)
    given = vars(parser.parse_args())
    path: Path = given.pop("socket")
    log: Path = given.pop("log") or path.with_name(f"{path.name}.jsonl")
    try:
        options = parse_options(**{name: _read(text) for name, text in given.items() if text is not None})
        hardware = Hardware(options, log)
    except SimulatorError as error:
        print(f"simulators.served: {error}", file=sys.stderr)
        return 2
    endings = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)  # in all threads made from here on: only `sigwait` takes them
    service = Service(path, hardware)
    service.start()
    print(f"serving at {path}, log in {log}", flush=True)
    signal.sigwait(endings)
    service.close()
    hardware.close()
    return 0


def _read(text: str) -> object:
    """Read a value as JSON, as in 3, true, [[1, 2]]; anything else is a word."""
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    sys.exit(main())
