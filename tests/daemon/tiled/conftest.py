"""Runs on disk, and a catalog to register them in."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemon.recorder import Recorder
from daemon.recorder.journal import Journal
from daemon.recorder.layout import JOURNAL, run_folder

if TYPE_CHECKING:
    from tests.daemon.tiled.folder_catalog import FolderCatalog

Named = tuple[str, dict[str, Any]]


@pytest.fixture
def catalog(tmp_path: Path) -> FolderCatalog:
    """An empty catalog in a folder."""
    module = runpy.run_path(str(Path(__file__).with_name("folder_catalog.py")))
    return module["FolderCatalog"](tmp_path / "catalog")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty data folder."""
    return tmp_path / "data"


@pytest.fixture
def record(data: Path) -> Callable[[list[Named]], Path]:
    """Has a run recorded and closed, and returns its folder."""

    def recorded(documents: list[Named]) -> Path:
        recorder = Recorder(data)
        for name, document in documents:
            recorder(name, document)
        assert recorder.wait_closed(30.0)
        recorder.close()
        assert recorder.run is not None
        return recorder.run

    return recorded


class Growing:
    """A run that goes on: its journal is locked, as by a living engine."""

    def __init__(self, data: Path, documents: list[Named]) -> None:
        self.path = run_folder(data, documents[0][1])
        self.path.mkdir(parents=True)
        self._journal = Journal(self.path / JOURNAL)
        self.grow(documents)

    def grow(self, documents: list[Named]) -> None:
        """More documents."""
        for name, document in documents:
            self._journal.append(name, document)

    def let_go(self) -> None:
        """Its process closed it, or died."""
        self._journal.close()


@pytest.fixture
def growing(data: Path) -> Callable[[list[Named]], Growing]:
    """Begins a run that goes on."""
    return lambda documents: Growing(data, documents)


@pytest.fixture
def put_frames() -> Callable[[Path, int], dict[str, Any]]:
    """Makes an array as long as its stream, of which only the description matters here; returns its resource."""

    def put(run: Path, events: int) -> dict[str, Any]:
        array = run / "primary" / "detector"
        array.mkdir(parents=True, exist_ok=True)
        (array / "zarr.json").write_text(json.dumps({"shape": [events, 1, 2, 2]}))
        uri = array.as_uri().replace("file://", "file://localhost", 1)
        return {
            "uid": "frames", "data_key": "detector", "mimetype": "application/x-zarr", "uri": uri, "parameters": {},
        }  # fmt: skip

    return put
