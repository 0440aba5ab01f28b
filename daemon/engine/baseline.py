"""Reads slow devices once before and once after a run, in the stream `baseline`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from bluesky import Msg
from bluesky.plan_stubs import declare_stream, trigger_and_read

Messages = Generator[Msg, Any, Any]
NAME = "baseline"
"""Of the stream."""


class Baseline:
    """A preprocessor for the RunEngine, in place of bluesky's `SupplementalData`.

    That one keeps every message of a plan, five times over, until the plan has ended: 4 GB in a million points.

    Args:
        devices: what is read.
    """

    def __init__(self, devices: Sequence[Any]) -> None:
        self._devices = list(devices)

    def __call__(self, plan: Messages) -> Messages:
        """The plan, with the readings after each `open_run` and before each `close_run`."""
        response: object = None
        error: BaseException | None = None
        while True:
            try:
                message = plan.send(response) if error is None else plan.throw(error)
            except StopIteration as end:
                return end.value
            response = error = None
            try:
                if message.command == "close_run":
                    yield from self._read()
                response = yield message
                if message.command == "open_run":
                    yield from self._declare()
                    yield from self._read()
            except GeneratorExit:
                plan.close()
                raise
            except BaseException as failure:  # also what ends a plan is the plan's to handle
                error = failure

    def _declare(self) -> Messages:
        if self._devices:
            yield from declare_stream(*self._devices, name=NAME)

    def _read(self) -> Messages:
        if self._devices:
            yield from trigger_and_read(self._devices, name=NAME)
