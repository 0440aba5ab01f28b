"""The unmixing of one stack, from a file to spectra and maps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StackError
from daemon.unmixing.contents import Request
from daemon.unmixing.readers import read_contents
from daemon.unmixing.room import Room
from daemon.unmixing.stack import Stack, assemble
from daemon.unmixing.standards import Standards

if TYPE_CHECKING:
    from analysis.unmixing.backgrounds import Background
    from analysis.unmixing.recipes import Method
    from analysis.unmixing.unmix import Unmixing

Floats = NDArray[np.float64]
Library = Callable[[Floats], Standards | None]
"""Gives the standards for the energies of a stack."""

NAMED = 0.9
"""Correlation from which on a component bears its standard's name: those of Cu2O and Cu correlate by 0.82."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants; what is None is chosen.

    Attributes:
        components: Number of components.
        background: What is removed from the spectra.
        omega: Weight of the maps' orthogonality.
        method: How the spectra are found.
        smoothing: Kernel that averages the maps, pixels.
    """

    components: int | None = None
    background: Background | None = None
    omega: float | None = None
    method: Method | None = None
    smoothing: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """An unmixed stack.

    Attributes:
        path: The file, or the folder of the run.
        stack: What was read.
        unmixing: Spectra, maps and what was chosen.
        standards: The library, or None.
        seconds: Time that it took.
    """

    path: Path
    stack: Stack
    unmixing: Unmixing
    standards: Standards | None
    seconds: float

    @property
    def labels(self) -> tuple[str, ...]:
        """What each component is called: its standard where it resembles it, or its number, from 0."""
        found = self.unmixing.comparison
        plain = [f"component {number}" for number in range(self.unmixing.n_components)]
        if found is None:
            return tuple(plain)
        named = zip(found.names, found.matched, plain, strict=True)
        return tuple(name if name is not None and r >= NAMED else label for name, r, label in named)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about how stack and standards were read."""
        return self.stack.notes + (self.standards.notes if self.standards is not None else ())


def unmix_file(path: Path, request: Request, wishes: Wishes, library: Library, room: Room) -> Outcome:
    """Read a stack and unmix it.

    Args:
        path: A file, or the folder of a run, of a Zarr hierarchy or of images.
        request: What a person says about the file.
        wishes: What a person wants of the result.
        library: Gives the standards.
        room: Where the stack may be unpacked, and how much memory pieces of it may take.

    Returns:
        Spectra and maps.

    Raises:
        StackError: The stack or the standards cannot be read, or the stack not be unmixed; says what to change.
        RecorderError: It is a run, and broken.
    """
    from analysis.unmixing.unmix import unmix

    began = time.monotonic()
    stack = assemble(read_contents(path, request, room), request)
    standards = library(stack.energies)
    try:
        found = unmix(
            stack.frames,
            stack.energies,
            standards=None if standards is None else standards.library,
            n_components=wishes.components,
            i0=stack.i0,
            dark=stack.dark,
            background=wishes.background,
            omega=wishes.omega,
            method=wishes.method,
            smoothing=wishes.smoothing,
            memory=room.memory,
            progress=room.advance,
        )
    except ValueError as error:
        # By contract its words say what is wrong with the stack; the traceback stays with the cause.
        raise StackError(f"{stack.origin}: {' '.join(str(error).split())}") from error
    return Outcome(path, stack, found, standards, time.monotonic() - began)
