"""Finding the dataset that was meant, or saying which there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulators.errors import SimulatorError


def choose(file: Path, names: Sequence[str], wanted: str | None) -> str:
    """Find one dataset by its full name, or by a part of its path that fits no other.

    Args:
        file: File, for messages.
        names: Full names of the datasets that could be a map.
        wanted: What was asked for; None where there is one only.

    Returns:
        The full name.

    Raises:
        SimulatorError: None fits, or several do; lists them.
    """
    if not names:
        raise SimulatorError(f"{file}: holds no array of two or more dimensions")
    if wanted is None:
        fitting = list(names)
    elif wanted.strip("/") in names:
        return wanted.strip("/")
    else:
        fitting = [name for name in names if _holds(name, wanted)]
    if len(fitting) == 1:
        return fitting[0]
    problem = (
        "name one dataset" if wanted is None else f"no dataset {wanted!r}" if not fitting else f"{wanted!r} is not one"
    )
    raise SimulatorError(f"{file}: {problem}; there {'are' if len(names) > 1 else 'is'} {', '.join(fitting or names)}")


def _holds(name: str, wanted: str) -> bool:
    """Whether the parts of ``wanted`` follow one another in the path ``name``."""
    return f"/{wanted.strip('/')}/" in f"/{name}/"
