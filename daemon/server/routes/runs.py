"""`/runs`: what was measured, its documents and its report."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from fastapi.responses import FileResponse

from daemon.recorder.layout import stream_folder
from daemon.server.models import Answer, Whole
from daemon.server.routing import listing, make_router, plain, route
from daemon.server.run_catalog import RunCatalog
from daemon.server.run_report import written_report
from daemon.server.slices import ArrayFacts, arrays_in
from daemon.server.state import Catalog

router = make_router("runs")

RunName = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z-]{1,64}$",
        description="A uid or its beginning, a scan number, or `latest`.",
        examples=["latest"],
    ),
]
ANALYSES = "analysis"


class RunAnswer(Answer):
    """A run in one line."""

    uid: str
    """Of its start document."""
    scan_id: int
    """Number of the scan in its data folder."""
    path: str
    """Its folder."""
    plan_name: str
    """Empty if it has none."""
    time: float
    """When it started, s since 1970."""
    duration: float | None
    """To its end, s; null while it goes on."""
    exit_status: str
    """success, abort or fail; running or interrupted where there is no stop document."""
    reason: str
    """Why it ended so; empty if nothing is to be said."""
    points: int
    """Events in its primary stream."""
    best: dict[str, Any] | None
    """Position and value of the best point."""
    sample: str
    """As its metadata has it."""
    operator: str
    """As its metadata has it."""
    proposal: str
    """As its metadata has it."""


class RunsAnswer(Answer):
    """What was measured."""

    runs: list[RunAnswer]
    """The newest first."""
    total: int
    """How many there are, shown or not."""
    next: int | None
    """`offset` of the next page; null if this is the last one."""


class ArrayAnswer(Answer):
    """An array of a run."""

    key: str
    """Its name."""
    shape: list[int]
    """So far; the first axis of a stream's arrays counts events."""
    dtype: str
    """Of its values."""
    dimensions: list[str]
    """Names of its axes."""
    units: str | None
    """Of its values."""


class RunDetail(RunAnswer):
    """A run."""

    start: dict[str, Any]
    """Its start document."""
    stop: dict[str, Any] | None
    """Its stop document; null while it goes on."""
    statistics: dict[str, Any]
    """Figures of the run, such as how late the engine's loop was; empty while it goes on."""
    streams: dict[str, list[ArrayAnswer]]
    """Arrays by stream."""
    analyses: dict[str, list[ArrayAnswer]]
    """Arrays by analysis."""


class DocumentsPage(Answer):
    """Documents of a run."""

    documents: list[list[Any]]
    """Each as its name and its content; what is not finite is null."""
    next: int | None
    """`offset` of the next page; null if this is the last one so far."""


@router.get("/runs", response_model=RunsAnswer, **route("read:history", 304, 422))
async def get_runs(
    request: Request,
    catalog: Catalog,
    limit: Annotated[Whole, Query(ge=1, le=1000)] = 50,
    offset: Annotated[Whole, Query(ge=0, le=2**31)] = 0,
    search: Annotated[str | None, Query(max_length=255)] = None,
) -> Response:
    """What was measured, the newest first; with an ETag."""
    found, total = await asyncio.to_thread(catalog.page, limit, offset, search)
    runs = [_answer(each) for each in found]
    following = offset + limit if offset + limit < total else None
    return listing(request, RunsAnswer(runs=runs, total=total, next=following))


@router.get("/runs/{uid}", response_model=RunDetail, **route("read:history", 304, 404, 422))
async def get_run(request: Request, uid: RunName, catalog: Catalog) -> Response:
    """One run: its start and stop documents, and what arrays it has; with an ETag."""
    return listing(request, await asyncio.to_thread(_detail, catalog, uid))


@router.get("/runs/{uid}/documents", response_model=DocumentsPage, **route("read:history", 404, 422))
async def get_documents(
    uid: RunName,
    catalog: Catalog,
    limit: Annotated[Whole, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[Whole, Query(ge=0, le=2**53)] = 0,
) -> Response:
    """The run's documents in the order in which they were emitted."""
    return plain(await asyncio.to_thread(_documents, catalog, uid, offset, limit))


REPORT = route("read:history", 404, 422)
REPORT["responses"] = {**REPORT["responses"], 200: {"content": {"text/html": {}}, "description": "The page."}}


@router.get("/runs/{uid}/report", response_class=FileResponse, **REPORT)
async def get_report(uid: RunName, catalog: Catalog) -> FileResponse:
    """The run's report: one HTML page that opens offline."""
    path = await asyncio.to_thread(catalog.find, uid)
    return FileResponse(await asyncio.to_thread(written_report, path), media_type="text/html")


def _answer(summary: Any) -> RunAnswer:  # noqa: ANN401 - a RunSummary, whose import is slow
    return RunAnswer.model_validate({**{name: getattr(summary, name) for name in FIELDS}, "path": str(summary.path)})


FIELDS = tuple(name for name in RunAnswer.model_fields if name != "path")


def _detail(catalog: RunCatalog, uid: str) -> RunDetail:
    path = catalog.find(uid)
    with catalog.opened(path) as run:
        summary, start, stop, names = run.summary(), run.start, run.stop, run.streams
        statistics = run.attributes.get("statistics") or {}
    analyses = {folder.name: _arrays(folder) for folder in sorted((path / ANALYSES).glob("*/"))}
    streams = {name: _arrays(stream_folder(path, name)) for name in names}
    own = {"start": start, "stop": stop, "statistics": statistics, "streams": streams, "analyses": analyses}
    return RunDetail(**_answer(summary).model_dump(), **own)


def _arrays(folder: FilePath) -> list[ArrayAnswer]:
    return [_array(each) for each in arrays_in(folder)]


def _array(facts: ArrayFacts) -> ArrayAnswer:
    return ArrayAnswer.model_validate(facts)


def _documents(catalog: RunCatalog, uid: str, offset: int, limit: int) -> dict[str, Any]:
    from daemon.runs import Run

    found = list(islice(Run(catalog.find(uid)).documents(), offset, offset + limit + 1))
    return {"documents": found[:limit], "next": offset + limit if len(found) > limit else None}
