"""What the server answers with, beyond what a resource keeps to itself."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _digits(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+", value):
        raise ValueError("write a whole number in digits alone")
    return value


Whole = Annotated[int, BeforeValidator(_digits)]
"""A whole number in a path or a query, in digits alone: pydantic's own takes, say, a line break behind them."""


class Answer(BaseModel):
    """Base of all answers; made from the records of the store, too."""

    model_config = ConfigDict(from_attributes=True, use_attribute_docstrings=True)


class Problem(Answer):
    """Something that was wrong in one field."""

    field: str
    """Path of the field, such as `parameters.axes.stage_x.low`."""
    message: str
    """What is wrong with it, and what would be right."""


class Failure(Answer):
    """The answer where something could not be done."""

    detail: str | list[Problem]
    """One line, or what is wrong field by field."""


class ItemAnswer(Answer):
    """A plan with its parameters, waiting or running."""

    uid: str
    """Its name."""
    plan: str
    """Name of the plan."""
    parameters: dict[str, Any]
    """Of the plan."""
    metadata: dict[str, Any]
    """For the start document."""
    added_by: str
    """Who put it into the queue."""
    added_at: datetime
    """When, UTC."""
    position: int | None
    """In the queue, counted from 0; null when it does not wait."""


class ProcessStatus(Answer):
    """One process of the daemon."""

    pid: int | None
    """Its process id."""
    alive: bool
    """Whether it answers."""
    heartbeat_age_s: float | None
    """Time since it was last heard of, s."""
    detail: str = ""
    """What is wrong with it; empty if nothing is."""


class Processes(Answer):
    """The processes of the daemon."""

    server: ProcessStatus
    """What answers here."""
    engine: ProcessStatus
    """What runs plans."""
    analyst: ProcessStatus
    """What thinks."""


class RunStatus(Answer):
    """The run that grows."""

    uid: str
    """Of its start document."""
    path: str
    """Its folder."""
    points: int
    """Events in its primary stream so far."""


class Flags(Answer):
    """How the queue is worked off."""

    loop: bool
    """Whether an item that succeeded goes to the back of the queue."""
    autostart: bool
    """Whether the queue starts as soon as it holds an item."""
    stop_on_failure: bool
    """Whether the queue stops after an item that failed."""


class LockAnswer(Answer):
    """The control lock."""

    holder: str
    """Who alone may write."""
    note: str
    """What for."""
    since: datetime
    """Since when, UTC."""


class Identifiers(Answer):
    """Identifiers that change when the thing changes."""

    plans: str
    """Of the plans."""
    devices: str
    """Of the devices."""
    runs: str
    """Of the runs of the item that runs."""
    history: str
    """Of the history."""
    lock: str
    """Of the control lock."""


class EngineFacts(Answer):
    """How the engine is."""

    loop_age_s: float | None
    """Time since its loop answered last, s: more than 2 is a stall."""
    documents: int
    """That it has emitted since it began."""
    analyst_restarts: int
    """How often it had to start the analyst again."""
    loop: dict[str, Any] | None = None
    """How late its loop was during the run that grows: `p99` and `worst`, ms, and `stalls` of more than 50 ms."""


class ServerStatus(Answer):
    """Everything at a glance."""

    version: str
    """Of Beampilot."""
    data: str
    """The data folder."""
    time: datetime
    """When this was true, UTC."""
    processes: Processes
    """The processes of the daemon."""
    engine_state: str | None
    """idle, running, paused, …; null when the engine does not answer."""
    run: RunStatus | None
    """The run that grows."""
    item: ItemAnswer | None
    """The item that runs."""
    queue_length: int
    """How many items wait."""
    queue_running: bool
    """Whether the queue is being worked off."""
    queue_stop_pending: bool
    """Whether the queue stops after the item that runs."""
    queue_starting: bool
    """Whether something was started that the engine does not execute yet."""
    queue_uid: str
    """Changes when the queue does."""
    flags: Flags
    """How the queue is worked off."""
    lock: LockAnswer | None
    """The control lock, if somebody holds it."""
    suspended: dict[str, Any] | None = None
    """Why the plan waits for the instrument, and since when."""
    paused_by: str | None = None
    """What paused the plan, other than a person."""
    steering: dict[str, Any] | None = None
    """What operators asked of the campaign that runs: `wished` positions not suggested yet, `excluded` regions."""
    room: dict[str, Any] | None = None
    """Free bytes on the disk, and how many points they are for."""
    safe: bool | None = None
    """Whether motors stand still and the shutter is closed, as far as the engine knows."""
    engine: EngineFacts | None = None
    """How the engine is; null when it does not answer."""
    uids: Identifiers
    """Identifiers that change when the thing changes."""


class Health(Answer):
    """Whether all is well."""

    healthy: bool
    """Whether every process answers and does its work."""
    problems: list[str] = Field(default_factory=list)
    """What is wrong; empty if nothing is."""
    processes: Processes
    """The processes of the daemon."""


class Done(Answer):
    """It was done."""

    ok: bool = True
    """Always true; what could not be done is answered with another status."""
