"""One worker of a Dask cluster, for a chain that remembers its stream there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import Any

from analysis.streaming.batch import Batch
from analysis.streaming.errors import ChainError

try:
    from distributed import Client  # pyright: ignore[reportMissingImports]
except ImportError as _error:
    raise ChainError("Dask is not installed: pip install 'beampilot[dask]'") from _error

_ARRIVAL = 10.0
"""A cluster without workers is given up after this long, s."""

_LOOK = 0.5
"""A lost worker is noticed after this long, s."""


class DaskAnswer:
    """A future that also ends when its worker is gone: Dask itself would wait for the worker's return."""

    def __init__(self, client: Client, worker: str, future: Any) -> None:  # noqa: ANN401 - Dask is not typed
        self._client, self._worker, self._future = client, worker, future

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401
        """Wait for the result.

        Raises:
            TimeoutError: It took too long.
            BrokenExecutor: The worker is gone.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _LOOK if end is None else min(_LOOK, end - time.monotonic())
            try:
                return self._future.result(timeout=max(left, 0.01))
            except TimeoutError:
                if self._worker not in _workers(self._client):
                    raise BrokenExecutor(f"Dask's worker {self._worker} is gone") from None
                if end is not None and time.monotonic() >= end:
                    raise
            except asyncio.CancelledError as error:
                raise BrokenExecutor("the call was cancelled, with the connection or with the worker") from error


class DaskWorker:
    """One worker, connected to by a client of its own.

    Args:
        scheduler: Address of the scheduler.

    Raises:
        BrokenExecutor: The cluster has no workers.
    """

    def __init__(self, scheduler: str) -> None:
        self.client = Client(scheduler, set_as_default=False)
        # A worker that died a moment ago may be the only one, and its successor on its way.
        end = time.monotonic() + _ARRIVAL
        while not (workers := _workers(self.client)):
            if time.monotonic() > end:
                self.client.close()
                raise BrokenExecutor(f"the Dask cluster at {scheduler} has no workers")
            time.sleep(0.1)
        self.address = min(workers, key=lambda address: workers[address]["metrics"].get("executing", 0))

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> DaskAnswer:
        """Have a function called by the worker."""
        # Frames go straight to the worker, not through the scheduler.
        place = {"workers": [self.address], "hash": False}
        sent = [self.client.scatter(part, **place) if isinstance(part, Batch) else part for part in arguments]
        future = self.client.submit(function, *sent, workers=[self.address], pure=False, retries=0)
        return DaskAnswer(self.client, self.address, future)


def hire_from(scheduler: str) -> Callable[[], DaskWorker]:
    """What takes a worker of the cluster at an address."""
    return lambda: DaskWorker(scheduler)


def dismiss_worker(worker: DaskWorker, broken: bool) -> None:
    """Give a worker back. One that hangs is left to whoever runs the cluster: others may have work there."""
    worker.client.close()


def _workers(client: Client) -> dict[str, Any]:
    return client.scheduler_info(n_workers=-1)["workers"]
