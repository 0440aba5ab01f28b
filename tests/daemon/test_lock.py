"""One daemon per data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import AlreadyServing
from daemon.lock import LOCK_FILE, hold, last_holder

HOLDING = """
import sys, time
from pathlib import Path
from daemon.lock import hold
with hold(Path(sys.argv[1]), "http://127.0.0.1:8710"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_who_is_first(tmp_path: Path) -> None:
    """With pid and address, and what to do; exit code 2."""
    with hold(tmp_path, "http://127.0.0.1:8710"):
        said = pytest.raises(AlreadyServing, match=rf"pid {os.getpid()} .* at http://127\.0\.0\.1:8710")
        with said as caught, hold(tmp_path, "http://127.0.0.1:9999"):
            pass
        assert caught.value.exit_code == 2
        holder = last_holder(tmp_path)
        assert holder is not None
        assert (holder.pid, holder.address) == (os.getpid(), "http://127.0.0.1:8710")
    with hold(tmp_path, "http://127.0.0.1:1"):
        holder = last_holder(tmp_path)
        assert holder is not None
        assert holder.address == "http://127.0.0.1:1"


def test_a_killed_daemon_lets_go(tmp_path: Path) -> None:
    """However it ended; its address stays readable until the next one comes."""
    command = [sys.executable, "-c", HOLDING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyServing, match=f"pid {other.pid}"), hold(tmp_path, "http://127.0.0.1:1"):
            pass
        other.send_signal(signal.SIGKILL)
    holder = last_holder(tmp_path)
    assert holder is not None
    assert holder.pid == other.pid
    with hold(tmp_path, "http://127.0.0.1:1"):
        pass


def test_a_folder_where_nobody_ever_served(tmp_path: Path) -> None:
    """And one whose file somebody has spoilt."""
    assert last_holder(tmp_path) is None
    (tmp_path / LOCK_FILE).write_text('{"pid": 1}')
    assert last_holder(tmp_path) is None
