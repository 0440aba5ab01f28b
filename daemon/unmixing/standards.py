"""Standard spectra that found ones are compared with, from tables or from a function that the settings name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.errors import StackError
from daemon.factory_settings import LibrarySettings
from daemon.unmixing.contents import ELECTRONVOLTS, is_energy_name
from daemon.unmixing.numbers import read_table

Floats = NDArray[np.float64]
Library = dict[str, tuple[Floats, Floats]]
"""Rising energies, eV, and values by name."""

_YIELD = re.compile(r"yield|fluorescence|\b(tey|aey|pey|pfy|tfy|ipfy)\b", re.IGNORECASE)
_MARGIN = 5.0
"""How far beyond a stack's energies a library is asked for, eV, so that scales may be shifted."""
_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Standards:
    """A library, and what a person should know about how it was read.

    Attributes:
        library: Energies and values by name.
        notes: What was taken for what.
    """

    library: Library
    notes: tuple[str, ...] = ()


def read_standards(files: Sequence[str]) -> Standards:
    """Read standards from tables.

    Args:
        files: ``FILE``, ``NAME=FILE``, or ``NAME=FILE:COLUMN``. A table has a column of energies and one for each
            standard, named by its title; one whose columns are yields of one substance gives one standard.

    Returns:
        All standards of all files.

    Raises:
        StackError: A file cannot be read, or two standards have one name.
    """
    library: Library = {}
    notes: list[str] = []
    for text in files:
        found, said = _read(text)
        if twice := sorted(set(found) & set(library)):
            raise StackError(f"--standards {text}: there are two standards named {twice[0]!r}; give them as NAME=FILE")
        library |= found
        notes += said
    return Standards(library, tuple(notes))


def make_standards(settings: LibrarySettings, energies: Floats) -> Standards:
    """Have the function that the settings name make standards.

    Args:
        settings: The function and its options.
        energies: Energies of the stack, eV.

    Raises:
        InstrumentError: It cannot be found.
        StackError: It fails, or returns something else than spectra by name.
    """
    from daemon.instrument import find_factory

    factory = find_factory(settings.factory, settings.path, "analysis.standards")
    axis = np.arange(float(energies.min()) - _MARGIN, float(energies.max()) + _MARGIN, _STEP)
    try:
        made = factory(energies=axis, **settings.options)
        library = {str(name): (axis, np.asarray(values, float)) for name, values in dict(made).items()}
    except Exception as error:
        # The function is a stranger's code: whatever it raises, the operator needs its name and its reason.
        raise StackError(f"analysis.standards.factory {settings.factory} failed: {error}") from error
    wrong = [name for name, (_, values) in library.items() if values.shape != axis.shape]
    if wrong or not library:
        raise StackError(
            f"analysis.standards.factory {settings.factory} must return spectra by name, each with one value for each "
            "of the energies that it is given"
        )
    return Standards(library, (f"standards from {settings.factory}",))


def _read(text: str) -> tuple[Library, list[str]]:
    """Read one table.

    Raises:
        StackError: It cannot be read.
    """
    name, file, column = _parts(text)
    try:
        titles, numbers = read_table(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise StackError(f"--standards {file}: cannot be read: {reason}") from error
    if numbers.ndim != 2 or numbers.shape[1] < 2:
        raise StackError(f"--standards {file}: give a column of energies and one for each standard")
    titles = titles or ["energy", *(f"column {number}" for number in range(1, numbers.shape[1]))]
    place = next((number for number, title in enumerate(titles) if is_energy_name(title)), 0)
    energies = numbers[:, place] * _factor(titles[place])
    values = {title: numbers[:, number] for number, title in enumerate(titles) if number != place}
    if column is not None:
        if column not in values:
            raise StackError(f"--standards {text}: {file.name} has the columns {', '.join(values)}; name one of them")
        return {name or column: _spectrum(file, energies, values[column])}, []
    if all(_YIELD.search(title) for title in values) or (name and len(values) == 1):
        first = next(iter(values))
        others = [title for title in values if title != first]
        note = [f"of {file.name} the column {first} was taken, not {', '.join(others)}"] if others else []
        return {name or file.stem: _spectrum(file, energies, values[first])}, note
    prefix = f"{name} " if name else ""
    return {f"{prefix}{title}": _spectrum(file, energies, spectrum) for title, spectrum in values.items()}, []


def _parts(text: str) -> tuple[str, Path, str | None]:
    """Name, file and column of ``NAME=FILE:COLUMN``; a file that exists is never taken apart.

    Raises:
        StackError: There is no such file.
    """
    whole = Path(text).expanduser()
    if whole.is_file():
        return "", whole, None
    name, equals, rest = text.partition("=")
    name, rest = (name, rest) if equals else ("", text)
    file = Path(rest).expanduser()
    if file.is_file():
        return name, file, None
    rest, colon, column = rest.rpartition(":")
    file = Path(rest).expanduser()
    if colon and file.is_file():
        return name, file, column
    raise StackError(f"--standards {text}: there is no such file; give it as FILE, NAME=FILE or NAME=FILE:COLUMN")


def _factor(title: str) -> float:
    """Factor to eV by the unit in a title such as ``energy_eV`` or ``Energy (keV)``."""
    unit = re.search(r"(k?ev)\W*$", title, re.IGNORECASE)
    return ELECTRONVOLTS[unit[1].lower()] if unit else 1.0


def _spectrum(file: Path, energies: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Rising energies and values, where there are both.

    Raises:
        StackError: There are too few.
    """
    known = np.isfinite(energies) & np.isfinite(values)
    if known.sum() < 3:
        raise StackError(f"--standards {file}: a standard needs at least 3 energies with values")
    order = np.argsort(energies[known], kind="stable")
    return energies[known][order], values[known][order]
