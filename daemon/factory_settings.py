"""What is set by naming a Python function: where it is, and what it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from daemon.base import StrictModel


class FactorySettings(StrictModel):
    """A Python function and what it is called with."""

    factory: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    """The function, as `module:function`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments for the function."""
    path: Path | None = None
    """Folder that is added to the end of Python's import path before the function's module is looked for."""

    @field_validator("path")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        # Runs record it, and are continued from other folders.
        return None if value is None else value.expanduser().absolute()


class InstrumentSettings(FactorySettings):
    """The instrument: a function that returns a dictionary of ophyd devices by name."""


class LibrarySettings(FactorySettings):
    """Standard spectra: a function that takes `energies` (eV) and returns spectra on them by name."""
