"""What a step of a chain is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from analysis.streaming.batch import Batch, Layout

Results = Mapping[str, NDArray[Any]]


@runtime_checkable
class Step(Protocol):
    """One on-line step. A chain calls it from one thread at a time.

    Whatever a step raises is taken as its failure for that batch: it is reported, :meth:`restart` is called, and the
    batch is tried once more. The step should therefore check a batch before it changes anything of its own.
    """

    name: str
    """Names the step in results and reports; one chain has each name once."""

    changes_frames: bool
    """Whether later steps need this one: then they do not see frames that it failed on."""

    def start(self, layout: Layout) -> None:
        """Begin a stream; forget any before."""
        ...

    def process(self, batch: Batch) -> Batch:
        """Take in frames; give them on, changed or not, with what was found out about each."""
        ...

    def result(self) -> Results:
        """What is known of the stream so far; may be called at any time after the start, and often."""
        ...

    def restart(self, layout: Layout) -> None:
        """Get ready for the next batch after a failure; keep what is still sound."""
        ...

    def stop(self) -> Results:
        """End the stream; what is known of it in the end."""
        ...


class BasicStep:
    """A step without results of the whole stream; others begin from it."""

    name = "step"
    changes_frames = False

    def start(self, layout: Layout) -> None:
        """Nothing to begin."""

    def process(self, batch: Batch) -> Batch:
        """Give the batch on as it is."""
        return batch

    def result(self) -> Results:
        """Nothing to tell."""
        return {}

    def restart(self, layout: Layout) -> None:
        """Begin anew."""
        self.start(layout)

    def stop(self) -> Results:
        """The results so far are the last."""
        return self.result()
