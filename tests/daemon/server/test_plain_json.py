"""What no part of the daemon could hand on is refused at the door, with its place."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from daemon.server.plain_json import DEEPEST, check_plain


def nested(depth: int) -> Any:  # noqa: ANN401 - JSON
    """Lists inside of one another."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [1, {"b": 2**63}]}, "a[1].b"),
        ({"a": -(2**63) - 1}, "a"),
        ({"a": float("nan")}, "a"),
        ({"a": {"b": float("inf")}}, "a.b"),
        ({"a": "\ud800"}, "a"),
        ({"\udfff": 1}, "value"),
        ({"a": nested(DEEPEST)}, "a" + "[0]" * DEEPEST),
    ],
)
def test_what_cannot_be_handed_on(value: object, place: str) -> None:
    """The text names the place."""
    with pytest.raises(ValueError, match=r"^[^:]+: ") as caught:
        check_plain(value)
    assert str(caught.value).partition(":")[0] == place


def test_what_can() -> None:
    """Everything else that JSON has."""
    check_plain({"a": [None, True, 2**63 - 1, -(2**63), 1e308, "ä\0😀", {}], "": nested(DEEPEST - 1)})


BODIES = [
    '{"plan": "grid_scan", "metadata": {"a": NaN}}',
    '{"plan": "grid_scan", "metadata": {"a": 99999999999999999999}}',
    '{"plan": "grid_scan", "parameters": {"a": "\\ud800"}}',
    '{"plan": "grid_scan", "parameters": {"a": ' + "[" * 100 + "]" * 100 + "}}",
    '{"plan": "\\ud800"}',
    "[" * 100_000,
]


def test_both_doors_refuse_it(serve: Any) -> None:  # noqa: ANN401 - a fixture
    """As something wrong in the request, not as a mistake of the server."""

    async def body(client: httpx.AsyncClient) -> None:
        for text in BODIES:
            answer = await client.post("/queue", content=text, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 422), text[:80]
            assert answer.json()["detail"]
        for item in ('{"a": NaN}', '{"a": 99999999999999999999}', '{"a": "\\ud800"}', "[" * 100_000):
            text = f'{{"item": {item}}}' if item.startswith("{") else item
            answer = await client.post("http://test/api/queue/item/add", content=text)
            assert answer.status_code == 422, text[:80]
        assert json.loads((await client.get("/queue")).text)["total"] == 0

    serve(body)
