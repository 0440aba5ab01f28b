"""The process that registers runs: started when the settings name a server, and clear about what it lacks."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import ProcessError, TiledMissing
from daemon.serve_settings import TiledSettings
from daemon.settings import load_settings
from daemon.supervisor.orders import make_orders
from daemon.supervisor.probes import tiled_probe
from daemon.tiled.catalog import open_catalog
from daemon.tiled.heartbeat import Heartbeat


def test_it_is_started_only_when_a_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By settings alone; the key stays out of whatever is written down."""
    assert "tiled" not in [orders.name for orders in make_orders(load_settings(data=tmp_path), None)]
    monkeypatch.setenv("BEAMPILOT_TILED__URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("BEAMPILOT_TILED__API_KEY", "secret")
    settings = load_settings(data=tmp_path)
    assert settings.tiled.api_key == "secret"
    assert "secret" not in settings.model_dump_json() + repr(settings)
    (orders,) = [orders for orders in make_orders(settings, None) if orders.name == "tiled"]
    assert list(orders.words) == ["-m", "daemon.tiled", "--data", str(tmp_path)]
    assert "secret" not in " ".join(orders.command)
    assert orders.silence > 60.0


def test_a_missing_client_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TiledMissing, match=r"pip install 'beampilot\[tiled\]'"):
        open_catalog(TiledSettings(url="http://127.0.0.1:1"))


def test_without_a_server_it_says_so_and_ends(tmp_path: Path) -> None:
    """One line and exit code 2, as for every mistake in the settings."""
    command = [sys.executable, "-m", "daemon.tiled", "--data", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["beampilot: tiled.url is not set: there is no Tiled server to register runs in"]


def test_one_process_per_data_folder(tmp_path: Path) -> None:
    """Two would register everything twice."""
    heartbeat = Heartbeat(tmp_path)
    with pytest.raises(ProcessError, match="another process"):
        Heartbeat(tmp_path)
    heartbeat.close()
    Heartbeat(tmp_path).close()


def test_its_sign_of_life_is_no_question_to_the_server(tmp_path: Path) -> None:
    """It counts for some seconds, and there is none before the first."""
    probe = tiled_probe(tmp_path)
    with pytest.raises(OSError):  # noqa: PT011 - whatever is raised means the same
        probe(1.0)
    heartbeat = Heartbeat(tmp_path)
    probe(1.0)
    os.utime(heartbeat.file, (1.0, 1.0))
    with pytest.raises(TimeoutError):
        probe(1.0)
    heartbeat.close()
