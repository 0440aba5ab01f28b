"""What a long study has found so far, sample by sample, so that one that was cut off goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Kept:
    """Results by key, in a file of JSON lines; those of another version of the code do not count.

    Args:
        module: ``__file__`` of the benchmark, which names the file.
        sources: Folders and files of the project that results depend on, besides the benchmark.
    """

    def __init__(self, module: str, sources: Sequence[str]) -> None:
        self.path = Path(module).parent / "results" / "cache" / f"{Path(module).stem}.jsonl"
        self._version = digest([Path(module), *(ROOT / source for source in sources)])
        self._found: dict[str, Any] = {}
        if self.path.exists():
            rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
            self._found = {row["key"]: row["value"] for row in rows if row["version"] == self._version}

    def __call__(self, key: Sequence[object], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Return what a key stands for; make and keep it where that was not done before.

        Args:
            key: What tells a result from all others; its parts become text.
            make: Makes the result, of what JSON can hold.

        Returns:
            The result, as it comes back from JSON.
        """
        name = " ".join(map(str, key))
        if name not in self._found:
            line = json.dumps({"version": self._version, "key": name, "value": make()})
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
            self._found[name] = json.loads(line)["value"]
        return self._found[name]


def digest(paths: Sequence[Path]) -> str:
    """Short digest of files, and of all modules in folders."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            total.update(file.read_bytes())
    return total.hexdigest()[:16]
