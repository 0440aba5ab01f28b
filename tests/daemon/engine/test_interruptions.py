"""What keeps a plan waiting is kept with its run."""

from __future__ import annotations

import time

import pytest

from daemon.engine import interruptions
from daemon.engine.interruptions import Interruptions, Suspension


def test_an_interruption_says_why_and_how_long() -> None:
    """Reasons are named once, trips are counted, and the time runs from the first of them."""
    kept = Interruptions()
    began = time.time() - 2.0
    kept.begin(Suspension("beam lost", began))
    assert kept.current == Suspension("beam lost", began, "suspender")
    kept.add("suspender", "hutch open", 2)
    kept.add("suspender", "beam lost", 1)
    kept.end("suspender")
    assert kept.current is None
    found = kept.statistics()
    (one,) = found["interruptions"]
    assert one["reason"] == "beam lost; hutch open"
    assert one["trips"] == 4
    assert one["since"] == began
    assert one["seconds"] == pytest.approx(2.0, abs=0.2)
    assert one["until"] == pytest.approx(one["since"] + one["seconds"])
    assert found["seconds_lost"] == one["seconds"]


def test_the_latest_of_two_is_what_is_waited_for() -> None:
    """A trip while the disk is full is an interruption of its own."""
    kept = Interruptions()
    kept.begin(Suspension("disk full", time.time(), "disk"))
    kept.begin(Suspension("beam lost", time.time()))
    assert kept.current is not None
    assert kept.current.kind == "suspender"
    kept.end("suspender")
    assert kept.current.kind == "disk"
    kept.end("suspender")  # over already
    kept.end("disk")
    assert [one["kind"] for one in kept.statistics()["interruptions"]] == ["suspender", "disk"]


def test_a_new_plan_begins_without_any() -> None:
    """What kept the plan before waiting is that one's affair."""
    kept = Interruptions()
    kept.begin(Suspension("beam lost", time.time()))
    kept.clear()
    assert kept.current is None
    assert kept.statistics() == {"interruptions": [], "seconds_lost": 0}


def test_a_fluttering_signal_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number they are only counted."""
    monkeypatch.setattr(interruptions, "KEPT", 3)
    kept = Interruptions()
    for _ in range(5):
        kept.begin(Suspension("beam lost", time.time()))
        kept.end("suspender")
    found = kept.statistics()
    assert len(found["interruptions"]) == 3
    assert found["interruptions_left_out"] == 2
