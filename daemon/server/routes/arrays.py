"""`/runs/{uid}/arrays` and `/runs/{uid}/analyses`: slices of what was measured and of what was made of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Header, HTTPException, Path, Query, Request
from fastapi.responses import Response

from daemon.errors import ArrayNotFound
from daemon.recorder.layout import METADATA, safe_name, stream_folder
from daemon.server.models import Answer, Whole
from daemon.server.problems import WORDS
from daemon.server.routes.runs import ANALYSES, ArrayAnswer, RunName
from daemon.server.routing import listing, make_router, route
from daemon.server.run_catalog import RunCatalog
from daemon.server.slices import ARROW, BINARY, JSON, arrays_in, encode, read_slice
from daemon.server.state import Catalog

router = make_router("runs")

Stream = Annotated[str, Path(min_length=1, max_length=255, examples=["primary"])]
Analysis = Annotated[str, Path(min_length=1, max_length=255, examples=["unmixing"])]
Key = Annotated[str, Path(min_length=1, max_length=255, examples=["detector_total"])]
Start = Annotated[Whole, Query(ge=0, le=2**53, description="First event.")]
Stop = Annotated[Whole | None, Query(ge=0, le=2**53, description="Event behind the last one; all if it is not given.")]
Accept = Annotated[str, Header(include_in_schema=False)]
HEADERS = {
    "X-Shape": {"description": "Shape of the slice, as in `10,64,64`.", "schema": {"type": "string"}},
    "X-Dtype": {"description": "Type of its values as numpy writes it, as in `<f8`.", "schema": {"type": "string"}},
}


WIDER = {ours: f"{ours.partition('/')[0]}/*" for ours in (JSON, BINARY, ARROW)}


class SliceAnswer(Answer):
    """Some of an array."""

    key: str
    """Name of the array."""
    shape: list[int]
    """Of the slice."""
    dtype: str
    """Of its values."""
    data: list[Any]
    """Nested lists; what is not finite is null."""


class AnalysisAnswer(Answer):
    """What was made of a run."""

    analysis: str
    """Its name."""
    attributes: dict[str, Any]
    """What it says about itself."""
    arrays: list[ArrayAnswer]
    """What it found."""


BYTES = {"schema": {"type": "string", "format": "binary"}}
OPTIONS = route("read:history", 404, 406, 422)
OPTIONS["responses"] = {
    **OPTIONS["responses"],
    200: {
        "model": SliceAnswer,
        "headers": HEADERS,
        "content": {BINARY: BYTES, ARROW: BYTES},
        "description": "Some of it.",
    },
}


@router.get("/runs/{uid}/arrays/{stream}/{key}", response_class=Response, **OPTIONS)
async def get_array(
    uid: RunName, stream: Stream, key: Key, catalog: Catalog, start: Start = 0, stop: Stop = None, accept: Accept = JSON
) -> Response:
    """Some events of a stream's array; plain bytes are little-endian and in C order."""
    return await asyncio.to_thread(_slice, catalog, uid, stream, None, key, (start, stop), accept)


@router.get("/runs/{uid}/analyses/{analysis}", response_model=AnalysisAnswer, **route("read:history", 304, 404, 422))
async def get_analysis_facts(request: Request, uid: RunName, analysis: Analysis, catalog: Catalog) -> Response:
    """What an analysis says about itself, and what arrays it has; with an ETag."""
    return listing(request, await asyncio.to_thread(_facts, catalog, uid, analysis))


def _facts(catalog: RunCatalog, uid: str, analysis: str) -> AnalysisAnswer:
    run = catalog.find(uid)
    folder = _folder(run, None, analysis)
    try:
        attributes = json.loads((folder / METADATA).read_bytes()).get("attributes", {})
    except (OSError, ValueError, AttributeError):
        raise ArrayNotFound(f"{run.name} has no analysis {analysis!r}") from None
    arrays = [ArrayAnswer.model_validate(each) for each in arrays_in(folder)]
    return AnalysisAnswer(analysis=analysis, attributes=attributes, arrays=arrays)


@router.get("/runs/{uid}/analyses/{analysis}/{key}", response_class=Response, **OPTIONS)
async def get_analysis(
    uid: RunName,
    analysis: Analysis,
    key: Key,
    catalog: Catalog,
    start: Start = 0,
    stop: Stop = None,
    accept: Accept = JSON,
) -> Response:
    """Some of an analysis's array, along its first axis."""
    return await asyncio.to_thread(_slice, catalog, uid, None, analysis, key, (start, stop), accept)


def _slice(
    catalog: RunCatalog,
    uid: str,
    stream: str | None,
    analysis: str | None,
    key: str,
    span: tuple[int, int | None],
    accept: str,
) -> Response:
    media_type = preferred(accept)
    if media_type is None:
        raise HTTPException(406, WORDS[406])
    run = catalog.find(uid)
    folder = _folder(run, stream, analysis)
    array = read_slice(catalog, run, folder, key, *span, media_type)
    body, headers = encode(array, key, media_type)
    return Response(body, media_type=media_type, headers={**headers, "Vary": "Accept"})


def _folder(run: FilePath, stream: str | None, analysis: str | None) -> FilePath:
    return stream_folder(run, stream) if stream is not None else run / ANALYSES / safe_name(analysis or "")


def preferred(accept: str) -> str | None:
    """The media type that an `Accept` header likes best of ours; None if it likes none."""
    liked: list[tuple[float, str]] = []
    for part in accept.split(","):
        name, *options = (each.strip() for each in part.split(";"))
        quality = next((_number(each[2:]) for each in options if each.startswith("q=")), 1.0)
        if quality > 0:
            liked += [(quality, ours) for ours in (JSON, BINARY, ARROW) if name.lower() in (ours, WIDER[ours], "*/*")]
    return max(liked, key=lambda each: each[0])[1] if liked else None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
