"""Where a chain runs: in this process, in one of its own, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Literal, Protocol

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.chain import Outcome
from analysis.streaming.declare import Declaration, declare, make_chain
from analysis.streaming.errors import ChainError
from analysis.streaming.remote import Remote

Place = Literal["in-process", "processes", "dask"]
Replay = Callable[[int], Iterable[Batch]]


class Runner(Protocol):
    """Runs a chain; called from one thread."""

    def start(self, layout: Layout) -> None:
        """Begin a stream."""
        ...

    def submit(self, batch: Batch, timeout: float | None = None) -> bool:
        """Hand frames over; False where there was no room for them within the time limit, s."""
        ...

    def result(self, timeout: float | None = None) -> Outcome:
        """What is known so far; frames still under way are not in it."""
        ...

    def stop(self, timeout: float | None = None) -> Outcome:
        """Wait for all frames, end the stream, and give what is known in the end."""
        ...

    def close(self) -> None:
        """Give back processes and connections, whatever is under way."""
        ...


class InProcess:
    """Runs a chain in the thread that hands it frames.

    Args:
        declared: The chain.
    """

    def __init__(self, declared: Sequence[Declaration]) -> None:
        self._chain = make_chain(declared)

    def start(self, layout: Layout) -> None:
        """Begin a stream."""
        self._chain.start(layout)

    def submit(self, batch: Batch, timeout: float | None = None) -> bool:
        """Send frames through the chain; always True."""
        self._chain.process(batch)
        return True

    def result(self, timeout: float | None = None) -> Outcome:
        """What is known so far."""
        return self._chain.result()

    def stop(self, timeout: float | None = None) -> Outcome:
        """End the stream."""
        return self._chain.stop()

    def close(self) -> None:
        """Nothing to give back."""


def make_runner(
    steps: Sequence[str | Mapping[str, Any] | Declaration],
    place: Place = "in-process",
    *,
    scheduler: str | None = None,
    replay: Replay | None = None,
    room: int = 16,
    patience: float = 60.0,
) -> Runner:
    """Make a runner by setting.

    Args:
        steps: The chain, as for :func:`~analysis.streaming.declare.declare`.
        place: "in-process", "processes" (one process for the chain), or "dask".
        scheduler: Address of Dask's scheduler; needed for "dask" and nothing else.
        replay: Gives the first so many frames of the stream again, as batches, from where they are kept; with it a
            chain whose process died knows everything again. Without it, a new one goes on with the next frames.
        room: Batches that may wait.
        patience: Time limit for one batch, s; a process that takes longer is replaced.

    Returns:
        The runner.

    Raises:
        ChainError: The chain is declared wrongly, or the place is not known, or Dask is not installed.
    """
    declared = declare(steps)
    if place == "in-process":
        return InProcess(declared)
    options: dict[str, Any] = {"replay": replay, "room": room, "patience": patience}
    if place == "processes":
        return Remote(declared, _hire_process, _dismiss_process, **options)
    if place == "dask":
        if scheduler is None:
            raise ChainError("a chain on a Dask cluster needs the address of the cluster's scheduler")
        from analysis.streaming.dask_cluster import dismiss_worker, hire_from  # Dask is an extra, and heavy

        return Remote(declared, hire_from(scheduler), dismiss_worker, **options)
    raise ChainError(f'a chain runs "in-process", in "processes" or on "dask", not {place!r}')


def _hire_process() -> ProcessPoolExecutor:
    """One process of its own; spawned, because threads and BLAS do not survive a fork."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _dismiss_process(pool: ProcessPoolExecutor, broken: bool) -> None:
    """End the process, by force where it may hang."""
    if broken:
        for process in list((pool._processes or {}).values()):
            process.kill()
    pool.shutdown(wait=True, cancel_futures=True)
