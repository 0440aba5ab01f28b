"""What holds for every test: our own packages are tested, and nothing is left running behind a test."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bluesky import RunEngine
from bluesky.utils import DuringTask
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
# For benchmarks, which are not installed; at the end, so that the packages that are tested are the installed ones.
sys.path.append(str(ROOT))
PATIENCE = 15.0
"""How long a thread, task or process may take to end after its test, s."""

# The same examples each time, so that a change is judged by what it changed: `--hypothesis-profile=default` looks on.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

SHARED_THREADS = {
    "zarr_io": "zarr's event loop, one for the life of the process",
    "Dask-": "threads of Dask's clients, which outlive them",
    "IO loop": "the event loop of Dask's clients, one for the life of the process",
    "asyncio_": "the worker threads of that loop (a test's own loop ends its workers with asyncio.run)",
}
"""Threads that a library starts once and keeps (name prefix, reason): no test can end them."""

SHARED_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Helpers that the standard library starts once per process and keeps."""


def pytest_configure() -> None:
    """Refuse to test somebody else's packages, and see processes whose parents died."""
    try:
        from daemon.packages import foreign_packages
    except ImportError as error:
        raise pytest.UsageError(
            f"the package 'daemon' that Python finds is not Beampilot's ({error}): run `pip install .` in {ROOT}, "
            "and uninstall python-daemon where it is installed"
        ) from error
    if foreign := foreign_packages():
        raise pytest.UsageError("; ".join(foreign))
    if sys.platform == "linux":
        # An orphan is then handed to pytest instead of to init, where it would go unnoticed.
        set_child_subreaper = 36
        ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def _threads() -> set[threading.Thread]:
    """Collect the threads alive now, without those that a library keeps."""
    return {t for t in threading.enumerate() if t.is_alive() and not t.name.startswith(tuple(SHARED_THREADS))}


def _tasks() -> set[asyncio.Task[object]]:
    """Collect the asyncio tasks of all loops that are not done yet."""
    known = getattr(asyncio.tasks, "_scheduled_tasks", None) or getattr(asyncio.tasks, "_all_tasks", ())
    return {task for task in list(known) if not task.done() and not task.get_loop().is_closed()}


def _children() -> dict[int, str]:
    """Map the process id of every running child to its command line (Linux; elsewhere empty)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # It ended while we looked.
            continue
        if int(parent) == os.getpid() and state != "Z" and not any(name in command for name in SHARED_PROCESSES):
            found[int(folder.name)] = command
    return found


def _left_behind(
    threads: set[threading.Thread], tasks: set[asyncio.Task[object]], children: dict[int, str]
) -> list[str]:
    """Describe what runs now and did not run before."""
    return [
        *(f"thread {t.name!r} (daemon={t.daemon})" for t in _threads() - threads),
        *(f"asyncio task {t.get_name()!r}: {t.get_coro()!r}" for t in _tasks() - tasks),
        *(f"process {pid}: {command}" for pid, command in _children().items() if pid not in children),
    ]


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, an asyncio task or a child process behind."""
    threads, tasks, children = _threads(), _tasks(), _children()
    yield
    if not _left_behind(threads, tasks, children):
        return
    gc.collect()
    deadline = time.monotonic() + PATIENCE
    while (left := _left_behind(threads, tasks, children)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if left:
        pytest.fail(
            f"the test ended, but {PATIENCE:g} s later these still ran:\n  "
            + "\n  ".join(left)
            + "\nClose what the test opened (engine.close(), process.wait(), executor.shutdown(), task.cancel()).",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of pyproject.toml."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with recorded data sets (``BEAMPILOT_REAL_DATA`` or ../shared/data); skips where it is absent."""
    folder = Path(os.environ.get("BEAMPILOT_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no recorded data in {folder}: set BEAMPILOT_REAL_DATA to the folder that holds them")
    return folder


@pytest.fixture(scope="session")
def beampilot() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``beampilot …`` as a process of its own, as an operator does."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "PYTHONPATH": str(_packages_at())}

    def run(*words: object, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-c", "from daemon.cli import main; main()", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)

    return run


@pytest.fixture(scope="session")
def demo(
    beampilot: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What ``beampilot demo --headless --json --points 12`` printed; its run stays on disk for the whole session."""
    data = tmp_path_factory.mktemp("data")
    done = beampilot("demo", "--headless", "--json", "--seed", 3, "--points", 12, "--data", data)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _packages_at() -> Path:
    """The folder from which this process imports our packages: children must test the same ones."""
    from daemon.packages import package_folder

    folder = package_folder("daemon")
    assert folder is not None
    return folder.parent


@pytest.fixture
def engine() -> Iterator[RunEngine]:
    """Give a bluesky RunEngine whose loop and thread end with the test."""
    loop = asyncio.new_event_loop()
    engine = RunEngine(context_managers=[], during_task=DuringTask(), loop=loop)
    yield engine
    loop.call_soon_threadsafe(loop.stop)
    engine._th.join()
    loop.close()
