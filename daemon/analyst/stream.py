"""Frames through the chain of on-line steps, and what becomes known of every point and of the whole stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.frames import batches_of, mean_dark
from daemon.analyst.messages import FrameLayout
from daemon.analyst.output import print_traceback
from daemon.stream_settings import StreamSettings

if TYPE_CHECKING:
    from analysis.streaming import Batch, Outcome, Runner

Floats = NDArray[np.float64]

BATCH = 16
"""Most frames that are handed over at once: what a point's frames take of memory does not grow with their number."""
RESULT_DEADLINE = 30.0
"""How long a chain elsewhere may take to say what it knows, s."""


class FrameStream:
    """Feeds points to the chain in their order, and keeps what was known after each.

    Args:
        run: The run's folder.
        settings: The chain, and where it runs.
        layout: Of the frames.
        energy: Data key of the photon energy; None where it is not scanned.
        darks: Dark frames taken before the scan; those after it come too late.

    Raises:
        StreamingError: The chain is declared wrongly.
    """

    def __init__(
        self, run: Path, settings: StreamSettings, layout: FrameLayout, energy: str | None, darks: int = 0
    ) -> None:
        from analysis.streaming import Layout, make_runner

        self._settings, self._layout, self._energy = settings, layout, energy
        self._points: list[tuple[Path, int, dict[str, float]]] = []
        self._counts: list[int] = []
        self._rows: list[dict[str, float]] = []
        self._known: Outcome | None = None
        self._ended = False
        self._runner: Runner = make_runner(
            [_filled(step, run, settings, darks, layout) for step in settings.steps or ()],
            settings.executor,
            scheduler=settings.scheduler,
            replay=self._again,
            room=settings.room,
            patience=settings.patience,
        )
        self._runner.start(Layout(layout.shape, np.dtype(layout.dtype).newbyteorder("=").name))

    @property
    def outcome(self) -> Outcome | None:
        """What is known; None before there is a frame."""
        return self._known

    def take_in(self, run: Path, number: int, readings: dict[str, float]) -> None:
        """Take in the frames of the next point, which are on disk.

        Args:
            run: The run that they lie in.
            number: The point in that run, from 1.
            readings: The point's readings by data key.
        """
        before = sum(self._counts)
        self._points.append((run, number, readings))
        self._counts.append(0)
        for batch in self._batches(run, number, readings, before):
            with self._surviving():
                self._runner.submit(batch)
            self._counts[-1] += len(batch)
        with self._surviving():
            self._known = self._runner.result(RESULT_DEADLINE)
        self._rows.append(_statistics(self._known, readings.get(self._energy or "")))

    def look(self, frame: NDArray[Any]) -> bool:
        """Look at the next point's image while it is scanned; what is known of it is in the outcome from then on.

        Args:
            frame: the image so far, shape (y, x), NaN where it is not scanned.

        Returns:
            Whether it was looked at: every step of the chain must take images that are not whole.
        """
        if self._ended or {_kind(step) for step in self._settings.steps or ()} != {"detection"}:
            return False
        from analysis.streaming import Batch

        with self._surviving():
            self._runner.submit(Batch(sum(self._counts), frame[None]))
            self._known = self._runner.result(RESULT_DEADLINE)
        return True

    def found(self, row: int) -> dict[str, list[Any]]:
        """The detections in the frames of a point as lists, one entry per detection; empty without a detector.

        Args:
            row: the point's place among all points, from 0.
        """
        table = detection_table(self._known)
        if table is None:
            return {}
        first = self.frames_before(row)
        chosen = (table["image"] >= first) & (table["image"] < first + self._counts[row])
        return {name: table[name][chosen].tolist() for name in ("boxes", "boxes_nm", "labels", "scores")} | {
            "names": [str(table["classes"][label]) for label in table["labels"][chosen]]
        }

    def frames_before(self, row: int) -> int:
        """Frames of the points before one.

        Args:
            row: the point's place among all points, from 0.
        """
        return sum(self._counts[:row])

    def flaw(self, row: int) -> str:
        """What is wrong with the first flawed frame of a point; empty where nothing is."""
        table = detection_table(self._known)
        first = self.frames_before(row)
        flaws = () if table is None else table["flaws"][first : first + self._counts[row]]
        return next((str(flaw) for flaw in flaws if flaw), "")

    def values(self) -> dict[str, Floats]:
        """What is known of each point, shape (points,) each, by the names that objectives use."""
        keys = {key for row in self._rows for key in row}
        found = {key: np.array([row.get(key, np.nan) for row in self._rows], float) for key in keys}
        if self._known is None:
            return found
        ends = np.cumsum([0, *self._counts])
        for name, values in self._known.values.items():
            columns = values.reshape(len(values), -1).T
            for index, column in enumerate(columns):
                key = name if values.ndim == 1 else f"{name}[{index}]"
                found[key] = np.array([_mean(column[a:b]) for a, b in pairwise(ends)])
        return found

    def finish(self) -> None:
        """End the stream: what takes long is done now. Harmless when it has ended already."""
        if not self._ended and self._points:
            self._ended = True
            with self._surviving():
                self._known = self._runner.stop()

    def close(self) -> None:
        """Give back what the chain holds."""
        self._runner.close()

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        """A chain that cannot be reached must not stop the scan: its frames are in the run, to be unmixed later."""
        try:
            yield
        except Exception:
            print_traceback()

    def _batches(self, run: Path, number: int, readings: dict[str, float], first: int) -> Iterator[Batch]:
        """The frames of a point; one that cannot be read is all NaN, which steps leave out."""
        from analysis.streaming import Batch

        energy, i0 = readings.get(self._energy or ""), readings.get(self._settings.i0)
        for frames in batches_of(run, self._settings.detector, number, self._layout, BATCH):
            yield Batch(
                first,
                frames,
                None if energy is None else np.full(len(frames), energy),
                None if i0 is None else np.full(len(frames), i0),
            )
            first += len(frames)

    def _again(self, count: int) -> Iterator[Batch]:
        """The first so many frames once more, for a chain whose process died."""
        first = 0
        for run, number, readings in self._points:
            for batch in self._batches(run, number, readings, first):
                if batch.first + len(batch) > count:
                    return
                yield batch
                first = batch.first + len(batch)


