"""How numbers and times are written."""

from __future__ import annotations

import pytest

from daemon.wording import amount, duration, moment, number, quantity, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.0042, "4.2 ms"),
        (12.34, "12.3 s"),
        (59.99, "60.0 s"),
        (61, "1 min 01 s"),
        (3599.7, "1 h 00 min"),
        (10570, "2 h 56 min"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    """Two units at most, in words."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (85.0, "85"), (26352.7, "26,350"), (-0.01234567, "−0.01235"), (3.2e-9, "3.200e−09"), (float("nan"), "")],
)
def test_number(value: float, text: str) -> None:
    """Four digits, no needless exponent."""
    assert number(value) == text


def test_units_are_written_where_there_are_any() -> None:
    """No blank is left where there is none."""
    assert (quantity(85.0, "µm"), quantity(3.0)) == ("85 µm", "3")
    assert (span(0, 150, "µm"), span(0, 63)) == ("0 to 150 µm", "0 to 63")


def test_moment_of_nothing() -> None:
    """A run that has not ended has no end."""
    assert moment(None) == "–"


def test_amounts_are_written_in_the_unit_that_suits() -> None:
    """As disks are sold: in powers of ten."""
    assert [amount(count) for count in (512, 64_000_000, 1.5e12)] == ["512 bytes", "64 MB", "1.5 TB"]
