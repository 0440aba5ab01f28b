"""Files that are whole or absent."""

from __future__ import annotations

import errno
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


def test_a_full_disk_leaves_nothing_beside_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The half that was written is removed."""
    file = tmp_path / "file"
    write_whole(file, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(file, b"new", sync=True)
    assert str(tmp_path) in caught.value.filename
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_synced_file_is_forced_to_the_medium_with_every_new_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content before it takes its place; afterwards the folders in which a name is new. Else nothing."""
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def forced(descriptor: int) -> None:
        done.append(os.path.relpath(Path(f"/proc/self/fd/{descriptor}").readlink(), tmp_path))
        fsync(descriptor)

    def renamed(*names: str) -> None:
        done.append("rename")
        replace(*names)

    monkeypatch.setattr(os, "fsync", forced)
    monkeypatch.setattr(os, "replace", renamed)
    write_whole(tmp_path / "a" / "b" / "c", b"content", sync=True)
    assert done[:2] == ["a/b/.c.part", "rename"]
    assert set(done[2:]) == {"a/b", "a", "."}
    done.clear()
    write_whole(tmp_path / "a" / "b" / "c", b"new", sync=True)
    assert done == ["a/b/.c.part", "rename", "a/b"]
    done.clear()
    write_whole(tmp_path / "d" / "e", b"content")
    assert done == ["rename"]


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    """The caller turns it into a message."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Not a directory"):
        write_whole(tmp_path / "file" / "below" / "it", b"")
