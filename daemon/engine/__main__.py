"""Entry point of the engine process; started by `beampilot serve`, not by people."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import time
from pathlib import Path

import zmq

from daemon.curve import Guard
from daemon.engine.commands import EngineCommands
from daemon.engine.engine import Engine
from daemon.engine.publisher import Publisher
from daemon.engine.safety import make_safe
from daemon.engine.service import CommandSocket, StatusSocket, one_engine
from daemon.errors import BeampilotError
from daemon.folders import check_data_folder
from daemon.logs import logging_to
from daemon.numbers import Register
from daemon.runtime import engine_address
from daemon.settings import Settings, load_settings

ANSWER = 0.5
"""Whoever asked for the end of a plan that cannot be ended has so long to hear it, s."""
STUCK = 75
"""Exit code of an engine whose plan could not be ended."""
LAST_DEADLINE = 2.0
"""How long devices may take to become safe before such an engine ends all the same, s."""

log = logging.getLogger(__name__)


def main() -> int:
    """Drives the instrument of a data folder until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m daemon.engine", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--settings", type=Path, help="the settings file")
    options = parser.parse_args()
    try:
        settings = load_settings(options.settings, data=options.data)
        check_data_folder(settings.data)
        with one_engine(settings.data), logging_to(settings.data, "engine", settings.logs):
            serve(settings)
    except BeampilotError as error:
        print(f"beampilot: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def serve(settings: Settings) -> None:
    """Runs engine and sockets until SIGTERM, SIGINT or the command `shutdown`; leaves the devices safe.

    Raises:
        InstrumentError: when the instrument cannot be made or does not answer.
        AddressError: when a socket cannot be bound.
    """
    with contextlib.ExitStack() as handlers, contextlib.ExitStack() as stack:
        context = zmq.Context()
        stack.callback(context.destroy, 0)
        guard = Guard(settings.data, context) if settings.sockets.curve else None
        if guard is not None:
            stack.callback(guard.close)
        publisher = Publisher(settings.sockets, lambda: commands.status(), context, guard)
        register = Register(publisher.document)
        engine = stack.enter_context(Engine(settings, register=register, on_frame=publisher.frame))
        commands = EngineCommands(engine, register, publisher.changed)
        handlers.enter_context(commands.shutdown.told_by(signal.SIGTERM, signal.SIGINT))  # until all is safe
        status = StatusSocket(settings.sockets.status, commands.status, context, guard)
        orders = CommandSocket(engine_address(settings.data), commands.obey)
        for part in (publisher, status, orders):
            # Closed before the engine, which takes a while to come to rest: nobody is to start a plan meanwhile.
            stack.callback(part.close)
            part.start()
        log.info("the engine is ready")
        _wait(commands, guard)
        if commands.stuck.is_set():
            _give_up(engine)
        log.info("the engine ends")


def _wait(commands: EngineCommands, guard: Guard | None) -> None:
    while not commands.shutdown.wait(1.0):
        if guard is not None:
            guard.renew()


def _give_up(engine: Engine) -> None:
    """Ends the process although a plan hangs: devices are made safe as far as they let us, then nothing is waited for.

    The journal has all that was acknowledged; the supervisor starts another engine, which closes the run from it.
    """
    log.critical("the plan cannot be ended; the process ends, and leaves its run to the next engine")
    make_safe(engine.devices.values(), LAST_DEADLINE)
    time.sleep(ANSWER)
    logging.shutdown()
    os._exit(STUCK)


if __name__ == "__main__":
    sys.exit(main())
