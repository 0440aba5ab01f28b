"""The recorder: what it acknowledges is on disk, and what it closes opens anywhere."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import event_model
import numpy as np
import pytest
import xarray as xr
import zarr
from bluesky import RunEngine
from bluesky.utils import MsgGenerator, RunEngineInterrupted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ophyd.sim import SynAxis, SynSignal

from daemon.errors import RecorderError
from daemon.recorder import Recorder
from daemon.recorder.journal import JournalReader
from daemon.runs import Run
from daemon.settings import RecorderSettings

Named = tuple[str, dict[str, Any]]


def record(recorder: Recorder, documents: list[Named]) -> Path:
    """Has a run recorded and closed."""
    for name, document in documents:
        recorder(name, document)
    assert recorder.wait_closed(30.0)
    assert recorder.run is not None
    return recorder.run


def open_run(run: Path, stream: str = "primary") -> xr.Dataset:
    """A stream as any user of xarray opens it."""
    return xr.open_zarr(run, group=stream, consolidated=False).load()


def test_a_document_is_in_the_journal_when_the_call_returns(recorder: Recorder, scan: list[Named]) -> None:
    """Acknowledged means journalled: another process would read it at that moment."""
    for count, (name, document) in enumerate(scan, start=1):
        recorder(name, document)
        assert recorder.run is not None
        assert JournalReader(recorder.run / "journal.jsonl").read() == scan[:count]


def test_a_closed_run_opens_with_names_coordinates_and_units(recorder: Recorder, scan: list[Named]) -> None:
    """What the design promises of `xarray.open_zarr`."""
    run = record(recorder, scan)
    assert run.parent.parent.name == "runs"
    assert run.name == f"1-{scan[0][1]['uid'][:8]}.zarr"
    primary = open_run(run)
    assert primary.sizes == {"event": 5, "mca_channel": 3}
    assert set(primary.coords) == {"seq_num", "time", "x"}
    assert primary.x.attrs["units"] == "µm"
    np.testing.assert_array_equal(primary.x, [0.0, 0.5, 1.0, 1.5, 2.0])
    assert primary.counts.dtype == np.int64
    assert primary.open.dtype == bool
    assert list(primary.state.values) == [f"état {i}" for i in range(5)]
    np.testing.assert_array_equal(primary.mca[4], [4, 5, 6])
    assert primary.ts_x[0] == np.datetime64(1_700_000_000, "s")
    np.testing.assert_array_equal(primary.seq_num, [1, 2, 3, 4, 5])


def test_the_attributes_say_what_ran(recorder: Recorder, scan: list[Named]) -> None:
    """Start, stop, versions, settings, statistics: before and after the stop document."""
    recorder("start", scan[0][1])
    assert recorder.run is not None
    assert zarr.open_group(recorder.run, mode="r").attrs["stop"] is None
    recorder.add_statistics({"stall_p99_ms": 1.5, "worst": float("inf")})
    run = record(recorder, scan[1:])
    recorder.add_statistics({"best": {"position": {"x": 1.0}, "value": 4.0}})
    assert recorder.wait_closed(10.0)
    attributes = zarr.open_group(run, mode="r").attrs.asdict()
    assert attributes["start"] == scan[0][1]
    assert attributes["stop"] == scan[-1][1]
    assert attributes["versions"]["numpy"] == np.__version__
    assert attributes["statistics"]["stall_p99_ms"] == 1.5
    assert attributes["statistics"]["worst"] == "Infinity"
    assert Run(run).summary().best == {"position": {"x": 1.0}, "value": 4.0}


def test_settings_and_power_durability(tmp_path: Path, scan: list[Named]) -> None:
    """The settings of the day are kept with the run, and the durable mode writes the same run."""
    recorder = Recorder(tmp_path, RecorderSettings(durability="power"), {"instrument": {"factory": "a:b"}})
    run = record(recorder, scan)
    recorder.close()
    assert zarr.open_group(run, mode="r").attrs["settings"] == {"instrument": {"factory": "a:b"}}
    assert open_run(run).sizes["event"] == 5


def test_a_replayed_event_replaces_the_first(recorder: Recorder, scan: list[Named]) -> None:
    """The RunEngine measures an interrupted point again under the same sequence number."""
    again = {**scan[4][1], "uid": "again", "data": {**scan[4][1]["data"], "x": 99.0}}
    run = record(recorder, [*scan[:5], ("event", again), *scan[5:]])
    np.testing.assert_array_equal(open_run(run).x, [0.0, 0.5, 99.0, 1.5, 2.0])
    assert Run(run).points == 5


def test_streams_lie_where_the_design_says(recorder: Recorder, composed: Callable[..., list[Named]]) -> None:
    """Suggestions belong to the analysis; darks and odd names are folders of their own."""
    start, descriptor, event, stop = composed([{"a": 1.0}], {"a": {"dtype": "number"}})
    documents: list[Named] = [start]
    for index, stream in enumerate(["suggestions", "darks", "../odd/name"]):
        uid = f"descriptor-{index}"
        documents.append(("descriptor", {**descriptor[1], "uid": uid, "name": stream}))
        documents.append(("event", {**event[1], "descriptor": uid}))
    run = record(recorder, [*documents, stop])
    assert open_run(run, "analysis/suggestions").a == 1.0
    assert open_run(run, "darks").a == 1.0
    assert open_run(run, "_odd_name").a == 1.0
    assert {path.name for path in run.iterdir()} == {"zarr.json", "journal.jsonl", "analysis", "darks", "_odd_name"}
    np.testing.assert_array_equal(Run(run).analysis("suggestions")["a"], [1.0])


def test_a_key_of_a_later_descriptor(recorder: Recorder, composed: Callable[..., list[Named]]) -> None:
    """After a reconfiguration a stream may have a new descriptor with other keys: events without a key are blank."""
    start, first, event, stop = composed([{"a": 1}], {"a": {"dtype": "integer"}})
    keys = {"b": {"dtype": "integer", "shape": [], "source": "test"}}
    second = ("descriptor", {**first[1], "uid": "second", "data_keys": keys})
    later = ("event", {**event[1], "descriptor": "second", "seq_num": 2, "data": {"b": 7}, "timestamps": {"b": 0.0}})
    primary = open_run(record(recorder, [start, first, event, second, later, stop]))
    np.testing.assert_array_equal(primary.a, [1.0, np.nan])
    np.testing.assert_array_equal(primary.b, [np.nan, 7.0])


def test_event_pages_and_no_events(recorder: Recorder, composed: Callable[..., list[Named]]) -> None:
    """Flyers send pages; a stream may have no event at all."""
    start, descriptor, *events, stop = composed([{"a": 1.0}, {"a": 2.0}], {"a": {"dtype": "number"}})
    page = event_model.pack_event_page(*(event for _, event in events))
    empty = ("descriptor", {**descriptor[1], "uid": "other", "name": "baseline"})
    run = record(recorder, [start, descriptor, ("event_page", dict(page)), empty, stop])
    np.testing.assert_array_equal(open_run(run).a, [1.0, 2.0])
    assert open_run(run, "baseline").sizes["event"] == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.none() | st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.text(max_size=5), max_size=12
    ),
    dtype=st.sampled_from(["number", "integer", "boolean", "string"]),
    block=st.integers(1, 5),
)
def test_the_arrays_of_any_run_equal_its_journal(
    tmp_path: Path, composed: Callable[..., list[Named]], values: list[Any], dtype: str, block: int
) -> None:
    """However values and announced types disagree, whatever the blocks: zarr reads what the journal says."""
    recorder = Recorder(tmp_path, RecorderSettings(block_events=block, block_seconds=0.001))
    run = record(recorder, composed([{"a": value} for value in values], {"a": {"dtype": dtype}}))
    recorder.close()
    group, table = zarr.open_group(run / "primary", mode="r"), Run(run).table()
    for name, expected in table.items():
        np.testing.assert_array_equal(np.asarray(group[name]), expected)
    assert open_run(run).sizes["event"] == len(values)


def test_growing_arrays_are_written_in_blocks(tmp_path: Path, composed: Callable[..., list[Named]]) -> None:
    """A block that is full, or old, is on disk while the run goes on."""
    documents = composed([{"a": float(i)} for i in range(9)], {"a": {"dtype": "number"}})
    recorder = Recorder(tmp_path, RecorderSettings(block_events=4, block_seconds=0.3))
    for name, document in documents[:-1]:
        recorder(name, document)
    assert recorder.run is not None
    array = recorder.run / "primary" / "a" / "zarr.json"
    deadline = time.monotonic() + 20.0
    while not (array.exists() and json.loads(array.read_text())["shape"] == [9]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    record(recorder, documents[-1:])
    recorder.close()


def test_documents_from_several_threads(recorder: Recorder, composed: Callable[..., list[Named]]) -> None:
    """Monitored signals send their events from threads of their own; no line is torn, no event lost."""
    start, descriptor, *events, stop = composed([{"a": float(i)} for i in range(200)], {"a": {"dtype": "number"}})
    record_all = [events[i::4] for i in range(4)]
    for name, document in (start, descriptor):
        recorder(name, document)
    threads = [threading.Thread(target=lambda part=part: [recorder(*event) for event in part]) for part in record_all]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    primary = open_run(record(recorder, [stop])).sortby("seq_num")
    np.testing.assert_array_equal(primary.a, np.arange(200.0))


def test_two_runs_at_once(recorder: Recorder, composed: Callable[..., list[Named]]) -> None:
    """A RunEngine can hold several runs open; documents go where they belong, strangers' nowhere."""
    outer = composed([{"a": 1.0}], {"a": {"dtype": "number"}})
    inner = composed([{"a": 2.0}, {"a": 3.0}], {"a": {"dtype": "number"}}, scan_id=2)
    recorder(*outer[0])
    first = recorder.run
    for name, document in [
        *inner[:2],
        *outer[1:2],
        *inner[2:],
        outer[2],
        ("event", {"descriptor": "unknown"}),
        outer[3],
    ]:
        recorder(name, document)
    recorder("stop", {"run_start": "unknown"})
    assert recorder.wait_closed(10.0)
    assert first is not None
    assert recorder.run is not None
    np.testing.assert_array_equal(open_run(first).a, [1.0])
    np.testing.assert_array_equal(open_run(recorder.run).a, [2.0, 3.0])


