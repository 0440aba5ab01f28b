"""The RunEngine's loop is never kept from its work for long.

Limits as in the design: 50 ms, and 99 of 100 calls within 10 ms. The machine that runs the tests may be shared, so the
time in which the system gave the processor to others does not count. Holding the interpreter's lock does; because its
holder may be made to wait for a processor, too, one of three scans must meet the limits here, and each of ten in the
slow test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from daemon.engine import Engine

Open = Callable[..., Engine]


def _figures(engine: Engine) -> dict[str, Any]:
    axis = {"low": 0.0, "high": 150.0, "points": 31}
    parameters = {
        "axes": {"stage_x": axis, "stage_y": axis},
        "objective": "detector_total",
        "points": 300,
        "initial_points": 285,
        "surrogate": "gp",
        "improvement_fraction": None,
        "overlap": True,
    }
    result = engine.start_plan("autonomous_scan", parameters).wait(120)
    assert result.points == 300
    return result.statistics["loop"]


def _meets(figures: dict[str, Any]) -> bool:
    return figures["own_worst"] < 50.0 and figures["own_p99"] < 10.0


@pytest.mark.timeout(300)
def test_a_scan_of_300_points_hardly_ever_stalls_the_loop(open_engine: Open) -> None:
    """Suggestions, analyses, frames, arrays and collections all happen elsewhere or in small pieces."""
    engine = open_engine()
    tried = []
    for _ in range(3):
        tried.append(_figures(engine))
        if _meets(tried[-1]):
            return
    pytest.fail(f"loop lateness in ms: {tried}")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_scans_in_a_row_hardly_ever_stall_the_loop(open_engine: Open) -> None:
    """Each of them, not the best of them."""
    engine = open_engine()
    tried = [_figures(engine) for _ in range(10)]
    assert all(_meets(figures) for figures in tried), tried
