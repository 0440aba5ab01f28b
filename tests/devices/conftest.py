"""Back-ends that a test holds in its hands, and a RunEngine that leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bluesky import RunEngine
from event_model import DocumentNames, schema_validators
from numpy.typing import NDArray

from devices.area_detector import AreaDetector
from devices.errors import ExposureInterruptedError, MoveInterruptedError
from devices.protocols import Coordinate, Done, FrameDone, ValueDone
from devices.stage import Stage
from devices.writer import ZarrFrameWriter


@dataclass
class FakeBackend:
    """Answers connect as it is told to, at a time that the test sets."""

    now: float = 1000.0
    failure: Exception | None = None
    timeouts: list[float] = field(default_factory=list)

    def connect(self, timeout: float) -> None:
        """Note the time-out, and fail where the test wants it."""
        self.timeouts.append(timeout)
        if self.failure is not None:
            raise self.failure

    def time(self) -> float:
        """Return the time that the test has set."""
        return self.now


@dataclass
class FakeAxis(FakeBackend):
    """Arrives when the test says so."""

    units: str = "µm"
    limits: tuple[float, float] = (0.0, 150.0)
    speed: float = 10.0
    settling_time: float = 0.5
    at: float = 0.0
    target: float = 0.0
    done: Done | None = None

    def position(self) -> float:
        """Return where the test put it."""
        return self.at

    def move(self, target: float, done: Done) -> None:
        """Note the order."""
        self.target, self.done = target, done

    def arrive(self) -> None:
        """End the move well."""
        self.at = self.target
        done, self.done = self.done, None
        assert done is not None
        done(None)

    def stop(self) -> None:
        """Fail the move where it is."""
        done, self.done = self.done, None
        if done is not None:
            done(MoveInterruptedError("axis", self.at, self.target, self.units))


@dataclass
class FakeCamera(FakeBackend):
    """Delivers frames when the test says so, or at once."""

    shape: tuple[int, int] = (3, 4)
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype("uint16"))
    units: str = "counts"
    exposure_time: float = 1.0
    bad: NDArray[np.bool_] | None = None
    at_once: bool = True
    darks: list[bool] = field(default_factory=list)
    frames: int = 0
    done: FrameDone | None = None

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return coordinates that name their axis."""
        rows, columns = self.shape
        return {
            "y": Coordinate(10.0 + np.arange(rows), "Å⁻¹", "Qz"),
            "x": Coordinate(20.0 + np.arange(columns), "Å⁻¹", "Qx"),
        }

    def bad_pixels(self) -> NDArray[np.bool_] | None:
        """Return the pixels that the test calls bad."""
        return self.bad

    def frame(self, number: int) -> NDArray[Any]:
        """Return the frame of that number: no two are alike."""
        return (100 * number + np.arange(self.shape[0] * self.shape[1])).reshape(self.shape).astype(self.dtype)

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Note the order; deliver at once unless the test wants to."""
        self.darks.append(dark)
        self.done = done
        if self.at_once:
            self.deliver(self.frame(self.frames))

    def deliver(self, frame: NDArray[Any] | None, error: Exception | None = None) -> None:
        """End the exposure."""
        self.frames += 1
        done, self.done = self.done, None
        assert done is not None
        done(frame, error)

    def abort(self) -> None:
        """Fail the exposure under way."""
        done, self.done = self.done, None
        if done is not None:
            done(None, ExposureInterruptedError("aborted"))


@dataclass
class FakeController(FakeCamera):
    """Delivers the lines of its images when the test says so, or at once."""

    shape: tuple[int, int] = (12, 5)
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype("float32"))
    units: str = "Å"
    bias: float = -1.0
    setpoint: float = 20.0
    nm_per_pixel: float = 0.1
    angle: float = 0.0
    withdrawals: int = 0
    watchers: list[Callable[[int, NDArray[Any], float], None]] = field(default_factory=list)

    def coordinates(self) -> Mapping[str, Coordinate]:
        """Return the pixels' places."""
        rows, columns = (self.nm_per_pixel * np.arange(float(length)) for length in self.shape)
        return {"y": Coordinate(rows, "nm"), "x": Coordinate(columns, "nm")}

    def withdraw(self) -> None:
        """Count it."""
        self.withdrawals += 1

    def watch_lines(self, taken: Callable[[int, NDArray[Any], float], None]) -> None:
        """Note who listens."""
        self.watchers.append(taken)

    def expose(self, done: FrameDone, dark: bool = False) -> None:
        """Begin a scan; draw it at once unless the test wants to."""
        self.darks.append(dark)
        self.done = done
        if self.at_once:
            self.draw(0, self.shape[0])

    def draw(self, first: int, last: int) -> None:
        """Deliver lines, half a second each, and the image with its last one."""
        image = self.frame(self.frames)
        for row in range(first, last):
            self.now += 0.5
            for taken in self.watchers:
                taken(row, image[row], self.now)
        if last == len(image) and self.done is not None:
            self.deliver(image)