def test_a_real_run_engine_with_baseline_and_a_replayed_point(recorder: Recorder, engine: RunEngine) -> None:
    """A true RunEngine: documents follow the schemas, baseline and primary open, a rewound point is there once."""
    engine.subscribe(recorder)
    seen: list[Named] = []
    engine.subscribe(lambda name, document: seen.append((name, document)))
    motor, counter = SynAxis(name="motor"), [0]

    def value() -> float:
        counter[0] += 1
        return float(counter[0])

    detector = SynSignal(name="detector", func=value)
    interrupted = []

    def per_step(detectors: list[Any], step: dict[Any, float], pos_cache: dict[Any, float]) -> MsgGenerator[None]:
        yield from bps.checkpoint()
        yield from bps.mv(motor, step[motor])
        yield from bps.trigger_and_read([*detectors, motor])
        if counter[0] == 3 and not interrupted:
            interrupted.append(True)
            yield from bps.pause()

    plan = bpp.baseline_wrapper(bp.scan([detector], motor, 0.0, 4.0, 5, per_step=per_step), [motor])
    with pytest.raises(RunEngineInterrupted):
        engine(plan)
    engine.resume()
    assert recorder.wait_closed(10.0)
    assert recorder.run is not None
    primary = open_run(recorder.run)
    np.testing.assert_array_equal(primary.seq_num, [1, 2, 3, 4, 5])
    np.testing.assert_array_equal(primary.motor, np.arange(5.0))
    # The detector counts its readings, the first of them its own: the third was replaced by the fourth.
    np.testing.assert_array_equal(primary.detector, [2.0, 4.0, 5.0, 6.0, 7.0])
    assert "motor" in primary.coords
    assert open_run(recorder.run, "baseline").sizes["event"] == 2
    for name, document in Run(recorder.run).documents():
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
    assert [name for name, _ in Run(recorder.run).documents()] == [name for name, _ in seen]
    assert Run(recorder.run).summary().exit_status == "success"


