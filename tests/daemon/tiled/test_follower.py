"""Following a data folder: nothing is skipped, and nobody is asked twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.recorder.recover import close_interrupted_runs
from daemon.tiled import Follower, Registrar
from daemon.tiled.follower import LONGEST, Memory

if TYPE_CHECKING:
    from tests.daemon.tiled.folder_catalog import FolderCatalog

Named = tuple[str, dict[str, Any]]


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Now, s."""
        return self.now


def follower(
    data: Path, catalog: FolderCatalog, clock: Callable[[], float] | None = None, place: str = "here"
) -> Follower:
    """A follower as a new process has it."""
    return Follower(data, Registrar(catalog), Memory(data, place), clock=clock or Clock())


def scans(composed: Callable[..., list[Named]], count: int) -> list[list[Named]]:
    """Some small scans."""
    rows = [{"x": float(number)} for number in range(3)]
    return [composed(rows, {"x": {"dtype": "number"}}, scan_id=number) for number in range(count)]


def test_runs_are_registered_as_they_come(
    catalog: FolderCatalog, data: Path, record: Callable[..., Path], composed: Callable[..., list[Named]]
) -> None:
    """Those that were there, and those that come while we follow."""
    first, second, third = scans(composed, 3)
    record(first)
    following = follower(data, catalog)
    assert following.step()
    for documents in (second, third):
        record(documents)
        assert following.step()
        assert catalog.documents(documents[0][1]["uid"]) == documents
    assert following.waiting == 0
    assert not following.step()


def test_what_is_registered_is_remembered_for_a_place(
    catalog: FolderCatalog, data: Path, record: Callable[..., Path], scan: list[Named]
) -> None:
    """The next process asks nothing; another server knows nothing yet."""
    record(scan)
    follower(data, catalog).step()
    before = catalog.calls
    assert not follower(data, catalog).step()
    assert catalog.calls == before
    follower(data, catalog, place="elsewhere").step()
    assert catalog.calls > before


def test_a_damaged_memory_costs_time_only(
    catalog: FolderCatalog, data: Path, record: Callable[..., Path], scan: list[Named]
) -> None:
    """Every run is asked for once more."""
    record(scan)
    follower(data, catalog).step()
    (data / "tiled.json").write_text("{")
    assert follower(data, catalog).step()
    assert catalog.documents(scan[0][1]["uid"]) == scan


def test_a_server_that_is_away_is_asked_ever_less_often(
    catalog: FolderCatalog, data: Path, record: Callable[..., Path], composed: Callable[..., list[Named]]
) -> None:
    """One question per pause, the longest a minute; when it is back, everything is told."""
    runs = scans(composed, 3)
    for documents in runs:
        record(documents)
    clock = Clock()
    following = follower(data, catalog, clock)
    catalog.away = True
    for _ in range(1200):
        assert not following.step()
        clock.now += 0.5
    assert catalog.calls < 25
    catalog.away = False
    clock.now += 3 * LONGEST
    following.step()
    assert following.waiting == 0
    assert [catalog.documents(documents[0][1]["uid"]) for documents in runs] == runs


def test_a_run_that_is_refused_keeps_nobody_waiting(
    catalog: FolderCatalog, data: Path, record: Callable[..., Path], composed: Callable[..., list[Named]]
) -> None:
    """The others are registered, and it is tried again."""
    runs = scans(composed, 3)
    for documents in runs:
        record(documents)
    refused = runs[0][0][1]["uid"]
    catalog.refused = {refused}
    clock = Clock()
    following = follower(data, catalog, clock)
    following.step()
    assert following.waiting == 1
    catalog.refused = set()
    clock.now += 1.0
    following.step()
    assert following.waiting == 0


def test_a_run_whose_process_died_is_completed_when_it_is_closed(
    catalog: FolderCatalog, data: Path, growing: Callable[..., Any], scan: list[Named]
) -> None:
    """Until then its events can be read; its journal is not read again and again."""
    run = growing(scan[:5])
    following = follower(data, catalog)
    following.step()
    run.let_go()
    assert not following.step()
    assert catalog.documents(scan[0][1]["uid"]) == scan[:5]
    close_interrupted_runs(data)
    assert following.step()
    assert following.waiting == 0
    told = catalog.documents(scan[0][1]["uid"])
    assert told[:-1] == scan[:5]
    assert told[-1][1]["exit_status"] == "abort"
