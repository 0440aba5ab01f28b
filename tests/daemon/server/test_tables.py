"""What the dashboard asks for: events as columns, previews of frames, logs, who one is, and steering."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import numpy as np
import pytest

from daemon.errors import EngineRefused
from daemon.recorder import Recorder
from daemon.server.live.frames import HEADER
from daemon.server.log_lines import LARGEST, read_log
from daemon.store import Store
from devices.frames import FrameLayout
from devices.writer import ZarrFrameWriter

Serve = Callable[..., None]
Played: TypeAlias = Any
"""The engine of `conftest.py`, whose class cannot be imported from here."""
UID = "aaaaaaaa-0000-0000-0000-000000000000"
VALUES = [1.5, float("nan"), 3.0, 4.0, 5.0]
KEYS = {
    "x": {"source": "test", "dtype": "number", "shape": [], "units": "µm"},
    "word": {"source": "test", "dtype": "string", "shape": []},
    "spectrum": {"source": "test", "dtype": "array", "shape": [4]},
}


def begin(data: Path, points: int = len(VALUES), writer: ZarrFrameWriter | None = None) -> Recorder:
    """A run that grows, with numbers, words and vectors."""
    recorder = Recorder(data, writers=() if writer is None else (writer,))
    recorder("start", {"uid": UID, "time": 1e9, "scan_id": 3, "plan_name": "grid_scan"})
    descriptor = {"uid": "d", "run_start": UID, "time": 1e9, "name": "primary", "data_keys": KEYS}
    recorder("descriptor", descriptor)
    for number in range(points):
        data_of = {"x": VALUES[number], "word": f"w{number}", "spectrum": [number, 1, 2, 3]}
        event = {"uid": f"e{number}", "descriptor": "d", "seq_num": number + 1, "time": 1e9 + number, "filled": {}}
        recorder("event", {**event, "data": data_of, "timestamps": dict.fromkeys(data_of, 2e9 + number)})
    return recorder


def end(recorder: Recorder) -> None:
    """Close the run."""
    stop = {"uid": "s", "run_start": UID, "time": 1e9 + 9, "exit_status": "success", "reason": ""}
    recorder("stop", {**stop, "num_events": {"primary": len(VALUES)}})
    recorder.wait_closed()


@pytest.mark.parametrize("closed", [False, True])
def test_events_as_columns(serve: Serve, tmp_path: Path, closed: bool) -> None:
    """The same of a run that grows, at once, and of one that is closed; in pages, and without what is no number."""
    recorder = begin(tmp_path)
    if closed:
        end(recorder)
    where = f"/runs/{UID[:8]}/tables"

    async def body(client: httpx.AsyncClient) -> None:
        whole = (await client.get(f"{where}/primary")).json()
        assert (whole["stream"], whole["start"], whole["length"], whole["next"]) == ("primary", 0, 5, None)
        assert whole["columns"]["x"] == [1.5, None, 3.0, 4.0, 5.0]
        assert whole["columns"]["word"] == ["w0", "w1", "w2", "w3", "w4"]
        assert whole["columns"]["seq_num"] == [1, 2, 3, 4, 5]
        assert whole["units"] == {"x": "µm"}
        assert set(whole["columns"]) == {"seq_num", "time", "x", "word"}
        page = (await client.get(f"{where}/primary?start=1&limit=2&times=true")).json()
        assert (page["columns"]["x"], page["next"]) == ([None, 3.0], 3)
        assert page["columns"]["ts_x"] == [2e9 + 1, 2e9 + 2]
        assert (await client.get(f"{where}/primary?start=9")).json()["columns"]["x"] == []
        none = await client.get(f"{where}/suggestions")
        assert (none.status_code, none.json()["length"], none.json()["columns"]) == (200, 0, {})
        assert (await client.get("/runs/bbbb/tables/primary")).status_code == 404
        assert (await client.get(f"{where}/primary?limit=0")).status_code == 422

    serve(body)
    if not closed:
        end(recorder)


def test_previews_of_frames(serve: Serve, tmp_path: Path) -> None:
    """Any event's, and the last one's, binned until they fit; also while the run grows."""
    writer = ZarrFrameWriter()
    recorder = begin(tmp_path, 2, writer)
    layout = FrameLayout("camera", (60, 100), np.dtype("uint16"))
    ramp = np.arange(6000, dtype=np.uint16).reshape(60, 100)
    for index, frame in enumerate((ramp, ramp + 7)):
        writer.begin_point(index)
        writer.write(layout, frame)

    async def body(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/runs/{UID}/previews/primary/camera/1")
        header = HEADER.unpack(answer.content[: HEADER.size])
        assert header[:3] == (b"BP", 1, 1)
        np.testing.assert_array_equal(np.frombuffer(answer.content[HEADER.size :], "<u2").reshape(60, 100), ramp + 7)
        small = (await client.get(f"/runs/{UID}/previews/primary/camera/0?largest=25")).content
        *_, binning, _, _, height, width, _ = HEADER.unpack(small[: HEADER.size])
        assert (binning, height, width) == (4, 15, 25)
        last = (await client.get(f"/runs/{UID}/preview")).content
        assert last[HEADER.size :] == answer.content[HEADER.size :]
        for wrong in ("camera/2", "nothing/0", "x/0"):
            assert (await client.get(f"/runs/{UID}/previews/primary/{wrong}")).status_code == 404, wrong

    serve(body)
    end(recorder)


def test_a_run_without_frames_has_no_preview(serve: Serve, tmp_path: Path) -> None:
    """Which is no error: a list of runs asks for all of them."""
    end(begin(tmp_path))

    async def body(client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/runs/{UID}/preview")
        assert (answer.status_code, answer.content) == (204, b"")

    serve(body)


def test_logs_are_read_from_where_one_stopped(tmp_path: Path) -> None:
    """Only whole lines, only new ones, never more than the end of a huge file, and a new file from its beginning."""
    (tmp_path / "logs").mkdir()
    file = tmp_path / "logs" / "engine.jsonl"
    assert read_log(tmp_path, "engine", None, 10) == ("0-0", [])
    message = {
        "time": "2026-11-20T12:00:00Z",
        "level": "error",
        "logger": "daemon",
        "event": "it broke",
        "exception": "T",
    }
    file.write_text(f"{json.dumps(message)}\nno JSON\nhalf a li")
    mark, lines = read_log(tmp_path, "engine", None, 10)
    assert [(line.level, line.event, line.exception) for line in lines] == [
        ("error", "it broke", "T"),
        ("", "no JSON", ""),
    ]
    assert read_log(tmp_path, "engine", mark, 10) == (mark, [])
    with file.open("a") as more:
        more.write("ne\nlast\n")
    mark, lines = read_log(tmp_path, "engine", mark, 1)
    assert [line.event for line in lines] == ["last"]
    file.rename(file.with_suffix(".1"))
    file.write_text("x" * 99 + "\n" + f"{'y' * 99}\n" * (LARGEST // 100 + 5))
    _, lines = read_log(tmp_path, "engine", mark, 10_000)
    assert {line.event for line in lines} == {"y" * 99}
    (tmp_path / "logs" / "analyst.log").write_text("said\n")
    assert read_log(tmp_path, "analyst", None, 10)[1][0].event == "said"


def test_logs_over_http(serve: Serve, tmp_path: Path) -> None:
    """For those processes that there are."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "engine.jsonl").write_text('{"event": "ready", "level": "info"}\n')

    async def body(client: httpx.AsyncClient) -> None:
        found = (await client.get("/logs/engine")).json()
        assert [line["event"] for line in found["lines"]] == ["ready"]
        assert (await client.get("/logs/engine", params={"after": found["mark"]})).json()["lines"] == []
        for wrong in ("/logs/nobody", "/logs/..", "/logs/engine?after=x"):
            assert (await client.get(wrong)).status_code in (404, 422), wrong

    serve(body)


