"""`/runs/{uid}/tables` and `/runs/{uid}/previews`: what a plot needs, and frames that fit a screen."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.responses import Response

from daemon.errors import ArrayNotFound
from daemon.recorder.layout import safe_name, stream_folder
from daemon.server.live.frames import LARGEST, preview
from daemon.server.models import Answer, Whole
from daemon.server.routes.arrays import Key, Stream
from daemon.server.routes.runs import RunName
from daemon.server.routing import make_router, plain, route
from daemon.server.run_catalog import RunCatalog
from daemon.server.slices import BINARY, arrays_in
from daemon.server.state import Catalog
from daemon.server.tables import read_table

router = make_router("runs")

MOST = 20_000
"""Most events in one answer."""
FRAMES = 4
"""Axes of an array of frames: event, frame, y, x."""


class TableAnswer(Answer):
    """Some events of a stream, column by column."""

    stream: str
    """Its name."""
    start: int
    """The first event, from 0."""
    length: int
    """How many events the stream has so far."""
    next: int | None
    """`start` of the next page; null if this is the last one so far."""
    columns: dict[str, list[Any]]
    """One value per event, by data key; what is not finite is null. Vectors and frames are left out."""
    units: dict[str, str]
    """Of the columns that have any."""


@router.get("/runs/{uid}/tables/{stream}", response_model=TableAnswer, **route("read:history", 404, 422))
async def get_table(
    uid: RunName,
    stream: Stream,
    catalog: Catalog,
    start: Annotated[Whole, Query(ge=0, le=2**53, description="First event.")] = 0,
    limit: Annotated[Whole, Query(ge=1, le=MOST, description="Most events.")] = MOST,
    times: Annotated[bool, Query(description="Also the times at which each value was read, as `ts_…`.")] = False,
) -> Response:
    """Events of a stream as columns, none where it has not begun; of a run that grows, all that were acknowledged."""
    return plain(await asyncio.to_thread(_table, catalog, uid, stream, start, limit, times))


def _table(catalog: RunCatalog, uid: str, stream: str, start: int, limit: int, times: bool) -> dict[str, Any]:
    found = read_table(catalog, catalog.find(uid), stream, start, limit, times)
    following = start + limit if start + limit < found.length else None
    columns = {name: array.tolist() for name, array in found.columns.items()}
    about = {"stream": stream, "start": start, "length": found.length, "next": following}
    return {**about, "columns": columns, "units": dict(found.units)}


PREVIEW = route("read:history", 404, 422)
PREVIEW["responses"] = {
    **PREVIEW["responses"],
    200: {
        "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
        "description": "Header and pixels, as `/ws/frames` sends them.",
    },
}


@router.get("/runs/{uid}/previews/{stream}/{key}/{event}", response_class=Response, **PREVIEW)
async def get_preview(
    uid: RunName,
    stream: Stream,
    key: Key,
    event: Annotated[Whole, Path(ge=0, le=2**53, description="Of which event, from 0.")],
    catalog: Catalog,
    largest: Annotated[Whole, Query(ge=8, le=LARGEST, description="Most pixels in either direction.")] = LARGEST,
) -> Response:
    """The frame of an event, binned by its mean until it fits."""
    body = await asyncio.to_thread(_preview, catalog, uid, stream, key, event, largest)
    return Response(body, media_type=BINARY, headers={"Cache-Control": "private, max-age=600"})


THUMBNAIL = route("read:history", 404, 422)
THUMBNAIL["responses"] = {**PREVIEW["responses"], 204: {"description": "The run has no frame."}}


@router.get("/runs/{uid}/preview", response_class=Response, **THUMBNAIL)
async def get_last_preview(
    uid: RunName,
    catalog: Catalog,
    largest: Annotated[Whole, Query(ge=8, le=LARGEST, description="Most pixels in either direction.")] = LARGEST,
) -> Response:
    """The last frame of a run's first camera, binned by its mean until it fits."""
    body = await asyncio.to_thread(_last, catalog, uid, largest)
    return Response(status_code=204) if body is None else Response(body, media_type=BINARY)


def _last(catalog: RunCatalog, uid: str, largest: int) -> bytes | None:
    run = catalog.find(uid)
    points = catalog.summary(run).points
    cameras = [each.key for each in arrays_in(stream_folder(run, "primary")) if len(each.shape) == FRAMES]
    if not cameras or not points:
        return None
    return _preview(catalog, uid, "primary", cameras[0], points - 1, largest)


def _preview(catalog: RunCatalog, uid: str, stream: str, key: str, event: int, largest: int) -> bytes:
    from devices.errors import FrameWriterError
    from devices.frames import read_frame

    run = catalog.find(uid)
    try:
        frame = read_frame(stream_folder(run, stream) / safe_name(key), event)
    except FrameWriterError as error:
        raise ArrayNotFound(f"{run.name} has no frame {key!r} of event {event} in {stream!r}: {error}") from None
    header = {"shape": frame.shape, "dtype": frame.dtype.str, "sequence": event, "time": 0.0}
    return preview(header, frame.tobytes(), 0, largest)
