"""Writes an unmixed stack: one Zarr hierarchy, two tables, figures and a report, all of them or nothing."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from daemon.errors import StackError, disk_errors
from daemon.packages import beampilot_version
from daemon.recorder.disk import write_atomically
from daemon.recorder.layout import METADATA, group_metadata
from daemon.unmixing.contents import Dimension
from daemon.unmixing.figures import write_figures
from daemon.unmixing.overlay import laid_over
from daemon.unmixing.page import write_page
from daemon.unmixing.summary import summary
from daemon.unmixing.work import Outcome

ARRAYS = "unmixing.zarr"
SPECTRA, CORRELATIONS, REPORT, FIGURES = "spectra.csv", "correlations.csv", "report.html", "figures"
IN_RUN = "unmixed"
"""Name of what is written into a run: its arrays below ``analysis/``, all else beside the streams."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where results go.

    Attributes:
        folder: For tables, figures and the report.
        arrays: For the Zarr hierarchy; inside of ``folder``, or of a run.
    """

    folder: Path
    arrays: Path

    @property
    def report(self) -> Path:
        """The report."""
        return self.folder / REPORT


def target_in_run(run: Path) -> Target:
    """Where results go in a run.

    Raises:
        StackError: The run may only be read.
    """
    _check_writable(run)
    return Target(run / IN_RUN, run / "analysis" / IN_RUN)


def target_folder(folder: Path) -> Target:
    """Where results go in a folder of their own.

    Raises:
        StackError: The folder holds something that is not ours to replace.
    """
    folder = folder.expanduser().absolute()
    if folder.exists() and not (folder / ARRAYS / METADATA).is_file() and (folder.is_file() or any(folder.iterdir())):
        raise StackError(f"{folder} exists and holds something else: name another folder with --output")
    _check_writable(folder.parent)
    return Target(folder, folder / ARRAYS)


def _check_writable(folder: Path) -> None:
    """Find out before long work whether there is a place for its results.

    Raises:
        StackError: There is none.
    """
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise StackError(f"cannot write to {nearest}: name another folder for the results with --output")


def write_results(outcome: Outcome, target: Target) -> None:
    """Write everything; what an earlier unmixing left there is replaced.

    Args:
        outcome: The unmixed stack.
        target: Where it goes.

    Raises:
        DiskFull: There is no room for it; nothing is changed.
        RecorderError: It cannot be written; nothing is changed.
    """
    with contextlib.ExitStack() as stages:
        apart = target.arrays.parent != target.folder
        folder = stages.enter_context(_staged(target.folder))
        arrays = stages.enter_context(_staged(target.arrays)) if apart else folder / ARRAYS
        _write_arrays(outcome, arrays)
        _write_spectra(outcome, folder / SPECTRA)
        _write_correlations(outcome, folder / CORRELATIONS)
        write_figures(outcome, folder / FIGURES)
        write_page(outcome, folder / REPORT)
        if apart and not (target.arrays.parent / METADATA).exists():
            write_atomically(target.arrays.parent / METADATA, group_metadata({}))


@contextlib.contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """Give a folder that takes the target's place when all went well, and is removed when not."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    with disk_errors(target):
        beside.mkdir(parents=True)
        try:
            yield beside
            if target.exists():
                target.rename(old)
            beside.rename(target)
        finally:
            if old.exists() and not target.exists():
                old.rename(target)
            for folder in (beside, old):
                shutil.rmtree(folder, ignore_errors=True)


def _write_arrays(outcome: Outcome, folder: Path) -> None:
    """Write spectra and maps with their coordinates, as xarray opens them."""
    import xarray

    found, stack = outcome.unmixing, outcome.stack
    coordinates: dict[str, Any] = {
        "energy": ("energy", found.energies, {"units": "eV", "long_name": "photon energy"}),
        **_pixels("y", stack.rows, found.intensity.shape[0]),
        **_pixels("x", stack.columns, found.intensity.shape[1]),
    }
    arrays: dict[str, Any] = {
        "spectra": (("component", "energy"), found.spectra, {"units": "1", "long_name": "spectrum, mean 1"}),
        "abundances": (
            ("component", "y", "x"),
            found.abundances,
            {"units": "1", "long_name": "share of the pixel's counts"},
        ),
        "intensity": (("y", "x"), found.intensity, {"units": "counts", "long_name": "mean counts after normalisation"}),
    }
    if found.comparison is not None:
        about = {"units": "1", "long_name": "Pearson correlation"}
        kinds = {
            "correlations": found.comparison.correlations,
            "correlations_without_shift": found.comparison.unshifted,
        }
        arrays |= {name: (("component", "standard"), values, about) for name, values in kinds.items()}
        if outcome.standards is not None:
            over = laid_over(found.spectra, found.energies, found.comparison, outcome.standards.library)
            arrays["standard_spectra"] = (
                ("component", "energy"),
                over,
                {"units": "1", "long_name": "standard laid over"},
            )
    attributes = {"beampilot": beampilot_version(), **summary(outcome)}
    dataset = xarray.Dataset(arrays, coordinates, {"names": list(outcome.labels), "unmixing": attributes})
    if found.comparison is not None:
        dataset.attrs["standards"] = list(found.comparison.standards)
    dataset.to_zarr(folder, mode="w", zarr_format=3, consolidated=False)


def _pixels(name: str, axis: Dimension, size: int) -> dict[str, Any]:
    """Coordinates of rows or columns."""
    values = np.arange(size, dtype=float) if axis.values is None else axis.values
    units = axis.units if axis.values is not None else "pixel"
    return {name: (name, values, {"units": units, "long_name": axis.name or name})}


def _write_spectra(outcome: Outcome, file: Path) -> None:
    """Write a column of energies and one for each component."""
    found = outcome.unmixing
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["energy_eV", *outcome.labels])
        writer.writerows(
            [f"{energy:.10g}", *(f"{value:.6g}" for value in values)]
            for energy, values in zip(found.energies, found.spectra.T, strict=True)
        )


def _write_correlations(outcome: Outcome, file: Path) -> None:
    """Write a row for each component and standard; only titles without standards."""
    found = outcome.unmixing.comparison
    titles = ["component", "name", "standard", "correlation", "correlation_without_shift", "shift_eV", "matched"]
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(titles)
        if found is None:
            return
        for number, label in enumerate(outcome.labels):
            for place, standard in enumerate(found.standards):
                figures = (found.correlations[number, place], found.unshifted[number, place], found.shift)
                told = [f"{figure:.4f}" for figure in figures]
                writer.writerow([number, label, standard, *told, "yes" if found.matches[number] == place else "no"])
