"""Registering a run: whole, once, and as it was recorded."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemon.errors import TiledError, TiledUnreachable
from daemon.tiled import Registrar

if TYPE_CHECKING:
    from tests.daemon.tiled.folder_catalog import FolderCatalog

Named = tuple[str, dict[str, Any]]


def events(documents: list[Named]) -> list[dict[str, Any]]:
    """The events among documents."""
    return [document for name, document in documents if name == "event"]


def test_a_closed_run_is_told_as_it_was_recorded(
    catalog: FolderCatalog, record: Callable[..., Path], scan: list[Named]
) -> None:
    """All documents, in their order."""
    run = record(scan)
    assert Registrar(catalog).advance(run, live=False) == (True, True)
    assert catalog.documents(scan[0][1]["uid"]) == scan


def test_a_run_that_goes_on_is_told_live_and_then_completed(
    catalog: FolderCatalog, growing: Callable[..., Any], scan: list[Named]
) -> None:
    """What was told is not told again when the run is closed."""
    uid, run = scan[0][1]["uid"], growing(scan[:4])
    registrar = Registrar(catalog)
    assert registrar.advance(run.path, live=True) == (False, True)
    assert catalog.documents(uid) == scan[:4]
    assert registrar.advance(run.path, live=True) == (False, False)
    run.grow(scan[4:])
    run.let_go()
    before = catalog.calls
    assert registrar.advance(run.path, live=True) == (True, True)
    assert catalog.documents(uid) == scan
    assert catalog.calls - before == len(scan[4:]) + 2


def test_a_request_that_failed_is_not_repeated_on_top(
    catalog: FolderCatalog, growing: Callable[..., Any], scan: list[Named]
) -> None:
    """Nobody knows whether the server did what it did not answer: the run is told from the beginning."""
    uid, run = scan[0][1]["uid"], growing(scan[:3])
    registrar = Registrar(catalog)
    registrar.advance(run.path, live=True)
    run.grow(scan[3:4])

    def lost(number: int) -> None:
        raise TiledUnreachable("the answer was lost")

    catalog.after = lost
    with pytest.raises(TiledUnreachable):
        registrar.advance(run.path, live=True)
    catalog.after = lambda number: None
    assert catalog.documents(uid) == scan[:4]
    assert registrar.advance(run.path, live=True) == (False, True)
    assert catalog.documents(uid) == scan[:4]
    run.let_go()


def test_without_live_a_run_that_goes_on_is_left_alone(
    catalog: FolderCatalog, growing: Callable[..., Any], scan: list[Named]
) -> None:
    """The server hears nothing of it."""
    run = growing(scan[:4])
    assert Registrar(catalog).advance(run.path, live=False) == (False, False)
    assert catalog.calls == 0
    run.let_go()


def test_a_point_that_was_measured_again_counts_once(
    catalog: FolderCatalog, growing: Callable[..., Any], scan: list[Named]
) -> None:
    """Tables in Tiled only grow, so that the run is told anew when it is closed; the last measurement counts."""
    again = copy.deepcopy(scan[3][1]) | {"uid": "again"}
    again["data"]["counts"] = 77
    run = growing([*scan[:4], ("event", again)])
    registrar = Registrar(catalog)
    registrar.advance(run.path, live=True)
    run.grow(scan[4:])
    run.let_go()
    assert registrar.advance(run.path, live=True) == (True, True)
    told = events(catalog.documents(scan[0][1]["uid"]))
    assert [event["seq_num"] for event in told] == [1, 2, 3, 4, 5]
    assert told[1]["data"]["counts"] == 77


def test_a_column_that_began_with_nothing_is_told_anew(
    catalog: FolderCatalog, growing: Callable[..., Any], composed: Callable[..., list[Named]]
) -> None:
    """Tiled gave it a type when it saw no value; a closed run is told with all values at hand."""
    documents = composed([{"n": None}, {"n": 3}], {"n": {"dtype": "integer"}})
    run, before = growing(documents[:4]), catalog.calls
    registrar = Registrar(catalog)
    registrar.advance(run.path, live=True)
    run.grow(documents[4:])
    run.let_go()
    registrar.advance(run.path, live=True)
    assert catalog.documents(documents[0][1]["uid"]) == documents
    assert catalog.calls - before > 2 * len(documents)


def test_what_was_left_half_registered_is_replaced(
    catalog: FolderCatalog, record: Callable[..., Path], scan: list[Named]
) -> None:
    """Also when it has more events than the run: a request that was answered too late is not believed."""
    uid, run = scan[0][1]["uid"], record(scan)
    for rest in (scan[:3], [*scan[:-1], scan[2], scan[-1]]):
        (catalog.folder / uid).write_text("".join(json.dumps(named) + "\n" for named in rest))
        assert Registrar(catalog).advance(run, live=True) == (True, True)
        assert catalog.documents(uid) == scan


def test_a_run_that_is_registered_already_is_left_as_it_is(
    catalog: FolderCatalog, record: Callable[..., Path], scan: list[Named]
) -> None:
    """A file that remembers was lost, and the server is only asked."""
    run = record(scan)
    Registrar(catalog).advance(run, live=True)
    before = catalog.calls
    assert Registrar(catalog).advance(run, live=True) == (True, True)
    assert catalog.calls - before == 2


def test_what_the_server_loses_is_noticed(
    monkeypatch: pytest.MonkeyPatch, catalog: FolderCatalog, record: Callable[..., Path], scan: list[Named]
) -> None:
    """A run counts as registered when it was read back, not when it was sent."""
    run = record(scan)
    monkeypatch.setattr(catalog, "rows", lambda uid: {"primary": 4})
    with pytest.raises(TiledError, match="told again"):
        Registrar(catalog).advance(run, live=True)


def test_killed_at_every_request_nothing_is_lost_or_doubled(
    tmp_path: Path, data: Path, record: Callable[..., Path], growing: Callable[..., Any], composed: Callable[..., Any]
) -> None:
    """SIGKILL before and after each request that there is, twice each: the same catalog comes of it every time."""
    keys = {"x": {"dtype": "number"}}
    runs = [composed([{"x": 0.5}, {"x": 1.5}], keys, scan_id=number) for number in (1, 2)]
    for documents in runs:
        record(documents)
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run(
        [sys.executable, str(script), str(data), str(tmp_path / "work")], capture_output=True, text=True, check=True
    )
    ((held, times),) = json.loads(done.stdout)
    assert held == {documents[0][1]["uid"]: [list(named) for named in documents] for documents in runs}
    assert times > 30
