"""`/queue`: what waits, and whether it is worked off."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Request, Response
from pydantic import Field, StrictBool

from daemon.base import StrictModel
from daemon.server.models import Answer, Done, Flags, ItemAnswer, Whole
from daemon.server.plain_json import PlainObject
from daemon.server.routing import Asker, listing, make_router, route
from daemon.server.state import Queue

router = make_router("queue")

Place = Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)] | Literal["front", "back"]
Uid = Annotated[str, Path(description="Of the item.", max_length=255)]


class NewItem(StrictModel):
    """A plan for the queue."""

    plan: str = Field(min_length=1, max_length=255, examples=["grid_scan"])
    """Name of the plan."""
    parameters: PlainObject = Field(default_factory=dict)
    """Of the plan; what is left out comes from the daemon's settings."""
    metadata: PlainObject = Field(default_factory=dict)
    """For the start document."""
    at: Place = "back"
    """`front`, `back`, or a position from 0."""


class ItemChange(StrictModel):
    """What becomes different in an item; what is null stays."""

    parameters: PlainObject | None = None
    """All of the plan's parameters."""
    metadata: PlainObject | None = None
    """All of the metadata."""


class Move(StrictModel):
    """Where an item goes."""

    to: Place
    """`front`, `back`, or a position from 0."""


class FlagChange(StrictModel):
    """How the queue is worked off from now on; what is null stays."""

    loop: StrictBool | None = None
    """Whether an item goes to the back of the queue when it is done."""
    autostart: StrictBool | None = None
    """Whether the queue starts as soon as it holds an item."""
    stop_on_failure: StrictBool | None = None
    """Whether the queue stops after an item that failed."""


class QueueAnswer(Answer):
    """The queue."""

    items: list[ItemAnswer]
    """What waits, front first."""
    total: int
    """How many items wait, shown or not."""
    running: ItemAnswer | None
    """What runs."""
    queue_running: bool
    """Whether the queue is being worked off."""
    queue_stop_pending: bool
    """Whether it stops after the item that runs."""
    queue_uid: str
    """Changes when the queue does."""
    flags: Flags
    """How it is worked off."""


@router.get("/queue", response_model=QueueAnswer, **route("read:queue", 304, 422))
async def get_queue(
    request: Request,
    queue: Queue,
    limit: Annotated[Whole, Field(ge=1, le=10_000)] = 1000,
    offset: Annotated[Whole, Field(ge=0, le=2**31)] = 0,
) -> Response:
    """What waits and what runs; with an ETag."""
    status, items = await queue.status(), await queue.items()
    answer = QueueAnswer(
        items=[ItemAnswer.model_validate(item) for item in items[offset : offset + limit]],
        total=len(items),
        running=status.item,
        queue_running=status.queue_running,
        queue_stop_pending=status.queue_stop_pending,
        queue_uid=status.queue_uid,
        flags=status.flags,
    )
    return listing(request, answer)


@router.post("/queue", status_code=201, **route("write:queue:edit", 409, 422))
async def add_item(new: NewItem, queue: Queue, by: Asker) -> ItemAnswer:
    """Check a plan, its devices and limits included, and put it into the queue."""
    item = await queue.add(new.plan, new.parameters, new.metadata, new.at, by.name)
    return ItemAnswer.model_validate(item)


@router.delete("/queue", **route("write:queue:edit"))
async def clear_queue(queue: Queue) -> Done:
    """Take all items out of the queue; the one that runs goes on."""
    await queue.clear()
    return Done()


@router.post("/queue/start", **route("write:queue:control", 409))
async def start_queue(queue: Queue, by: Asker) -> Done:
    """Work the queue off, item by item."""
    await queue.start(by.name)
    return Done()


@router.post("/queue/stop", **route("write:queue:control", 409))
async def stop_queue(queue: Queue, by: Asker) -> Done:
    """Start no further item; the one that runs goes on."""
    await queue.stop(by.name)
    return Done()


@router.post("/queue/stop/cancel", **route("write:queue:control", 409))
async def cancel_stop(queue: Queue) -> Done:
    """Go on with the queue after all."""
    await queue.cancel_stop()
    return Done()


@router.patch("/queue/flags", **route("write:queue:control", 422))
async def set_flags(change: FlagChange, queue: Queue) -> Flags:
    """Change how the queue is worked off."""
    return Flags(**await queue.flags(**change.model_dump(exclude_none=True)))


@router.post("/queue/execute", status_code=201, **route("write:execute", 409, 422))
async def execute(new: NewItem, queue: Queue, by: Asker) -> ItemAnswer:
    """Run a plan at once, past the queue; only when nothing runs."""
    item = await queue.execute(new.plan, new.parameters, new.metadata, by.name)
    return ItemAnswer.model_validate(item)


@router.get("/queue/{uid}", **route("read:queue", 404, 422))
async def get_item(uid: Uid, queue: Queue) -> ItemAnswer:
    """An item that waits, or the one that runs."""
    return ItemAnswer.model_validate(await queue.get(uid))


@router.patch("/queue/{uid}", **route("write:queue:edit", 404, 409, 422))
async def edit_item(uid: Uid, change: ItemChange, queue: Queue) -> ItemAnswer:
    """Change an item that waits; its parameters are checked as when it was added."""
    return ItemAnswer.model_validate(await queue.edit(uid, change.parameters, change.metadata))


@router.delete("/queue/{uid}", **route("write:queue:edit", 404, 409, 422))
async def remove_item(uid: Uid, queue: Queue) -> ItemAnswer:
    """Take an item out of the queue."""
    return ItemAnswer.model_validate(await queue.remove(uid))


@router.post("/queue/{uid}/move", **route("write:queue:edit", 404, 409, 422))
async def move_item(uid: Uid, move: Move, queue: Queue) -> ItemAnswer:
    """Move an item to another place."""
    return ItemAnswer.model_validate(await queue.move(uid, move.to))


@router.post("/queue/{uid}/duplicate", status_code=201, **route("write:queue:edit", 404, 409, 422))
async def duplicate_item(uid: Uid, queue: Queue, by: Asker) -> ItemAnswer:
    """Put a copy of an item right behind it."""
    return ItemAnswer.model_validate(await queue.duplicate(uid, by.name))
