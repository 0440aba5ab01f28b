"""What can be set about the library of standard spectra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from daemon.base import StrictModel


class LibrarySettings(StrictModel):
    """Standard spectra that `beampilot unmix` compares with when no file is named."""

    factory: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    """Function, as `module:function`, that takes `energies` (eV) and returns spectra on them by name."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Further keyword arguments for the function."""
    path: Path | None = None
    """Folder that is added to the end of Python's import path before the function's module is looked for."""

    @field_validator("path")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()
