"""Documents by number from journals: against all of them read and sorted."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.numbers import Number, Register
from daemon.recorder.journal import Journal, encode
from daemon.runs import numbered
from daemon.runs.numbered import documents_after, last_number


def _write(data: Path, runs: list[list[Number]], padding: int = 0) -> list[Number]:
    """One journal per list; gives all numbers in order."""
    for scan, numbers in enumerate(runs, 1):
        folder = data / "runs" / "2026-11-21" / f"{scan}-{scan:08x}.zarr"
        folder.mkdir(parents=True)
        lines = [encode("event", {"n": number[1], "pad": "x" * padding}, number) for number in numbers]
        (folder / "journal.jsonl").write_bytes(b"".join(lines))
    return sorted(number for numbers in runs for number in numbers)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.tuples(st.integers(1, 2), st.integers(1, 30)), min_size=1, max_size=5),
    late=st.booleans(),
    limit=st.integers(1, 12),
    padding=st.sampled_from([0, 700]),
)
def test_paging_through_reads_all_once(lengths: list[tuple[int, int]], late: bool, limit: int, padding: int) -> None:
    """Also where a run got its last document from a later engine, and where lines are long."""
    epoch, sequence, runs = 1, 0, []
    for step, length in lengths:
        if step == 2:
            epoch, sequence = epoch + 1, 0
        runs.append([(epoch, sequence + n) for n in range(1, length + 1)])
        sequence += length
    if late:
        runs[0].append((epoch + 1, 1))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        expected = _write(data, runs, padding)
        seen: list[Number] = []
        after: Number | None = None
        while found := documents_after(data, after, limit):
            assert len(found) <= limit
            seen += [one.number for one in found]
            after = seen[-1]
        assert seen == expected
        assert last_number(data) == expected[-1]
        for start in expected:
            found = documents_after(data, start, 3)
            assert [one.number for one in found] == expected[expected.index(start) + 1 :][:3]


def test_torn_lines_and_lines_without_numbers_are_left_out(tmp_path: Path) -> None:
    """A journal of an earlier version, and one that is being written."""
    _write(tmp_path, [[(5, 1), (5, 2)], []])
    first, second = sorted((tmp_path / "runs").glob("*/*/journal.jsonl"))
    with first.open("ab") as file:
        file.write(encode("event", {"n": 3}, (5, 3))[:-4])
    second.write_bytes(encode("start", {}) + encode("stop", {}))
    assert [one.number for one in documents_after(tmp_path, None)] == [(5, 1), (5, 2)]
    assert last_number(tmp_path) == (5, 2)
    assert documents_after(tmp_path / "nothing", None) == []
    assert last_number(tmp_path / "nothing") is None


def test_journals_that_are_too_old_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an engine of now wrote cannot be in a file of yesterday."""
    _write(tmp_path, [[(1_000_000, 1)], [(2_000_000, 1), (2_000_000, 2)]])
    old, new = sorted((tmp_path / "runs").glob("*/*/journal.jsonl"))
    os.utime(old, (1000, 1000))
    os.utime(new, (2000, 2000))
    read: list[Path] = []
    monkeypatch.setattr(numbered, "_last", lambda path, real=numbered._last: read.append(path) or real(path))
    assert [one.number for one in documents_after(tmp_path, (2_000_000, 1))] == [(2_000_000, 2)]
    assert read == [new]


def test_a_journal_numbers_its_lines(tmp_path: Path) -> None:
    """The register hears of a document when it is on disk, not before; reading leaves the numbers out."""
    path = tmp_path / "runs" / "day" / "1-1.zarr" / "journal.jsonl"
    path.parent.mkdir(parents=True)
    sizes = []
    journal = Journal(path, register=Register(lambda *_: sizes.append(path.stat().st_size), epoch=9))
    for name in ("start", "descriptor", "stop"):
        journal.append(name, {"name": name})
    journal.close()
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == path.stat().st_size
    found = documents_after(tmp_path, None)
    assert [(one.number, one.name, one.run) for one in found] == [
        ((9, 1), "start", path.parent),
        ((9, 2), "descriptor", path.parent),
        ((9, 3), "stop", path.parent),
    ]
