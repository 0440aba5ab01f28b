"""How commands print: facts as JSON or as a table on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

WIDE = 240
"""Columns of tables that are not shown on a terminal."""


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

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*row)
    # A program that reads the table must not find words cut to the width of a terminal that is not there.
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)


def shown(path: Path) -> str:
    """Write a path relative to the working folder where that is shorter."""
    try:
        relative = path.relative_to(Path.cwd())
    except ValueError:
        return str(path)
    return str(relative)


def print_facts(lines: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns on stdout."""
    known = list(lines)
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        sys.stdout.write(f"{name:<{width}}  {value}\n")
    sys.stdout.flush()
