"""How durations, times and numbers are written for people, the same in the terminal and in reports."""

from __future__ import annotations

import math
from datetime import datetime


def duration(seconds: float | None) -> str:
    """Write a duration as people say it: ``3 h 02 min``, ``4 min 10 s``, ``12.3 s``, ``8.1 ms``."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 1:
        return f"{1e3 * seconds:.1f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def moment(timestamp: float | None) -> str:
    """Write an epoch time, s, as local date and time."""
    return "–" if timestamp is None else datetime.fromtimestamp(timestamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def number(value: float) -> str:
    """Write a number with four significant digits, without an exponent where it is short; nothing if not finite."""
    if not math.isfinite(value):
        return ""
    rounded = float(f"{value:.4g}")
    text = f"{rounded:,.10g}" if rounded == 0 or 1e-3 <= abs(rounded) < 1e7 else f"{rounded:.3e}"
    return text.replace("-", "−")


def quantity(value: float, unit: str = "") -> str:
    """Write a number with its unit: ``85 µm``; without one, the number alone."""
    return f"{number(value)} {unit}" if unit else number(value)


def amount(count: float) -> str:
    """Write a number of bytes: ``512 bytes``, ``64 MB``, ``1.5 TB``."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(count) >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} bytes"


def span(low: float, high: float, unit: str = "") -> str:
    """Write a range with its unit: ``0 to 150 µm``."""
    return f"{number(low)} to {quantity(high, unit)}"
