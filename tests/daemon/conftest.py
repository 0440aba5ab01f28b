"""Documents like a RunEngine's, checked against event-model's schemas, for the tests of the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import event_model
import numpy as np
import pytest

from daemon.recorder import Recorder

Named = tuple[str, dict[str, Any]]


def check_schema(name: str, document: dict[str, Any]) -> None:
    """Fails when a document breaks event-model's schema for its name."""
    event_model.schema_validators[event_model.DocumentNames[name]].validate(document)


def compose_run(
    rows: list[dict[str, Any]],
    data_keys: dict[str, dict[str, Any]],
    *,
    stream: str = "primary",
    stop: bool = True,
    **metadata: Any,
) -> list[Named]:
    """A run of one stream, composed by event-model.

    Args:
        rows: data of each event.
        data_keys: of the descriptor; `source` is added.
        stream: name of the stream.
        stop: whether the stop document is there.
        metadata: for the start document.
    """
    run = event_model.compose_run(metadata={"scan_id": 1, "plan_name": "test", **metadata})
    keys: Any = {key: {"source": "test", "shape": [], **value} for key, value in data_keys.items()}
    described = run.compose_descriptor(name=stream, data_keys=keys)
    documents: list[Named] = [("start", dict(run.start_doc)), ("descriptor", dict(described.descriptor_doc))]
    for number, row in enumerate(rows):
        times = dict.fromkeys(row, 1_700_000_000.0 + number)
        event = described.compose_event(data=row, timestamps=times, validate=False)
        documents.append(("event", dict(event)))
    if stop:
        documents.append(("stop", dict(run.compose_stop())))
    return documents


@pytest.fixture
def composed() -> Callable[..., list[Named]]:
    """The function `compose_run`."""
    return compose_run


@pytest.fixture
def scan() -> list[Named]:
    """Five points of a one-dimensional scan with a number, an integer, a flag, a word and a small array each."""
    rows: list[dict[str, Any]] = [
        {"x": 0.5 * i, "counts": i**2, "open": i % 2 == 0, "state": f"état {i}", "mca": [i, i + 1, i + 2]}
        for i in range(5)
    ]
    keys: dict[str, dict[str, Any]] = {
        "x": {"dtype": "number", "units": "µm", "precision": 3},
        "counts": {"dtype": "integer", "units": "counts"},
        "open": {"dtype": "boolean"},
        "state": {"dtype": "string"},
        "mca": {"dtype": "array", "shape": [3], "dims": ["channel"]},
    }
    documents = compose_run(rows, keys, motors=["x"], sample={"name": "Si-Ge film"}, operator="Ada")
    for name, document in documents:
        check_schema(name, document)
    return documents


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """A recorder in an empty data folder, ended after the test."""
    recorder = Recorder(tmp_path)
    yield recorder
    recorder.close()


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run of the tests."""
    return np.random.default_rng(20261120)
