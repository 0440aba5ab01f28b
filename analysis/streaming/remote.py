"""A chain in another process: a thread hands it one batch after the other, and replaces the process when it dies.

The chain lives in the worker, in `_CHAINS`, because its steps remember the stream. A worker that died, or hangs, takes
its chain with it: the next one begins anew, and is fed all earlier frames again where they can be had. Whoever calls a
worker holds the lock, so calls come one at a time; the thread never ends because of what a worker did.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from analysis.streaming.batch import Batch, Layout
from analysis.streaming.chain import Chain, Failure, Outcome
from analysis.streaming.declare import Declaration, make_chain
from analysis.streaming.errors import StreamClosedError

_CHAINS: dict[str, Chain] = {}
"""Chains of this worker, by the key of their stream."""

_GRACE = 1.0
"""A worker that is given back may go on with its last batch for this long, s."""

_BEGIN = 60.0
"""A new worker has at least so long to begin, s: it has much to import."""

_TRIES = 3
"""Workers that one batch may cost before it is left out."""


class Answer(Protocol):
    """What a worker was asked for."""

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401
        """Wait for it; raises what the worker raised, TimeoutError, or something else when the worker died."""
        ...


class Worker(Protocol):
    """One process that keeps its memory from call to call; an executor with one process is one."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Answer:
        """Have a function called there."""
        ...