def detection_table(known: Outcome | None) -> Mapping[str, NDArray[Any]] | None:
    """The table of a chain's detections; None where it has none."""
    results = () if known is None else known.results.values()
    return next((result for result in results if "boxes" in result), None)


def _kind(step: str | dict[str, Any]) -> str:
    return step if isinstance(step, str) else str(step["step"])


def _filled(
    step: str | dict[str, Any], run: Path, settings: StreamSettings, darks: int, layout: FrameLayout
) -> str | dict[str, Any]:
    """A step as declared; `dark-flat` with the scan's dark frames and the flat field, `detection` with the pixels."""
    name = _kind(step)
    if name not in ("dark-flat", "detection"):
        return step
    options: dict[str, Any] = {"step": name} if isinstance(step, str) else dict(step)
    if name == "detection":
        return {"nm_per_pixel": layout.pixel, **options}
    if (dark := mean_dark(run, settings.detector, darks)) is not None:
        options.setdefault("dark", dark)
    if settings.flat is not None:
        options.setdefault("flat", np.load(settings.flat, allow_pickle=False))
    return options


def _mean(values: Floats) -> float:
    """Mean of those that are known, NaN where none is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _statistics(known: Outcome | None, energy: float | None) -> dict[str, float]:
    """What the unmixing says after a point: statistics of the maps, and each component's weight at its energy."""
    from analysis.unmixing.statistics import map_statistics

    found: dict[str, float] = {}
    for name, result in known.results.items() if known is not None else ():
        if "maps" not in result or "spectra" not in result:
            continue
        found |= map_statistics(result["maps"], prefix=name)
        places = np.flatnonzero(result["energies"] == (np.nan if energy is None else energy))
        for component, spectrum in enumerate(result["spectra"]):
            found[f"{name}.weights[{component}]"] = float(spectrum[places[0]]) if len(places) else float("nan")
    return found