class FakeWriter:
    """A frame writer that puts more frames than there will be events."""

    def __init__(self, frames: int, broken: str = "") -> None:
        self.calls: list[str] = []
        self.frames = frames
        self.broken = broken
        self.run = Path()

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name == self.broken:
            raise OSError(28, "No space left on device")

    def open_run(self, run: Path) -> None:
        """Makes an array of frames."""
        self.run = run
        self._call("open_run")
        shape = (self.frames, 1, 2, 2)
        dimensions = ("event", "cam_frame", "cam_y", "cam_x")
        array = zarr.create_array(
            run / "primary" / "cam", shape=shape, chunks=(1, 1, 2, 2), dtype="u2", dimension_names=dimensions
        )
        array[:] = np.arange(self.frames)[:, None, None, None]

    def close_run(self) -> None:
        """Only counts."""
        self._call("close_run")

    def compact(self, run: Path) -> None:
        """Sees a run that is closed."""
        assert zarr.open_group(run, mode="r").attrs["stop"] is not None
        self._call("compact")


@pytest.mark.parametrize("frames", [1, 2, 4])
@pytest.mark.parametrize("broken", ["", "close_run", "compact"])
def test_frames_are_as_many_as_events(
    recorder: Recorder, composed: Callable[..., list[Named]], frames: int, broken: str
) -> None:
    """A frame whose event never came is dropped, whatever the writer itself does at the end."""
    writer = FakeWriter(frames, broken)
    recorder.register(writer)
    keys = {"a": {"dtype": "number"}, "cam": {"dtype": "array", "shape": [1, 2, 2], "external": "STREAM:"}}
    run = record(recorder, composed([{"a": 1.0}, {"a": 2.0}], keys))
    assert writer.calls == ["open_run", "close_run", "compact"]
    primary = open_run(run)
    assert primary.cam.shape == (2, 1, 2, 2)
    assert primary.sizes["event"] == 2
    np.testing.assert_array_equal(primary.cam[:, 0, 0, 0], [0, 1] if frames > 1 else [0, 0])
    chunks = {path.name for path in (run / "primary" / "cam" / "c").glob("*")}
    assert chunks <= {"0", "1"}


def test_a_run_that_a_writer_refuses_leaves_nothing(recorder: Recorder, scan: list[Named], tmp_path: Path) -> None:
    """No folder of a run that could not start, and the next run is not disturbed by it."""
    writer = FakeWriter(1, "open_run")
    recorder.register(writer)
    with pytest.raises(OSError, match="No space"):
        recorder("start", scan[0][1])
    assert writer.calls == ["open_run", "close_run"]
    assert list(tmp_path.iterdir()) == []
    recorder("stop", scan[-1][1])  # bluesky closes a run even when its start document could not be emitted
    writer.broken = ""
    record(recorder, scan)


def test_a_run_without_its_stop_document_stays_interrupted(tmp_path: Path, scan: list[Named]) -> None:
    """Ending the recorder is not ending the run."""
    recorder = Recorder(tmp_path)
    for name, document in scan[:-1]:
        recorder(name, document)
    recorder.close()
    assert recorder.run is not None
    assert Run(recorder.run).status == "interrupted"
    assert Run(recorder.run).points == 5


def test_statistics_need_a_run(recorder: Recorder) -> None:
    """Figures that belong to no run are a mistake of the caller."""
    with pytest.raises(RecorderError, match="no run"):
        recorder.add_statistics({})
