"""Scan numbers: each is given once, whoever asks, and counting survives restarts."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from daemon.recorder import next_scan_id


def test_numbers_go_up_from_one(tmp_path: Path) -> None:
    """A new data folder begins with 1, and is made."""
    data = tmp_path / "new" / "data"
    assert [next_scan_id(data) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("content", ["", "seven", None])
def test_a_lost_counter_goes_on_after_the_runs_that_exist(tmp_path: Path, content: str | None) -> None:
    """No number of an existing run is given again."""
    for name in ("7-abcdef01.zarr", "12-abcdef02.zarr", "odd.zarr"):
        (tmp_path / "runs" / "2026-11-20" / name).mkdir(parents=True)
    if content is not None:
        (tmp_path / "scan_id").write_text(content)
    assert next_scan_id(tmp_path) == 13


def test_several_processes_never_share_a_number(tmp_path: Path) -> None:
    """The lock holds between processes."""
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        numbers = list(processes.map(next_scan_id, [tmp_path] * 60))
    assert sorted(numbers) == list(range(1, 61))
