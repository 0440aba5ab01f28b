"""The family of exceptions."""

from __future__ import annotations

import errno
import inspect
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from daemon import errors


def test_the_tree_at_the_top_is_the_family() -> None:
    """Every exception is drawn, below its base; what a person can put right exits with 2."""
    assert errors.__doc__ is not None
    drawn: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    for line in errors.__doc__.splitlines():
        match = re.match(r"^((?:│   |    )*)(?:├── |└── )?([A-Z]\w+)  ", line)
        if not match:
            continue
        depth = len(re.sub(r"\w.*", "", line))
        while stack and stack[-1][0] >= depth:
            stack.pop()
        drawn[match[2]] = stack[-1][1] if stack else "Exception"
        stack.append((depth, match[2]))
    found = {
        name: item.__mro__[1].__name__
        for name, item in inspect.getmembers(errors, inspect.isclass)
        if issubclass(item, Exception) and item.__module__ == errors.__name__
    }
    assert drawn == found
    assert errors.BeampilotError.exit_code == 1
    assert errors.UserError.exit_code == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_named_with_its_room(tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the disk, the quota or the file's limit: path and free bytes, below a folder that does not exist yet."""

    def usage(path: Path) -> SimpleNamespace:
        path.stat()
        return SimpleNamespace(free=4096)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    path = tmp_path / "not" / "yet"
    with pytest.raises(errors.DiskFull) as caught, errors.disk_errors(path):
        raise OSError(number, "full")
    assert caught.value.path == path
    assert caught.value.free == 4096
    assert str(path) in str(caught.value)
    assert f"{caught.value.free:,} bytes are free" in str(caught.value)


def test_a_disk_that_cannot_be_asked() -> None:
    """Also then there is a sentence."""
    assert "unknown number of bytes is free" in str(errors.DiskFull(Path("/x"), None))
