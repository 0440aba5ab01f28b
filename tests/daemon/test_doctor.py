"""Each check finds what it is for."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from daemon import doctor
from daemon.settings import Settings, load_settings

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The default settings with a data folder of their own."""
    return load_settings(data=tmp_path)


def with_instrument(settings: Settings, **changes: Any) -> Settings:
    """Other settings of the instrument."""
    return settings.model_copy(update={"instrument": settings.instrument.model_copy(update=changes)})


def test_old_python(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too old an interpreter fails."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert doctor.check_python(settings).status == "fail"


def test_foreign_package(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package in front of ours fails."""
    monkeypatch.setattr(doctor, "foreign_packages", lambda: ["'daemon' is imported from /x"])
    check = doctor.check_packages(settings)
    assert (check.status, check.found) == ("fail", "'daemon' is imported from /x")


@pytest.mark.parametrize(("found", "status"), [("2.13.0", "ok"), ("2.13.0+cpu", "ok"), ("2.14.1", "warn")])
def test_torch(found: str, status: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version than the pinned one is a warning; the build does not matter."""
    monkeypatch.setattr(doctor, "version", lambda _: found)
    monkeypatch.setattr(doctor, "requires", lambda _: ["numpy>=2", "torch==2.13.0"])
    assert doctor.check_torch(settings).status == status


def test_data_folder(settings: Settings) -> None:
    """A file where the folder should be fails, and nothing is left in a good folder."""
    assert doctor.check_data_folder(settings).status == "ok"
    assert list(settings.data.iterdir()) == []
    (settings.data / "file").touch()
    check = doctor.check_data_folder(settings.model_copy(update={"data": settings.data / "file"}))
    assert check.status == "fail"
    assert "--data" in check.advice


@pytest.mark.parametrize(("free", "status"), [(2**40, "ok"), (2**30, "warn"), (2**20, "fail")])
def test_free_space(free: int, status: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little room is a warning, hardly any fails; the folder need not exist yet."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**41, 0, free))
    missing = settings.model_copy(update={"data": settings.data / "not" / "there"})
    assert doctor.check_free_space(missing).status == status


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no /dev/shm on this system")  # noqa: S108
@pytest.mark.parametrize(("total", "status"), [(2**30, "ok"), (64 * 2**20, "warn")])
def test_shared_memory(total: int, status: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What containers give by default is too little for large frames."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(total, 0, total))
    assert doctor.check_shared_memory(settings).status == status


def test_taken_port(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that somebody listens on is named with its use."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        monkeypatch.setattr(doctor, "PORTS", {port: "documents"})
        check = doctor.check_ports(settings)
        assert check.status == "warn"
        assert f"{port} (documents)" in check.found
    assert doctor.check_ports(settings).status == "ok"


def test_instrument(settings: Settings) -> None:
    """A wrong factory fails with its name."""
    assert doctor.check_instrument(settings).status == "ok"
    check = doctor.check_instrument(with_instrument(settings, factory="simulators.nowhere:instrument"))
    assert check.status == "fail"
    assert "simulators.nowhere" in check.found


def test_analyst_that_does_not_answer(settings: Settings) -> None:
    """A time-out too short for any process fails and leaves none behind."""
    impatient = settings.analyst.model_copy(update={"startup_timeout": 1e-3})
    check = doctor.check_analyst(settings.model_copy(update={"analyst": impatient}))
    assert check.status == "fail"
    assert "no answer" in check.found


def test_a_check_that_breaks_is_a_finding(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other checks are made all the same."""

    def broken(_: Settings) -> doctor.Check:
        raise OSError(5, os.strerror(5))

    broken.__name__ = "check_ports"
    monkeypatch.setattr(doctor, "check_ports", broken)
    monkeypatch.setattr(doctor, "check_analyst", doctor.check_python)
    found = {check.name: check for check in doctor.examine(settings)}
    assert found["ports"].status == "fail"
    assert found["instrument"].status == "ok"
