"""What a body may say: JSON that every part of the daemon can hand on, which Python's own reader does not insist on."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator

DEEPEST = 64
"""Most lists and objects inside of one another."""
LARGEST = 2**63
"""Whole numbers are between minus this and this."""


def check_plain(value: object) -> None:
    """Make sure that a value is JSON as the daemon takes it.

    Raises:
        ValueError: when it is not; the text names the place and what is wrong there.
    """
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    while waiting:
        place, found, depth = waiting.pop()
        if problem := _problem(found, depth):
            raise ValueError(f"{place.removeprefix('.') or 'value'}: {problem}")
        if isinstance(found, dict):
            waiting += [("", name, depth) for name in found]
            waiting += [(f"{place}.{name}", inner, depth + 1) for name, inner in found.items()]
        elif isinstance(found, list):
            waiting += [(f"{place}[{index}]", inner, depth + 1) for index, inner in enumerate(found)]


def _problem(value: object, depth: int) -> str:
    if depth > DEEPEST:
        return f"there are more than {DEEPEST} lists and objects inside of one another"
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        return "a whole number has 64 bits at the most"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number is finite"
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        return "half of a surrogate pair is no character"
    return ""


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    check_plain(value)
    return value


PlainObject = Annotated[dict[str, Any], AfterValidator(_plain)]
"""A JSON object, whatever is in it."""
