"""Runs over HTTP: listings, documents, and slices of arrays in three forms."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from daemon.recorder import Recorder
from daemon.runs import RunStore
from daemon.server.routes.arrays import preferred
from daemon.server.slices import ARROW, BINARY, JSON

Serve = Callable[..., None]
POINTS = 7
VALUES = [1.5, float("nan"), 3.0, 4.0, 5.0, float("inf"), 7.0]


def documents(points: int, uid: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A run with numbers, words and vectors."""
    now = time.time()
    keys = {
        "x": {"source": "test", "dtype": "number", "shape": [], "units": "µm"},
        "word": {"source": "test", "dtype": "string", "shape": []},
        "spectrum": {"source": "test", "dtype": "array", "shape": [4]},
    }
    yield "start", {"uid": uid, "time": now, "scan_id": 3, "plan_name": "grid_scan", "sample": "gold film"}
    yield "descriptor", {"uid": f"{uid}-d", "run_start": uid, "time": now, "name": "primary", "data_keys": keys}
    for number in range(points):
        data = {"x": VALUES[number], "word": f"w{number}", "spectrum": [number, 1, 2, 3]}
        event = {"uid": f"{uid}-{number}", "descriptor": f"{uid}-d", "seq_num": number + 1, "time": now + number}
        yield "event", {**event, "data": data, "timestamps": dict.fromkeys(data, now), "filled": {}}
    yield (
        "stop",
        {
            "uid": f"{uid}-s",
            "run_start": uid,
            "time": now + points,
            "exit_status": "success",
            "reason": "",
            "num_events": {"primary": points},
        },
    )


def record(data: Path, uid: str, *, whole: bool = True) -> Recorder:
    """Write a run; a recorder that is still at it if it is not to be whole."""
    recorder = Recorder(data)
    for name, document in documents(POINTS, uid):
        if whole or name != "stop":
            recorder(name, document)
    recorder.wait_closed()
    return recorder


@pytest.fixture
def run(tmp_path: Path) -> str:
    """The uid of a closed run."""
    uid = "aaaaaaaa-0000-0000-0000-000000000000"
    record(tmp_path, uid)
    return uid


