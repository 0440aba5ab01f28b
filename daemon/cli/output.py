"""How commands print: facts as JSON or as a table on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:  # noqa: ANN401 - any document of a run may pass through here
    """Make a value that JSON can hold: arrays become lists, NaN and infinities become null, paths become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def print_json(facts: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(plain(facts), indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a line for a person on stderr, so that stdout stays clean for programs."""
    sys.stderr.write(text.rstrip("\n") + "\n")
    sys.stderr.flush()


def print_error(error: BaseException | str) -> None:
    """Print what went wrong as one line on stderr."""
    text = str(error) or type(error).__name__
    note("beampilot: " + "; ".join(line.strip() for line in text.splitlines() if line.strip()))


def print_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on stdout, coloured where the terminal can."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*titles, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console = Console(soft_wrap=not sys.stdout.isatty())
    console.print(table)


def shown(path: Path) -> str:
    """Write a path relative to the working folder where that is shorter."""
    try:
        relative = path.relative_to(Path.cwd())
    except ValueError:
        return str(path)
    return str(relative)
