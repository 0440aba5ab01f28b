"""What the store hands out: items of the queue, what became of them, tokens, accesses and the control lock."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from daemon.errors import StoreError

ExitStatus = Literal["success", "fail", "abort", "interrupted"]
EXIT_STATUSES: tuple[str, ...] = get_args(ExitStatus)

Place = Literal["front", "back"] | int | Mapping[str, str]
"""Where in the queue: its front or back, a position (−1 is the last), `{"before": uid}` or `{"after": uid}`."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def zoned(time: datetime) -> datetime:
    """The time, if it says of which zone it is: without, it could be hours off.

    Raises:
        StoreError: if it does not.
    """
    if time.tzinfo is None:
        raise StoreError(f"{time} has no time zone: say which, as in 2030-01-01T00:00:00+00:00")
    return time


def new_uid() -> str:
    """A name that nothing else has."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Item:
    """A plan with its parameters, in the queue or out of it.

    Attributes:
        uid: its name.
        plan: name of the plan.
        parameters: of the plan; plain JSON types.
        metadata: for the start document; plain JSON types.
        added_by: who put it in the queue.
        added_at: when, UTC.
        position: in the queue, counted from 0; None when it is not in the queue (it runs, ran, or is new).
    """

    uid: str
    plan: str
    parameters: dict[str, Any]
    metadata: dict[str, Any]
    added_by: str
    added_at: datetime
    position: int | None = None

    @classmethod
    def new(
        cls,
        plan: str,
        parameters: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        by: str = "",
        uid: str | None = None,
    ) -> Item:
        """An item of now that is in no queue yet."""
        return cls(uid or new_uid(), plan, dict(parameters), dict(metadata or {}), by, now())


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An item that is done, with everything that is needed to queue it again.

    Attributes:
        id: number of the entry; grows with time and is never used twice.
        uid: of the item.
        plan: name of the plan.
        parameters: of the plan.
        metadata: of the item.
        added_by: who put it in the queue.
        added_at: when, UTC.
        started_at: when it was taken from the queue, UTC.
        ended_at: when it was done, UTC.
        exit_status: "success", "fail", "abort" or "interrupted".
        reason: why it ended so; empty if nothing is to be said.
        run_uid: of its run; None if no run was begun.
        run_path: the run's folder.
        points: that the run has.
    """

    id: int
    uid: str
    plan: str
    parameters: dict[str, Any]
    metadata: dict[str, Any]
    added_by: str
    added_at: datetime
    started_at: datetime
    ended_at: datetime
    exit_status: ExitStatus
    reason: str
    run_uid: str | None
    run_path: str | None
    points: int

    @property
    def item(self) -> Item:
        """The item as it was."""
        return Item(self.uid, self.plan, self.parameters, self.metadata, self.added_by, self.added_at)


@dataclass(frozen=True, slots=True)
class Token:
    """What lets a client in; its secret is not kept.

    Attributes:
        id: its name for administrators.
        name: what it is for.
        role: "observer", "operator" or "administrator".
        scopes: what that role may do.
        created_at: UTC.
        expires_at: UTC; None if never.
        revoked_at: UTC; None if it was not.
    """

    id: str
    name: str
    role: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def valid(self, at: datetime) -> bool:
        """Whether it lets anybody in at that time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class Access:
    """One request that was to change something.

    Attributes:
        id: number of the entry; grows with time and is never used twice.
        time: UTC.
        token_id: of the token; None for the single-user key or a client that was not let in.
        name: of the client.
        method: of HTTP.
        path: that was asked for.
        status: of the answer.
        address: of the client.
    """

    id: int
    time: datetime
    token_id: str | None
    name: str
    method: str
    path: str
    status: int
    address: str


@dataclass(frozen=True, slots=True)
class LockState:
    """Who alone may control the instrument.

    Attributes:
        holder: who.
        note: what for.
        since: UTC.
    """

    holder: str
    note: str
    since: datetime
