"""The journal: nothing is lost, and nothing is half there."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import DiskFull, RecorderError
from daemon.recorder.journal import Journal, JournalReader, decode, encode, is_locked

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.text(), st.dictionaries(st.text(), plain, max_size=5))
def test_a_line_gives_back_what_was_written(name: str, document: dict[str, object]) -> None:
    """Any JSON-able document survives, on exactly one line."""
    line = encode(name, document)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line) == (name, document)


def test_numbers_of_numpy_and_nan_survive() -> None:
    """What devices really send: numpy's scalars, arrays, NaN, infinities."""
    document = {
        "a": np.float64(0.1), "b": np.int32(7), "c": np.bool_(True), "d": np.arange(3.0), "e": math.inf, "f": np.nan,
        "g": {np.str_("k"): {1, 2}}, "h": Path("/x"),
    }  # fmt: skip
    found = decode(encode("event", document))
    assert found is not None
    back = found[1]
    assert math.isnan(back.pop("f"))
    assert back == {
        "a": 0.1, "b": 7, "c": True, "d": [0.0, 1.0, 2.0], "e": math.inf, "g": {"k": [1, 2]}, "h": "/x",
    }  # fmt: skip


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"[1,{}]", b'["event"]', b'["event",[]]', b"\xff\xfe", b"null"])
def test_a_damaged_line_is_no_document(line: bytes) -> None:
    """Damage is recognised, not raised."""
    assert decode(line) is None


def test_a_reader_follows_a_growing_journal(tmp_path: Path) -> None:
    """A reader gets every document once, and never a line whose newline is not there yet."""
    path = tmp_path / "journal.jsonl"
    journal, reader = Journal(path), JournalReader(path)
    journal.append("start", {"n": 0})
    assert reader.read() == [("start", {"n": 0})]
    with path.open("ab") as file:
        file.write(b'["event",{"n":1}')
    assert reader.read() == []
    with path.open("ab") as file:
        file.write(b"]\n%%%\n")
    assert reader.read() == [("event", {"n": 1})]
    assert reader.damaged == 1
    assert reader.read() == []
    journal.close()


def test_a_journal_is_locked_while_it_is_open(tmp_path: Path) -> None:
    """Nobody else can write it, and anyone can see that it is alive."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    assert is_locked(path)
    with pytest.raises(RecorderError, match="another process"):
        Journal(path)
    journal.close()
    journal.close()
    assert not is_locked(path)
    Journal(path).close()


@pytest.mark.parametrize("room", [0, 1, 10])
def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Where the disk fills up within a line, the line is taken back and the error names the file and the room left."""
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append("start", {"n": 0})
    before = path.read_bytes()
    write, left = os.write, [room]

    def short_write(descriptor: int, content: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(descriptor, bytes(content)[: left[0]])
        left[0] -= written
        return written

    monkeypatch.setattr(os, "write", short_write)
    with pytest.raises(DiskFull, match=rf"disk is full: cannot write {path} \([\d,]+ bytes are free\)"):
        journal.append("event", {"n": 1})
    monkeypatch.undo()
    assert path.read_bytes() == before
    journal.append("event", {"n": 2})
    assert [document["n"] for _, document in JournalReader(path).read()] == [0, 2]
    journal.close()


def test_a_journal_cut_at_every_byte(tmp_path: Path) -> None:
    """Exactly the lines whose newline is there are read, wherever the file ends."""
    documents = [("start", {"é": [1.5, None]}), ("event", {"text": "a\nb", "n": math.pi}), ("stop", {})]
    content = b"".join(encode(*document) for document in documents)
    path = tmp_path / "journal.jsonl"
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        reader = JournalReader(path)
        complete = content[:length].count(b"\n")
        assert reader.read() == documents[:complete]
        assert reader.damaged == 0
        assert reader.length == content[:length].rfind(b"\n") + 1
