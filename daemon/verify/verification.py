"""Checks one run and says what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from daemon.errors import RecorderError
from daemon.recorder.journal import JournalReader, Named
from daemon.recorder.layout import JOURNAL
from daemon.recorder.tables import Tables
from daemon.runs import Run
from daemon.runs.run import Status
from daemon.verify.arrays import check_frames, check_table
from daemon.verify.documents import DocumentCheck

Progress = Callable[[int, int], None]
"""Told how many frames of how many were read."""

MOST = 200
"""Problems that are kept: a run with more of them is known to be broken."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not fit.

    Attributes:
        where: Document, array or file.
        what: What is wrong with it.
    """

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and what was found.

    Attributes:
        path: The run's folder.
        status: How the run ended, or whether it goes on.
        documents: Number of documents in the journal.
        events: Number of events by stream.
        arrays: Number of arrays compared value by value.
        frames: Number of frames read, by ``stream/data key``.
        problems: What does not fit; empty for a sound run.
    """

    path: Path
    status: Status
    documents: int
    events: dict[str, int]
    arrays: int
    frames: dict[str, int]
    problems: tuple[Problem, ...]


def verify_run(path: Path, progress: Progress = lambda _done, _total: None) -> Verification:
    """Check the journal, the arrays and the frames of a run against one another.

    The journal must follow bluesky's event model, the arrays must hold what its events say, and every event must have
    its frame. Of a run that goes on only the journal is checked: its arrays follow a second later.

    Args:
        path: The run's folder.
        progress: Told how far the frames are read.

    Returns:
        What was found.

    Raises:
        RecorderError: When there is no run, or its journal cannot be read.
    """
    run, reader, problems = Run(path), JournalReader(path / JOURNAL), []

    def complain(where: str, what: str) -> None:
        if len(problems) < MOST:
            problems.append(Problem(where, what))

    status = run.status
    documents = reader.read()
    check, tables = DocumentCheck(complain), Tables()
    if reader.damaged:
        complain("journal", f"{reader.damaged} of its lines hold no document")
    if status not in ("running", "interrupted") and (rest := (path / JOURNAL).stat().st_size - reader.length):
        complain("journal", f"its last line was not completed ({rest} bytes)")
    for name, document in documents:
        check.take(name, document)
    check.finish(closed=status not in ("running", "interrupted"))
    arrays, frames = 0, {}
    if status not in ("running", "interrupted"):
        _check_attributes(run, documents, complain)
        if not problems:  # Else the journal cannot say what the arrays should hold.
            tables.add(documents)
            arrays, frames = _check_arrays(path, tables, complain, progress)
    return Verification(path, status, len(documents), check.events, arrays, frames, tuple(problems))


def _check_attributes(run: Run, documents: list[Named], complain: Callable[[str, str], None]) -> None:
    """The run's attributes repeat its first and its last document."""
    try:
        attributes = run.attributes
    except RecorderError as error:
        complain("attributes", str(error))
        return
    for name in ("start", "stop"):
        told = next((document for kind, document in documents if kind == name), None)
        if attributes.get(name) != told:
            complain("attributes", f"their {name} document is not the journal's")


def _check_arrays(
    path: Path, tables: Tables, complain: Callable[[str, str], None], progress: Progress
) -> tuple[int, dict[str, int]]:
    streams = tables.by_stream.values()
    total = sum(len(table) * len(table.external) for table in streams)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    arrays = sum(check_table(path, table, complain) for table in streams)
    frames = {
        f"{table.name}/{key}": check_frames(path, table, key, complain, advance)
        for table in streams
        for key in table.external
    }
    return arrays, frames