class Remote:
    """Runs a chain through an executor of one worker.

    Args:
        declared: The chain.
        hire: Gives a new worker.
        dismiss: Gives a worker back; ends it where the second argument is true, because it hangs or is broken.
        replay: Gives the first so many frames of the stream again.
        room: Batches that may wait.
        patience: Time limit for one batch, s.
    """

    def __init__(
        self,
        declared: Sequence[Declaration],
        hire: Callable[[], Worker],
        dismiss: Callable[[Any, bool], None],
        *,
        replay: Callable[[int], Iterable[Batch]] | None,
        room: int,
        patience: float,
    ) -> None:
        self._declared, self._replay, self._patience = declared, replay, patience
        self._hire, self._dismiss = hire, dismiss
        self._queue: queue.Queue[Batch | None] = queue.Queue(room)
        self._lock = threading.Lock()
        self._failures: list[Failure] = []
        self._worker: Worker | None = None
        self._thread: threading.Thread | None = None
        self._key, self._done, self._open, self._closing = "", 0, False, False
        self._layout: Layout | None = None

    def start(self, layout: Layout) -> None:
        """Begin a stream in a worker; forget any before.

        Raises:
            Exception: No worker could be had.
        """
        self.close()
        self._layout, self._done, self._failures, self._closing = layout, 0, [], False
        with self._lock:
            self._renew()
        self._open = True
        self._thread = threading.Thread(target=self._work, name="on-line steps", daemon=True)
        self._thread.start()

    def submit(self, batch: Batch, timeout: float | None = None) -> bool:
        """Hand frames over; False where there was no room within the time limit, s (None waits for ever).

        Raises:
            StreamClosedError: The stream has not begun.
            BatchError: The batch does not fit the stream.
        """
        if self._thread is None or self._layout is None:
            raise StreamClosedError("the stream has not begun, or has ended: call start first")
        batch.check(self._layout)
        try:
            self._queue.put(batch, block=timeout != 0.0, timeout=timeout or None)
        except queue.Full:
            return False
        return True

    def result(self, timeout: float | None = None) -> Outcome:
        """What is known so far.

        Raises:
            TimeoutError: The worker did not answer in time, s.
        """
        return self._ask(_result, timeout)

    def stop(self, timeout: float | None = None) -> Outcome:
        """Wait for all frames, end the stream, and give what is known in the end.

        Raises:
            TimeoutError: That took longer than the time limit, s.
        """
        if self._thread is None:
            raise StreamClosedError("the stream has not begun, or has ended: call start first")
        self._queue.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"the on-line steps did not end within {timeout} s")
        self._thread = None
        outcome = self._ask(_stop, timeout)
        self.close()
        return outcome

    def close(self) -> None:
        """Give the worker back; frames that wait are left out."""
        if self._thread is not None:
            self._closing = True
            with contextlib.suppress(queue.Empty):
                while True:
                    self._queue.get_nowait()
            self._queue.put(None)
            self._thread.join(_GRACE)
            if self._thread.is_alive() and (worker := self._worker) is not None:
                # It hangs, or has long work: the call that the thread waits for ends with the worker.
                self._dismiss(worker, True)
            self._thread.join()
            self._thread = None
        self._open = False
        with self._lock:
            self._drop(broken=False)

    def _ask(self, what: Callable[[str], Outcome], timeout: float | None) -> Outcome:
        """Ask the worker, or a new one where the present one died since the last batch."""
        if not self._open:
            raise StreamClosedError("the stream has not begun, or has ended: call start first")
        if not self._lock.acquire(timeout=-1 if timeout is None else timeout):
            raise TimeoutError(f"the on-line steps were busy for {timeout} s")
        try:
            try:
                if self._worker is None:
                    self._renew()
                outcome = self._call(what, timeout=timeout)
            except TimeoutError:
                raise
            except Exception as error:
                self._say(Batch(self._done, np.empty((0, 0, 0))), error, recovered=True)
                self._renew()
                outcome = self._call(what, timeout=timeout)
        finally:
            self._lock.release()
        return replace(outcome, failures=(*self._failures, *outcome.failures))

    def _work(self) -> None:
        """The thread: one batch after the other."""
        while (batch := self._queue.get()) is not None:
            with self._lock:
                self._send(batch)

    def _send(self, batch: Batch) -> None:
        """Have a batch processed, by a new worker where the present one dies or hangs."""
        for attempt in range(_TRIES):
            try:
                if attempt or self._worker is None:
                    self._renew()
                self._call(_process, batch, timeout=self._patience)
            except Exception as error:
                if self._closing:
                    return
                self._say(batch, error, recovered=attempt + 1 < _TRIES)
            else:
                break
        else:
            # Whoever it was, it could not take this batch: the next one meets a new worker.
            self._drop(broken=True)
        self._done = batch.first + len(batch)

    def _call(self, function: Callable[..., Any], *arguments: Any, timeout: float | None) -> Any:  # noqa: ANN401
        if self._worker is None:
            raise StreamClosedError("the on-line steps have no worker any more")
        return self._worker.submit(function, self._key, *arguments).result(timeout)

    def _renew(self) -> None:
        """Begin with a new worker, which learns of all frames before."""
        self._drop(broken=True)
        self._worker, self._key = self._hire(), uuid.uuid4().hex
        self._call(_begin, self._declared, self._layout, timeout=max(_BEGIN, self._patience))
        if self._replay is not None and self._done:
            for batch in self._replay(self._done):
                self._call(_process, batch, timeout=self._patience)

    def _drop(self, *, broken: bool) -> None:
        """Give the worker up."""
        worker, self._worker = self._worker, None
        if worker is not None:
            self._dismiss(worker, broken)

    def _say(self, batch: Batch, error: Exception, *, recovered: bool) -> None:
        """Note that a worker failed."""
        what = str(error) or f"no answer within {self._patience:g} s"
        self._failures.append(
            Failure("(worker)", batch.first, len(batch), f"{type(error).__name__}: {what}", recovered)
        )


def _begin(key: str, declared: Sequence[Declaration], layout: Layout) -> None:
    _CHAINS[key] = make_chain(declared)
    _CHAINS[key].start(layout)


def _process(key: str, batch: Batch) -> None:
    _CHAINS[key].process(batch)


def _result(key: str) -> Outcome:
    return _CHAINS[key].result()


def _stop(key: str) -> Outcome:
    return _CHAINS.pop(key).stop()
