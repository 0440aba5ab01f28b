"""Processes of the daemon: started, found again by their command line, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

from daemon.errors import disk_errors

POLL = 0.02
"""How often a process that is to end is looked at, s."""
PROC = Path("/proc")
LARGE = 10_000_000
"""What processes print is put aside when it has grown beyond this and one of them starts, bytes."""


class Process:
    """A process, whether it is our child or was left by a supervisor that died.

    Args:
        pid: its process id.
        child: the child, if it is one of ours.

    Attributes:
        pid: its process id.
        adopted: whether somebody else started it.
    """

    def __init__(self, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        self.pid = pid
        self.adopted = child is None
        self._child = child
        self._born = _birth(pid)

    @property
    def alive(self) -> bool:
        """Whether it runs; a pid that was given to another process since does not count."""
        if self._child is not None:
            return self._child.poll() is None
        return self._born is not None and _birth(self.pid) == self._born

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; None while it runs, or when it was not our child."""
        return None if self._child is None else self._child.poll()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, if it runs."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Waits for the end.

        Returns:
            Whether it has ended.
        """
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL)
        return True

    def kill(self) -> None:
        """Ends it at once and waits until it is gone."""
        self.send(signal.SIGKILL)
        self.wait(5.0)


def start_process(command: Sequence[str], output: Path, environment: dict[str, str] | None = None) -> Process:
    """Starts a process in a session of its own, so that Ctrl-C at a terminal reaches only us.

    Args:
        command: what to run.
        output: file to which everything is appended that it prints.
        environment: variables on top of ours.

    Raises:
        RecorderError: when the file cannot be written.
    """
    with disk_errors(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        file = output.open("ab")
    with file:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=_environment(environment or {}),
            start_new_session=True,
        )
    return Process(child.pid, child)


def put_aside(output: Path) -> None:
    """Begins a new file for what a process prints where the old one has become large; one old file is kept."""
    with contextlib.suppress(OSError):
        if output.stat().st_size > LARGE:
            output.replace(output.with_name(f"{output.name}.1"))


def find_process(words: Sequence[str]) -> Process | None:
    """Finds a running process of ours by consecutive words of its command line.

    No file with process ids is needed for it, which a supervisor might have died just before writing.

    Args:
        words: such as `-m daemon.engine --data /data`.
    """
    wanted = [word.encode() for word in words]
    for folder in PROC.glob("[0-9]*"):
        try:
            ours = folder.stat().st_uid == os.getuid()
            arguments = (folder / "cmdline").read_bytes().split(b"\0")[:-1] if ours else []
        except OSError:  # it ended while we looked
            continue
        if any(arguments[i : i + len(wanted)] == wanted for i in range(len(arguments) - len(wanted) + 1)):
            found = Process(int(folder.name))
            if found.alive and found.pid != os.getpid():
                return found
    return None


def _birth(pid: int) -> str | None:
    """When the kernel started a process (field 22 of its `stat`), None if it does not run or is a zombie."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _environment(more: dict[str, str]) -> dict[str, str]:
    """Our environment and more, with our packages importable where they are not installed."""
    environment = {**os.environ, **more}
    root = Path(__file__).resolve().parents[2]
    if str(root) not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), environment.get("PYTHONPATH")]))
    return environment
