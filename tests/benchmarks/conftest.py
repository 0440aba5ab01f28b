"""Benchmarks are no part of what is installed."""

from __future__ import annotations

import sys
from pathlib import Path

# At the end: the packages that are tested are the installed ones.
sys.path.append(str(Path(__file__).resolve().parents[2]))
