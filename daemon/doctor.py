"""Checks of the machine that Beampilot runs on: each says what it found and, where something is wrong, what to do."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from daemon.errors import BeampilotError
from daemon.packages import LANDMARKS, foreign_packages, package_folder
from daemon.settings import Settings

OLDEST_PYTHON = (3, 11)
ENOUGH_DISK = 5 * 2**30
"""Free space below which a day of frames may not fit, bytes."""
LEAST_DISK = 200 * 2**20
"""Free space below which no run should be begun, bytes."""
ENOUGH_SHARED = 256 * 2**20
"""Shared memory that frames of a large detector need, bytes; containers often give 64 MB."""
PORTS = {8710: "web page and API", 5578: "documents", 5579: "frames", 5580: "status"}


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: What was checked.
        status: ``ok``; ``warn`` where Beampilot works but something will be missed; ``fail`` where it does not work.
        found: What was found.
        advice: What to do; empty where nothing is to be done.
    """

    name: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """Run all checks in turn; none of them raises, and none leaves anything behind."""
    checks: list[Callable[[Settings], Check]] = [
        check_python,
        check_packages,
        check_torch,
        check_data_folder,
        check_free_space,
        check_shared_memory,
        check_ports,
        check_instrument,
        check_analyst,
    ]
    for check in checks:
        try:
            yield check(settings)
        except Exception as error:  # A check that breaks is a finding, too.
            yield Check(
                check.__name__.removeprefix("check_").replace("_", " "), "fail", _one_line(error), "report this"
            )


def check_python(_: Settings) -> Check:
    """Whether the interpreter is new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Check("Python", "fail", found, "install Beampilot with Python 3.11 or newer")
    return Check("Python", "ok", found)


def check_packages(_: Settings) -> Check:
    """Whether the four import packages are Beampilot's."""
    if foreign := foreign_packages():
        return Check("packages", "fail", foreign[0], "install Beampilot in an environment of its own")
    folder = package_folder("daemon")
    return Check("packages", "ok", f"{', '.join(LANDMARKS)} in {folder.parent if folder else '–'}")


def check_torch(_: Settings) -> Check:
    """Whether the installed torch is the version that Beampilot pins."""
    try:
        found = version("torch")
        pinned = next((text for text in requires("beampilot") or () if text.startswith("torch==")), "")
    except PackageNotFoundError as error:
        return Check("torch", "fail", f"{error.name} is not installed", "run `pip install .` in Beampilot's folder")
    wanted = pinned.removeprefix("torch==")
    if wanted and found.partition("+")[0] != wanted:
        return Check("torch", "warn", f"{found}, tested with {wanted}", f"run `pip install torch=={wanted}`")
    return Check("torch", "ok", found)


def check_data_folder(settings: Settings) -> Check:
    """Whether runs can be written; the folder is made where it does not exist, as a scan would."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data) as file:
            file.write(b"beampilot")
    except OSError as error:
        advice = "choose another folder with --data DIR or the setting `data`"
        return Check("data folder", "fail", f"{settings.data}: {error.strerror}", advice)
    return Check("data folder", "ok", str(settings.data))


def check_free_space(settings: Settings) -> Check:
    """Whether runs will fit."""
    folder = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    found = f"{free / 2**30:.1f} GiB free"
    if free >= ENOUGH_DISK:
        return Check("disk", "ok", found)
    return Check(
        "disk", "warn" if free >= LEAST_DISK else "fail", found, "delete something or choose another --data DIR"
    )


def check_shared_memory(_: Settings) -> Check:
    """Whether frames fit into shared memory."""
    folder = Path("/dev/shm")  # noqa: S108 - the system's shared memory, which is asked for its size only
    if not folder.is_dir():
        return Check("shared memory", "ok", "managed by the system")
    size = shutil.disk_usage(folder).total
    found = f"{size / 2**20:.0f} MiB"
    if size >= ENOUGH_SHARED:
        return Check("shared memory", "ok", found)
    return Check("shared memory", "warn", found, "start the container with --shm-size=1g")


def check_ports(_: Settings) -> Check:
    """Whether the ports are free, or used by a Beampilot that already runs."""
    taken = [f"{port} ({use})" for port, use in PORTS.items() if not _is_free(port)]
    if not taken:
        return Check("ports", "ok", ", ".join(map(str, PORTS)) + " are free")
    return Check("ports", "warn", f"in use: {', '.join(taken)}", "stop what uses them, or a Beampilot that still runs")


def check_instrument(settings: Settings) -> Check:
    """Whether the instrument's devices can be made and answer."""
    from daemon.instrument import load_instrument

    try:
        devices = load_instrument(settings.instrument)
    except BeampilotError as error:
        return Check("instrument", "fail", _one_line(error), "correct [instrument] in the settings")
    for name, device in devices.items():
        try:
            if hasattr(device, "connect"):
                device.connect(timeout=5.0)
        except Exception as error:
            return Check("instrument", "fail", f"{name}: {_one_line(error)}", "switch it on, or correct [instrument]")
    return Check("instrument", "ok", f"{', '.join(devices)} answer")


def check_analyst(settings: Settings) -> Check:
    """Whether the process that thinks starts and answers."""
    from daemon.analyst.messages import Finish, pack
    from daemon.analyst.process import start_analyst

    analyst = start_analyst(settings.analyst, Path(os.devnull))
    try:
        analyst.channel.send(pack(Finish()))
        answer = analyst.channel.receive(timeout=settings.analyst.startup_timeout)
        if answer is None:
            advice = "raise analyst.startup_timeout, or see why this machine is so busy"
            return Check("analyst", "fail", f"no answer within {settings.analyst.startup_timeout:g} s", advice)
        return Check("analyst", "ok", f"answers, process {analyst.process.pid}")
    except ConnectionError as error:
        return Check("analyst", "fail", _one_line(error), "run `python -P -m daemon.analyst --help` to see why")
    finally:
        analyst.end()


def _is_free(port: int) -> bool:
    """Whether a port of this machine can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def _one_line(error: Exception) -> str:
    """What went wrong, without line breaks."""
    return " ".join((str(error) or type(error).__name__).split()) or os.strerror(0)
