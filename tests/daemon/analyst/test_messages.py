"""Every message survives the way through msgpack."""

from __future__ import annotations

import msgpack
import pytest

from daemon.analyst.messages import (
    Answer,
    Ask,
    Begin,
    Done,
    Failed,
    Finish,
    FrameLayout,
    Observe,
    Observed,
    Request,
    Suggested,
    pack,
    unpack,
)

BEGIN = Begin(
    run="/data/1.zarr",
    parameters={"axes": {"x": {"low": 0.0, "high": 1.0, "points": 3}}},
    adaptive=True,
    units={"x": "µm"},
    speeds={"x": 10.0},
    frames={"detector": FrameLayout((64, 32), "<u2", (1, 7))},
    unmixing={"components": 4},
    serial=3,
)
MESSAGES = [
    BEGIN,
    Observe(3, {"x": 0.5}, {"detector_total": 7.0}),
    Ask(4, {"x": 0.5}, 12.0),
    Ask(1),
    Finish(),
    Done(("begin", 3)),
    Failed(("ask", 4), "no"),
    Observed(3, 1.0, 0.1, 1.0, {"x": 0.5}, 2.0, 3.0),
    Suggested(4, {"x": 1.0}, "expected improvement", 1.0, 0.5, -2.0, 0.1, 9.0),
    Suggested(5, stop="enough", mean=0.0, deviation=0.0, acquisition=0.0, travel_cost=0.0),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.kind)
def test_a_message_comes_back_as_it_was(message: Request | Answer) -> None:
    """Nested layouts and keys included."""
    assert unpack(msgpack.unpackb(msgpack.packb(pack(message)))) == message


def test_an_answer_has_the_key_of_its_request() -> None:
    """That is how the engine tells which request it answers."""
    assert MESSAGES[7].key == MESSAGES[1].key
    assert MESSAGES[8].key == MESSAGES[2].key
    assert MESSAGES[5].key == BEGIN.key
