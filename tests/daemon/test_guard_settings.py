"""Conditions of suspenders: what trips, what has recovered, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from daemon.errors import SettingsError
from daemon.guard_settings import SuspenderSettings
from daemon.settings import load_settings


def suspender(**fields: Any) -> SuspenderSettings:
    """One with a condition of the test's."""
    return SuspenderSettings(device="monitor", signal="current", **fields)


@pytest.mark.parametrize(
    ("fields", "trips", "between", "recovers"),
    [
        ({"below": 50.0}, [49.9, -1, math.nan, None, "?"], [], [50.0, 99]),
        ({"below": 50.0, "resume_above": 80.0}, [49.9], [50.0, 79.9], [80.0]),
        ({"above": 5.0}, [5.1, math.inf, math.nan], [], [5.0, 0]),
        ({"above": 5.0, "resume_below": 1.0}, [5.1], [5.0, 1.1], [1.0]),
        ({"when": "closed"}, ["closed"], [], ["open"]),
        ({"when": False}, [False, 0, 0.0], [], [True, 1]),
        ({"when": [2, 3]}, [2, 3], [], [1, 0]),
    ],
)
def test_what_trips_and_what_has_recovered(
    fields: dict[str, Any], trips: list[object], between: list[object], recovers: list[object]
) -> None:
    """Between two thresholds neither is the case; what is no number trips."""
    condition = suspender(**fields)
    assert all(condition.trips(value) and not condition.recovers(value) for value in trips)
    assert not any(condition.trips(value) or condition.recovers(value) for value in between)
    assert all(condition.recovers(value) and not condition.trips(value) for value in recovers)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "exactly one condition.*it has none"),
        ({"below": 1.0, "when": True}, "exactly one condition.*it has below and when"),
        ({"above": 1.0, "resume_above": 2.0}, "resume_above belongs to below"),
        ({"when": 1, "resume_below": 2.0}, "resume_below belongs to above"),
        ({"below": 5.0, "resume_above": 4.0}, "must not be less than below = 5"),
        ({"above": 5.0, "resume_below": 6.0}, "must not be more than above = 5"),
        ({"below": 5.0, "settle": -1.0}, "settle"),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], told: str) -> None:
    """The message names the fields."""
    with pytest.raises(ValidationError, match=told):
        suspender(**fields)


def test_a_settings_file_has_a_table_per_suspender(tmp_path: Path) -> None:
    """Errors name its index."""
    file = tmp_path / "settings.toml"
    instrument = '[instrument]\nfactory = "simulators.diffractometer:instrument"\n'
    table = '[[suspenders]]\ndevice = "monitor"\nsignal = "current"\nbelow = 50\n'
    file.write_text(f'{instrument}{table}[[suspenders]]\ndevice = "shutter"\nwhen = ["closed"]\n')
    first, second = load_settings(file).suspenders
    assert (first.below, first.states, second.states) == (50.0, (), ("closed",))
    file.write_text(f"{instrument}{table}above = 3\n")
    with pytest.raises(SettingsError, match=r"suspenders\[0\]: a suspender needs exactly one condition"):
        load_settings(file)