def test_one_is_told_who_one_is(serve: Serve, store: Store) -> None:
    """Name, role and scopes of the key that comes."""
    secret, token = store.create_token("wall display", "observer")

    async def body(client: httpx.AsyncClient) -> None:
        single = (await client.get("/whoami")).json()
        assert (single["name"], single["role"], single["token_id"]) == ("single-user", "administrator", None)
        other = (await client.get("/whoami", headers={"Authorization": f"Bearer {secret}"})).json()
        assert (other["name"], other["role"], other["token_id"]) == ("wall display", "observer", token.id)
        assert "read:status" in other["scopes"]
        assert "write:plan:control" not in other["scopes"]

    serve(body)


def test_what_an_operator_asks_for_reaches_the_engine(serve: Serve, engine: Played) -> None:
    """As it was sent; a refusal names the fields of the request."""
    region = {"kind": "box", "limits": {"stage_x": [0, 5]}}

    async def body(client: httpx.AsyncClient) -> None:
        engine.answers = {"measure": {"position": {"stage_x": 5.0}}, "exclude": {"region": region}}
        answer = await client.post("/plan/points", json={"position": {"stage_x": 4.8}})
        assert (answer.status_code, answer.json()) == (201, {"position": {"stage_x": 5.0}})
        answer = await client.post("/plan/exclusions", json={"region": region})
        assert (answer.status_code, answer.json()) == (201, {"region": region})
        assert engine.named("measure") == [{"position": {"stage_x": 4.8}}]
        assert engine.named("exclude") == [{"region": region}]
        fields = [{"field": "position.stage_x", "message": "lies outside"}]
        engine.refuse = {
            "measure": EngineRefused("PlanRejected", "no", fields),
            "exclude": EngineRefused("EngineError", "no"),
        }
        refused = await client.post("/plan/points", json={"position": {"stage_x": 400}})
        assert (refused.status_code, refused.json()["detail"]) == (422, fields)
        assert (await client.post("/plan/exclusions", json={"region": region})).status_code == 409
        for wrong in ({}, {"position": {}}, {"position": {"x": "a"}}, {"position": {"x": 1}, "more": 1}):
            assert (await client.post("/plan/points", json=wrong)).status_code == 422, wrong

    serve(body)


def test_the_status_tells_of_the_engine_and_of_what_was_asked_for(serve: Serve, engine: Played) -> None:
    """Null where the engine does not answer."""
    engine.state |= {"steering": {"wished": [], "excluded": []}, "loop_age": 0.25, "sequence": 9, "analyst_restarts": 2}

    async def body(client: httpx.AsyncClient) -> None:
        status = (await client.get("/status")).json()
        assert status["engine"] == {"loop_age_s": 0.25, "documents": 9, "analyst_restarts": 2, "loop": None}
        assert status["steering"] == {"wished": [], "excluded": []}
        engine.dead = True
        await asyncio.sleep(0.3)
        status = (await client.get("/status")).json()
        assert (status["engine"], status["steering"]) == (None, None)

    serve(body)
