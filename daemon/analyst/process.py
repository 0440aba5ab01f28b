"""Starts and ends the analyst process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from daemon.errors import disk_errors
from daemon.settings import AnalystSettings
from daemon.wire import Channel


@dataclass(frozen=True, slots=True)
class AnalystProcess:
    """A running analyst.

    Attributes:
        process: the child.
        channel: our end of the conversation with it.
    """

    process: subprocess.Popen[bytes]
    channel: Channel

    def end(self) -> None:
        """Ends the process at once: whatever it writes is written whole or not at all, so nothing is lost."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


def thread_count(settings: AnalystSettings) -> int:
    """Threads for linear algebra: as set, or one less than there are cores, and at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return settings.threads or max(1, cores - 1)


def start_analyst(settings: AnalystSettings, log: Path | None = None, delay: float = 0.0) -> AnalystProcess:
    """Starts an analyst.

    A plain subprocess and not `multiprocessing`: the child inherits nothing but one socket, needs no pickling of our
    main module, and leaves no resource tracker behind.

    Args:
        settings: threads and priority.
        log: file that gets what the process prints; None discards nothing and shares our standard error.
        delay: makes every suggestion this much slower, s; to try what happens when a suggestion takes long.
    """
    ours, theirs = socket.socketpair()
    threads = thread_count(settings)
    command = [sys.executable, "-P", "-m", "daemon.analyst", "--socket", str(theirs.fileno())]
    command += ["--niceness", str(settings.niceness), "--delay", str(delay)]
    with theirs:
        output = None if log is None else _open_log(log)
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output or sys.__stderr__,
                stderr=output,
                env=_environment(threads),
            )
        finally:
            if output is not None:
                output.close()
    return AnalystProcess(process, Channel(ours))


def _open_log(path: Path) -> BinaryIO:
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("ab")


def _environment(threads: int) -> dict[str, str]:
    """The child's environment: capped thread pools, and our packages importable when they are not installed."""
    environment = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        environment[name] = str(threads)
    root = Path(__file__).resolve().parents[2]
    if str(root) not in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib")):
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), environment.get("PYTHONPATH")]))
    return environment
