"""The section of the settings about devices that fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.errors import SettingsError
from daemon.settings import load_settings


def test_by_default_everything_is_tried_again_twice() -> None:
    """Half a second apart."""
    faults = load_settings().faults
    assert (faults.retries, faults.delay, faults.saturated, faults.nan) == (2, 0.5, "retry", "retry")


@pytest.mark.parametrize(
    ("field", "value"),
    [("retries", -1), ("delay", -0.1), ("move_timeout", 0), ("saturated", "ignore"), ("factor", 0.5)],
)
def test_what_makes_no_sense_is_refused_by_name(tmp_path: Path, field: str, value: object) -> None:
    """One line, with the field's path."""
    with pytest.raises(SettingsError, match=rf"faults\.{field}"):
        load_settings(data=tmp_path, faults={field: value})
