"""Files that are whole or absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devices.files import write_whole


def test_folders_are_made_and_nothing_else_is_left(tmp_path: Path) -> None:
    """Only the file itself is there afterwards."""
    write_whole(tmp_path / "a" / "b" / "c", b"content")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "a" / "b" / "c"]
    assert (tmp_path / "a" / "b" / "c").read_bytes() == b"content"


def test_what_was_there_stays_until_the_new_content_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies before the rename leaves the old content."""
    file = tmp_path / "file"
    write_whole(file, b"old")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    """The caller turns it into a message."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Not a directory"):
        write_whole(tmp_path / "file" / "below" / "it", b"")
