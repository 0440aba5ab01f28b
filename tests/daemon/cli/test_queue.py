"""``submit`` and ``queue``, against a server that a test makes up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemon.cli.app import run

Fake = Any  # a FakeDaemon of conftest.py, which no test module can import

ITEM = {"uid": "abcd1234", "plan": "grid_scan", "parameters": {"points": 3}, "metadata": {}, "added_by": "Ada"}
OTHER = {**ITEM, "uid": "abff5678", "parameters": {"text": "x" * 100}}
DEFAULTS = {"axes": {"x": {"low": 0.0, "high": 5.0}, "y": {"low": 1.0, "high": 2.0}}}


@pytest.fixture
def daemon(fake: Fake) -> Fake:
    """A server with two items in its queue."""
    fake.answers |= {
        "GET /queue": (200, {"items": [ITEM, OTHER], "queue_running": False, "running": None, "queue_uid": "q"}),
        "POST /queue": (201, ITEM),
        "POST /queue/start": (200, {}),
        "GET /plans/grid_scan": (200, {"name": "grid_scan", "defaults": DEFAULTS}),
    }
    return fake


def test_submit(daemon: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """Values are JSON where they can be, and text where not."""
    words = ["--set", "points=3", "--set", "note=new film", "--set", "ok=true", "--metadata", "sample=A 1", "--at", "2"]
    assert run(["submit", "grid_scan", *words, "--start", "--json", "--data", str(daemon.data)]) == 0
    assert json.loads(capsys.readouterr().out) == ITEM
    assert daemon.lines() == ["POST /queue", "POST /queue/start"]
    assert daemon.asked[0].body == {
        "plan": "grid_scan",
        "parameters": {"points": 3, "note": "new film", "ok": True},
        "metadata": {"sample": "A 1"},
        "at": 2,
    }


def test_a_value_inside_keeps_the_rest_of_its_field(daemon: Fake) -> None:
    """A field that is given replaces the default's whole field, so the rest of it is sent along."""
    words = ["--set", "axes.x.low=3", "--set", "axes.z.high=1"]
    assert run(["queue", "add", "grid_scan", *words, "--data", str(daemon.data)]) == 0
    assert daemon.asked[-1].body["parameters"] == {
        "axes": {"x": {"low": 3, "high": 5.0}, "y": {"low": 1.0, "high": 2.0}, "z": {"high": 1}}
    }


def test_queue_is_listed(daemon: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """Place, identifier, plan and parameters."""
    assert run(["queue", "--data", str(daemon.data)]) == 0
    captured = capsys.readouterr()
    assert captured.err == "the queue is stopped\n"
    first, second = captured.out.splitlines()[1:]
    assert first.split() == ["0", "abcd1234", "grid_scan", "points=3", "Ada"]
    assert "…" in second
    assert run(["queue", "--json", "--data", str(daemon.data)]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == [ITEM, OTHER]


ACTIONS: dict[str, tuple[list[str], str, Any]] = {
    "move": (["move", "abc", "front"], "POST /queue/abcd1234/move", {"to": "front"}),
    "move to": (["move", "abff5678", "0"], "POST /queue/abff5678/move", {"to": 0}),
    "remove": (["remove", "abf"], "DELETE /queue/abff5678", None),
    "clear": (["clear"], "DELETE /queue", None),
    "start": (["start"], "POST /queue/start", {}),
    "stop": (["stop"], "POST /queue/stop", {}),
}


@pytest.mark.parametrize(("words", "line", "body"), ACTIONS.values(), ids=ACTIONS.keys())
def test_queue_is_changed(daemon: Fake, words: list[str], line: str, body: object) -> None:
    """Items are named by the first letters of their identifiers."""
    daemon.answers[line] = (200, {})
    assert run(["queue", *words, "--data", str(daemon.data)]) == 0
    assert (daemon.asked[-1].line, daemon.asked[-1].body) == (line, body)


MISTAKES = {
    "ambiguous": (["queue", "remove", "ab"], "'ab' names 2 items"),
    "unknown": (["queue", "remove", "zz"], "'zz' names no items"),
    "no place": (["queue", "move", "abc", "top"], "'top' is no place"),
    "half a parameter": (["submit", "grid_scan", "--set", "points"], "name=value"),
    "nothing inside": (["submit", "grid_scan", "--set", "axes.x.low.a=1"], "there is nothing inside of low"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(daemon: Fake, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2, and nothing is changed."""
    assert run([*words, "--data", str(daemon.data)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not [each for each in daemon.lines() if not each.startswith("GET")]


def test_options_before_an_action_are_refused(daemon: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """They would be for the list, and not for the action."""
    assert run(["queue", "--data", str(daemon.data), "clear"]) == 2
    assert "give the options after clear" in capsys.readouterr().err
    assert daemon.asked == []
