"""Worker processes of a study."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from daemon.workers import THREADS, open_workers

INTERRUPTED = """
import os, signal, sys, time
from daemon.workers import open_workers
if __name__ == "__main__":
    try:
        with open_workers(2) as executor:
            tasks = [executor.submit(time.sleep, 600) for _ in range(5)]
            print("started", flush=True)
            tasks[0].result()
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_workers_have_one_thread_and_the_parent_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials run beside each other; the libraries read these variables when they are loaded, so they come first."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with open_workers(1) as executor:
        assert [executor.submit(os.getenv, name).result() for name in THREADS] == ["1", "1", "1"]
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "MKL_NUM_THREADS" not in os.environ
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


@pytest.mark.parametrize("pause", [0.0, 1.0], ids=["while they start", "while they work"])
def test_an_interruption_ends_them_without_a_word(pause: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Ctrl-C reaches the whole group: no traceback of a worker, and nobody waits for ten minutes of work."""
    script = tmp_path_factory.mktemp("script") / "main.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGINT)
        printed, told = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, printed, told) == (0, "interrupted\n", "")
