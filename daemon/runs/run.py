"""One run as it lies on disk: closed, interrupted, or still growing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from daemon.errors import RecorderError
from daemon.recorder.attributes import read_attributes
from daemon.recorder.journal import Document, JournalReader, Named, is_locked
from daemon.recorder.layout import JOURNAL, METADATA, STREAM_FOLDERS, stream_folder
from daemon.recorder.tables import Tables

if TYPE_CHECKING:
    import xarray

Status: TypeAlias = Literal["success", "abort", "fail", "running", "interrupted"]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in one line.

    Attributes:
        path: the run's folder.
        scan_id: number of the scan in its data folder.
        uid: of the start document.
        plan_name: empty if the start document has none.
        time: when the run started, seconds since 1970.
        duration: from the start to the stop document, s; None while there is no stop document.
        exit_status: the stop document's, or `running` or `interrupted` where there is none.
        reason: the stop document's; empty if it has none.
        points: number of events in the primary stream.
        best: position and value of the best point, as the engine recorded it; None if it did not.
        sample: as the start document names it, or empty.
        operator: as the start document names it, or empty.
        proposal: as the start document names it, or empty.
    """

    path: Path
    scan_id: int
    uid: str
    plan_name: str
    time: float
    duration: float | None
    exit_status: Status
    reason: str
    points: int
    best: dict[str, Any] | None
    sample: str
    operator: str
    proposal: str


class Run:
    """Reads one run; of a run that is still growing, what was acknowledged so far.

    Args:
        path: the run's folder.

    Raises:
        RecorderError: when there is no run, or its attributes cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / JOURNAL).is_file():
            raise RecorderError(f"{path} is not a run: it has no {JOURNAL}")
        self._reader = JournalReader(path / JOURNAL)
        self._tables = Tables()

    @property
    def attributes(self) -> dict[str, Any]:
        """What the run says about itself: start, stop, versions, settings, statistics."""
        return read_attributes(self.path)

    @cached_property
    def start(self) -> Document:
        """The start document."""
        return self.attributes["start"]

    @property
    def stop(self) -> Document | None:
        """The stop document; None while the run grows, or if its process died."""
        return self.attributes["stop"] or self._current().stop

    @property
    def status(self) -> Status:
        """How the run ended, or whether it goes on."""
        return self._status(self.stop)

    @property
    def points(self) -> int:
        """Number of events in the primary stream so far."""
        return self._current().counts().get("primary", 0)

    @property
    def streams(self) -> list[str]:
        """Names of the streams so far."""
        return list(self._current().by_stream)

    def documents(self) -> Iterator[Named]:
        """All documents in the order in which they were emitted, as (name, document)."""
        yield from JournalReader(self.path / JOURNAL).read()

    def table(self, stream: str = "primary") -> dict[str, NDArray[Any]]:
        """The events of a stream so far.

        Returns:
            By data key, an array with first axis `event`; with `seq_num`, `time` and `ts_<key>`, the times at which
            the key was read (s since 1970). Text is an array of Python strings. Empty if there is no such stream.
        """
        table = self._current().by_stream.get(stream)
        return {} if table is None else {name: array.copy() for name, array in table.arrays().items()}

    def units(self, stream: str = "primary") -> dict[str, str]:
        """Units by data key, of those that have any; times are left out."""
        table = self._current().by_stream.get(stream)
        found = (
            {} if table is None else {name: column.attributes.get("units") for name, column in table.columns.items()}
        )
        return {name: unit for name, unit in found.items() if unit and not unit.startswith("seconds since")}

    def frames(self, key: str, stream: str = "primary") -> Any:  # noqa: ANN401 - zarr's own type is generic
        """The frames of a detector as a `zarr.Array`, dimensions (event, frame, y, x); of a closed run, one per event.

        Raises:
            RecorderError: when the run has none by that name.
        """
        import zarr

        path = stream_folder(self.path, stream) / key
        if not (path / METADATA).is_file():
            raise RecorderError(f"{self.path} has no frames {key!r} in its stream {stream!r}")
        return zarr.open_array(path, mode="r")

    def analysis(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays that an analysis left, by name; empty if there is none of that name."""
        for stream, folder in STREAM_FOLDERS.items():
            if folder == f"analysis/{name}":
                return self.table(stream)
        folder = self.path / "analysis" / name
        if not folder.is_dir():
            return {}
        import zarr

        arrays = [path.parent.name for path in folder.glob(f"*/{METADATA}")]
        return {name: np.asarray(zarr.open_array(folder / name, mode="r")[...]) for name in sorted(arrays)}

    def dataset(self, stream: str = "primary") -> xarray.Dataset:
        """A stream of a closed run as an xarray dataset, read when it is used."""
        import xarray

        return xarray.open_zarr(self.path, group=str(stream_folder(Path(), stream)), consolidated=False)

    def summary(self) -> RunSummary:
        """The run in one line; of a closed run, without reading its journal."""
        attributes = self.attributes
        start, stop = attributes["start"], attributes["stop"] or self._current().stop or {}
        points = stop["num_events"].get("primary", 0) if "num_events" in stop else self.points
        return RunSummary(
            path=self.path,
            scan_id=int(start.get("scan_id", 0)),
            uid=start["uid"],
            plan_name=str(start.get("plan_name", "")),
            time=float(start["time"]),
            duration=float(stop["time"]) - float(start["time"]) if stop else None,
            exit_status=self._status(stop),
            reason=str(stop.get("reason", "")),
            points=points,
            best=attributes.get("statistics", {}).get("best"),
            sample=_text(start.get("sample")),
            operator=_text(start.get("operator")),
            proposal=_text(start.get("proposal")),
        )

    def _status(self, stop: Document | None) -> Status:
        if stop:
            return stop["exit_status"]
        return "running" if is_locked(self.path / JOURNAL) else "interrupted"

    def _current(self) -> Tables:
        """The tables, brought up to date with the journal."""
        self._tables.add(self._reader.read())
        return self._tables


def _text(value: object) -> str:
    """Metadata for a table: a name may be a word or, by bluesky's custom for samples, a dictionary with a name."""
    if isinstance(value, dict):
        value = value.get("name", value)
    return "" if value is None else str(value)