def test_runs_are_listed_and_described(serve: Serve, run: str, tmp_path: Path) -> None:
    """The newest first, in pages, with an ETag; one by uid, by its beginning, or as the latest."""

    async def body(client: httpx.AsyncClient) -> None:
        first = await client.get("/runs")
        (found,) = first.json()["runs"]
        assert (found["uid"], found["points"], found["sample"], found["exit_status"]) == (
            run,
            7,
            "gold film",
            "success",
        )
        again = await client.get("/runs", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await asyncio.to_thread(record, tmp_path, "bbbbbbbb-0000-0000-0000-000000000000")
        changed = await client.get("/runs?limit=1", headers={"If-None-Match": first.headers["etag"]})
        assert (changed.json()["total"], changed.json()["next"]) == (2, 1)
        assert len((await client.get("/runs?limit=1&offset=1")).json()["runs"]) == 1
        assert (await client.get("/runs?search=GOLD")).json()["total"] == 2
        assert (await client.get("/runs?search=silver")).json()["total"] == 0
        detail = (await client.get("/runs/aaaa")).json()
        assert detail["start"]["uid"] == run
        arrays = {each["key"]: each for each in detail["streams"]["primary"]}
        assert (arrays["x"]["shape"], arrays["x"]["units"], arrays["x"]["dimensions"]) == ([7], "µm", ["event"])
        for wrong in ("/runs/cccc", "/runs/..", "/runs/%2e%2e", "/runs/a%2Fb", f"/runs/{'x' * 100}"):
            assert (await client.get(wrong)).status_code in (404, 422), wrong

    serve(body)


def test_documents_of_a_run(serve: Serve, run: str) -> None:
    """In order, in pages; what is not finite is null."""

    async def body(client: httpx.AsyncClient) -> None:
        page = (await client.get(f"/runs/{run}/documents?limit=4")).json()
        assert ([name for name, _ in page["documents"]], page["next"]) == (["start", "descriptor", "event", "event"], 4)
        assert page["documents"][3][1]["data"]["x"] is None
        rest = (await client.get(f"/runs/{run}/documents?offset=4")).json()
        assert ([name for name, _ in rest["documents"]][-1], rest["next"]) == ("stop", None)

    serve(body)


def test_slices_as_json_bytes_and_arrow(serve: Serve, run: str) -> None:
    """The same values in all three, exactly."""
    where = f"/runs/{run}/arrays/primary"

    async def body(client: httpx.AsyncClient) -> None:
        json = (await client.get(f"{where}/x?start=1&stop=6")).json()
        assert (json["data"], json["shape"], json["dtype"]) == ([None, 3.0, 4.0, 5.0, None], [5], "<f8")
        sent = await client.get(f"{where}/spectrum?start=2", headers={"Accept": BINARY})
        shape = tuple(map(int, sent.headers["x-shape"].split(",")))
        assert shape == (5, 4)
        spectra = np.frombuffer(sent.content, sent.headers["x-dtype"]).reshape(shape)
        np.testing.assert_array_equal(spectra, [[n, 1, 2, 3] for n in range(2, 7)])
        sent = await client.get(f"{where}/spectrum?start=2", headers={"Accept": f"{ARROW}, */*;q=0.1"})
        table = pa.ipc.open_stream(io.BytesIO(sent.content)).read_all()
        assert table.column("spectrum").to_pylist() == spectra.tolist()
        words = pa.ipc.open_stream((await client.get(f"{where}/word", headers={"Accept": ARROW})).content).read_all()
        assert words.column("word").to_pylist() == [f"w{n}" for n in range(7)]
        assert (await client.get(f"{where}/word?stop=1")).json()["data"] == ["w0"]
        values = pa.ipc.open_stream((await client.get(f"{where}/x", headers={"Accept": ARROW})).content).read_all()
        np.testing.assert_array_equal(values.column("x").to_numpy(), VALUES)
        assert (await client.get(f"{where}/x?start=100")).json()["data"] == []

    serve(body)


def test_what_cannot_be_given(serve: Serve, run: str) -> None:
    """Says why, and what there is."""
    where = f"/runs/{run}/arrays/primary"

    async def body(client: httpx.AsyncClient) -> None:
        unknown = await client.get(f"{where}/y")
        assert unknown.status_code == 404
        assert "spectrum" in unknown.json()["detail"]
        assert (await client.get(f"/runs/{run}/arrays/%2e%2e/x")).status_code == 404
        assert (await client.get(f"{where}/%2e%2e")).status_code == 404
        assert (await client.get(f"{where}/x", headers={"Accept": "image/png"})).status_code == 406
        assert (await client.get(f"{where}/word", headers={"Accept": BINARY})).status_code == 422
        assert (await client.get(f"{where}/x?start=-1")).json()["detail"][0]["field"] == "query.start"

    serve(body)


def test_a_run_that_grows(serve: Serve, tmp_path: Path) -> None:
    """What is acknowledged is counted; its stop document is missing."""
    uid = "dddddddd-0000-0000-0000-000000000000"
    recorder = record(tmp_path, uid, whole=False)

    async def body(client: httpx.AsyncClient) -> None:
        (found,) = (await client.get("/runs")).json()["runs"]
        assert (found["points"], found["exit_status"]) == (POINTS, "running")
        assert (await client.get("/runs/latest")).json()["stop"] is None
        for name, document in list(documents(POINTS, uid))[-1:]:
            await asyncio.to_thread(recorder, name, document)
        (found,) = (await client.get("/runs")).json()["runs"]
        assert found["exit_status"] == "success"

    serve(body)
    assert RunStore(tmp_path).open("latest").points == POINTS


@pytest.mark.parametrize(
    ("accept", "liked"),
    [
        (JSON, JSON),
        ("*/*", JSON),
        (f"{ARROW};q=0.5, {BINARY}", BINARY),
        (f"{BINARY};q=x, {ARROW}", ARROW),
        ("application/*", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
    ],
)
def test_the_form_that_is_liked_best(accept: str, liked: str | None) -> None:
    """As `Accept` says; JSON where it does not matter."""
    assert preferred(accept) == liked
