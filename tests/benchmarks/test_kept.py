"""Results of long studies that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kept import Kept


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A benchmark's file."""
    path = tmp_path / "study.py"
    path.write_text("one", encoding="utf-8")
    return path


def never() -> None:
    """What must not be made again."""
    pytest.fail("made twice")


def test_what_was_found_is_not_made_again(module: Path) -> None:
    """Within a run, and in the next one; keys are told apart."""
    kept = Kept(str(module), [])
    assert kept(("a", 1), lambda: {"r": [0.5]}) == {"r": [0.5]}
    assert kept(("a", 2), lambda: 3) == 3
    assert kept(("a", 1), never) == {"r": [0.5]}
    assert Kept(str(module), [])(("a", 1), never) == {"r": [0.5]}


def test_results_of_other_code_do_not_count(module: Path) -> None:
    """A change of the benchmark makes all anew, and taking it back brings the old results back."""
    Kept(str(module), [])(("a",), lambda: 1)
    module.write_text("two", encoding="utf-8")
    assert Kept(str(module), [])(("a",), lambda: 2) == 2
    module.write_text("one", encoding="utf-8")
    assert Kept(str(module), [])(("a",), never) == 1


def test_nothing_is_kept_of_what_failed(module: Path) -> None:
    """The next run tries again."""
    with pytest.raises(ZeroDivisionError):
        Kept(str(module), [])(("a",), lambda: 1 // 0)
    assert not Kept(str(module), []).path.exists()
