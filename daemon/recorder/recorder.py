"""The recorder: puts every document of a run on disk before anyone else is told of it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from daemon.errors import RecorderError
from daemon.numbers import Register
from daemon.recorder.attributes import versions
from daemon.recorder.journal import Document
from daemon.recorder.open_run import OpenRun, discard
from daemon.recorder.writers import RunWriter
from daemon.settings import RecorderSettings

log = logging.getLogger(__name__)


class Recorder:
    """A callback for the RunEngine, to be subscribed before all others.

    The callback only appends to the journal. One background thread follows the journal and writes the arrays, so that
    the RunEngine's loop never waits for them. A document that cannot be written raises, which ends the run.

    Args:
        data: the data folder; runs go to `<data>/runs/<day>/`.
        options: durability, and how late arrays may be.
        settings: all settings as plain data, kept with every run.
        writers: whoever writes frames into the run; more can be registered later.
        register: numbers the documents, and is told of each when it is on disk.

    Attributes:
        run: folder of the latest run, open or closed; None before the first.
    """

    def __init__(
        self,
        data: Path,
        options: RecorderSettings | None = None,
        settings: Mapping[str, Any] | None = None,
        writers: Sequence[RunWriter] = (),
        register: Register | None = None,
    ) -> None:
        versions()  # asked for now, so that the first run does not wait for it
        self.run: Path | None = None
        self._data = data
        self._options = options or RecorderSettings()
        self._settings = dict(settings or {})
        self._writers = list(writers)
        self._numbers = register
        self._lock = threading.RLock()  # monitored signals send their documents from threads of their own
        self._open: dict[str, OpenRun] = {}
        self._owner: dict[str, str] = {}
        self._latest: OpenRun | None = None
        self._background = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._hurry = threading.Event()
        self._waiting = 0
        self._flushing: Future[None] | None = None
        self._unfinished: list[Future[None]] = []

    def register(self, writer: RunWriter) -> None:
        """Adds someone who writes frames into the runs that begin from now on."""
        self._writers.append(writer)

    def __call__(self, name: str, document: Document) -> None:
        """Takes a document from the RunEngine.

        Raises:
            DiskFull: when there is no room for it.
            RecorderError: when it cannot be written for another reason.
        """
        with self._lock:
            if name == "start":
                self._begin(document)
                return
            run = self._run_of(name, document)
            if run is None:
                log.warning("a %s document of a run that is not open was left out", name)
            elif name == "stop":
                self._end(run, document)
            else:
                self._raise_late_failure()
                run.journal(name, document)
                self._flush_soon()

    def add_statistics(self, statistics: Mapping[str, Any]) -> None:
        """Adds figures to the statistics that the latest run keeps, before or after its stop document.

        Args:
            statistics: plain data; a key that is there already is replaced.
        """
        run = self._latest
        if run is None:
            raise RecorderError("there is no run that these statistics could belong to")
        self._submit(run.add_statistics, dict(statistics))

    def wait_closed(self, timeout: float | None = None) -> bool:
        """Waits until every run that has ended is closed on disk, its frames compacted.

        Args:
            timeout: the longest to wait, s; None for as long as it takes.

        Returns:
            Whether all of them are closed.

        Raises:
            DiskFull: when one could not be closed; it is closed from its journal at the next start.
        """
        with self._lock:
            asked = list(self._unfinished)
        done, pending = wait(asked, timeout)
        with self._lock:
            self._unfinished = [future for future in self._unfinished if future not in done]
        for future in done:
            future.result()
        return not pending

    def close(self) -> None:
        """Ends the background thread when all that was asked of it is done; open runs stay interrupted."""
        self._hurry.set()
        self._background.shutdown(wait=True)
        with self._lock:
            for run in self._open.values():
                run.release_reserve()
                run.abandon()
            self._open.clear()

    def _begin(self, start: Document) -> None:
        run = OpenRun.create(
            self._data, start, self._settings, sync=self._options.durability == "power", register=self._numbers
        )
        opened: list[RunWriter] = []
        try:
            for writer in self._writers:
                opened.append(writer)
                writer.open_run(run.path)
        except BaseException:
            for writer in opened:
                with contextlib.suppress(Exception):
                    writer.close_run()
            run.abandon()
            discard(run.path)
            raise
        self._open[start["uid"]] = self._latest = run
        self._owner[start["uid"]] = start["uid"]
        self.run = run.path

    def _run_of(self, name: str, document: Document) -> OpenRun | None:
        """The run a document belongs to: named in it, or the run of the descriptor or resource named in it."""
        parent = next((document[key] for key in ("run_start", "descriptor", "resource") if key in document), None)
        owner = self._owner.get(str(parent))
        if owner is not None and name in ("descriptor", "resource"):
            self._owner[document["uid"]] = owner
        return None if owner is None else self._open.get(owner)

    def _end(self, run: OpenRun, stop: Document) -> None:
        uid = stop["run_start"]
        del self._open[uid]
        self._owner = {document: owner for document, owner in self._owner.items() if owner != uid}
        try:
            run.journal("stop", stop)
        except RecorderError:
            run.abandon()
            raise
        finally:
            run.release_reserve()
            for writer in self._writers:
                self._try("close_run of a frame writer", writer.close_run)
        self._submit(run.finish)
        self._submit(self._compact, run.path)

    def _compact(self, run: Path) -> None:
        for writer in self._writers:
            self._try("compaction of frames", writer.compact, run)

    def _try(self, what: str, action: Any, *arguments: object) -> None:  # noqa: ANN401 - any callable
        try:
            action(*arguments)
        except Exception:
            # The run is whole without it: a writer's trouble must not keep the run from being closed.
            log.exception("%s failed", what)

    def _submit(self, action: Any, *arguments: object) -> None:  # noqa: ANN401 - any callable
        self._hurry.set()
        with self._lock:
            self._unfinished = [future for future in self._unfinished if not _succeeded(future)]
            self._unfinished.append(self._background.submit(action, *arguments))

    def _flush_soon(self) -> None:
        """Has the arrays written when a block is full, or when its first event has waited long enough."""
        self._waiting += 1
        if self._waiting >= self._options.block_events:
            self._hurry.set()
        if self._flushing is None or self._flushing.done():
            self._flushing = self._background.submit(self._flush)

    def _flush(self) -> None:
        self._hurry.wait(self._options.block_seconds)
        self._hurry.clear()
        self._waiting = 0
        with self._lock:
            runs = list(self._open.values())
        for run in runs:
            run.flush()

    def _raise_late_failure(self) -> None:
        """Raises what stopped the background thread from writing arrays, so that the run ends while it is readable."""
        if self._flushing is not None and self._flushing.done():
            failure, self._flushing = self._flushing, None
            failure.result()


def _succeeded(future: Future[None]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