@dataclass
class FakeCounter(FakeBackend):
    """Delivers values when the test says so."""

    units: str = "nA"
    exposure_time: float = 1.0
    at_once: bool = False
    done: ValueDone | None = None

    def expose(self, done: ValueDone) -> None:
        """Note the order; deliver at once where the test wants it."""
        self.done = done
        if self.at_once:
            self.deliver(1.0)

    def deliver(self, value: float | None, error: Exception | None = None) -> None:
        """End the measurement."""
        done, self.done = self.done, None
        assert done is not None
        done(value, error)

    def abort(self) -> None:
        """Fail the measurement under way."""
        done, self.done = self.done, None
        if done is not None:
            done(None, ExposureInterruptedError("aborted"))


@dataclass
class FakeValue(FakeBackend):
    """A value that the test sets."""

    value: float = 99.5
    units: str = "mA"

    def read(self) -> float:
        """Return it."""
        return self.value


@dataclass
class FakeSwitch(FakeBackend):
    """Moves when the test says so."""

    opened: bool = False
    wanted: bool = False
    done: Done | None = None

    def is_open(self) -> bool:
        """Return the state."""
        return self.opened

    def open(self, done: Done) -> None:
        """Note the order."""
        self.wanted, self.done = True, done

    def close(self, done: Done) -> None:
        """Note the order."""
        self.wanted, self.done = False, done

    def arrive(self, error: Exception | None = None) -> None:
        """End the motion."""
        if error is None:
            self.opened = self.wanted
        assert self.done is not None
        self.done(error)


@pytest.fixture
def fakes() -> SimpleNamespace:
    """Give the classes of fake back-ends: tests cannot import from here."""
    return SimpleNamespace(
        axis=FakeAxis,
        camera=FakeCamera,
        controller=FakeController,
        counter=FakeCounter,
        value=FakeValue,
        switch=FakeSwitch,
    )


class InstantAxis(FakeAxis):
    """Arrives at once."""

    def move(self, target: float, done: Done) -> None:
        """Arrive."""
        super().move(target, done)
        self.arrive()


class Bench(SimpleNamespace):
    """A stage and a camera with a writer, and what a recorder does for them.

    Every document is checked against event-model's schema when it comes.
    """

    run: Path
    stage: Stage
    detector: AreaDetector
    camera: FakeCamera
    writer: ZarrFrameWriter
    engine: RunEngine
    documents: list[tuple[str, dict[str, Any]]]

    def receive(self, name: str, document: dict[str, Any]) -> None:
        """Check a document, keep it, and open and close the writer's run."""
        schema_validators[DocumentNames[name]].validate(document)
        self.documents.append((name, document))
        if name == "start":
            self.writer.open_run(self.run)
        if name == "stop":
            self.writer.close_run()

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the documents of one kind."""
        return [document for kind, document in self.documents if kind == name]


@pytest.fixture
def bench(tmp_path: Path, engine: RunEngine) -> Bench:
    """Give a stage, a camera and a writer that answer at once, subscribed to a RunEngine."""
    camera = FakeCamera()
    writer = ZarrFrameWriter()
    bench = Bench(
        run=tmp_path / "run.zarr",
        stage=Stage({"x": InstantAxis(), "y": InstantAxis()}, name="stage"),
        detector=AreaDetector(camera, name="detector", writer=writer),
        camera=camera,
        writer=writer,
        engine=engine,
        documents=[],
    )
    engine.subscribe(bench.receive)
    return bench
