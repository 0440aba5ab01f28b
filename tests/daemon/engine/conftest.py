"""Engines on the simulated diffractometer, closed when their test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.engine import Engine
from daemon.settings import Settings, load_settings


def _settings(data: Path, **options: Any) -> Settings:
    """Settings for the twin; keyword arguments are options of the twin."""
    chosen = {"preset": "smooth", "seed": 3, "clock": "fastest", **options}
    instrument = {"factory": "simulators.diffractometer:instrument", "options": chosen}
    return load_settings(data=data, instrument=instrument)


def _shared(data: Path, debug_delay: float) -> Iterator[Engine]:
    with Engine(_settings(data), debug_delay=debug_delay) as shared:
        # What the first run starts (the recorder's thread) lives as long as the engine, not as long as one test.
        shared.start_plan("grid_scan", {"axes": {"stage_x": {"low": 0.0, "high": 1.0, "points": 1}}}).wait(60)
        yield shared


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all tests of a module that leave it as they found it."""
    yield from _shared(tmp_path_factory.mktemp("shared") / "data", 0.0)


@pytest.fixture(scope="module")
def thoughtful_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Another one, whose suggestions take a quarter of a second."""
    yield from _shared(tmp_path_factory.mktemp("thoughtful") / "data", 0.25)


@pytest.fixture
def open_engine(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Opens engines of the test's own: `open_engine(debug_delay=0.0, **options of the twin)`."""
    engines: list[Engine] = []

    def make(*, debug_delay: float = 0.0, **options: Any) -> Engine:
        engines.append(Engine(_settings(tmp_path / "data", **options), debug_delay=debug_delay))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def scan() -> Callable[..., dict[str, Any]]:
    """Parameters of a short scan of the detector's total, which needs no unmixing."""

    def parameters(**changes: Any) -> dict[str, Any]:
        axis = {"low": 0.0, "high": 150.0, "points": 31}
        return {
            "axes": {"stage_x": axis, "stage_y": axis},
            "objective": "detector_total",
            "points": 6,
            "initial_points": 4,
            "seed": 1,
            "overlap": False,
            **changes,
        }

    return parameters
