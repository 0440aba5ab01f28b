"""Writes what the chain of on-line steps knows into the run, as Zarr arrays with named dimensions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from daemon.analyst.maps import write_array, write_group
from daemon.analyst.messages import Begin
from daemon.analyst.stream import detection_table
from daemon.factory_settings import LibrarySettings

if TYPE_CHECKING:
    from analysis.streaming import Outcome

STACK, STREAM, DETECTIONS = "stack", "stream", "detections"
"""What was unmixed of the stack so far, what the chain tells of each frame, and what was found in the frames."""

MOST_FAILURES = 100


def write_stream(run: Path, outcome: Outcome, begin: Begin, library: LibrarySettings | None, earlier: int = 0) -> None:
    """Write `analysis/stream` (values of each frame, failures) and `analysis/stack` (spectra and maps).

    Args:
        run: folder of the run.
        outcome: what is known.
        begin: what the analyst was told of the run.
        library: standards that the spectra are compared with; None for no comparison.
        earlier: frames that the chain knows of runs before this one; they are told of there.
    """
    failed = [one for one in outcome.failures if one.first >= earlier]
    failures = [f"{one.step}, frame {one.first - earlier}: {one.error}" for one in failed[:MOST_FAILURES]]
    about = {"frames": outcome.frames - earlier, "failures": failures, "failed": len(failed)}
    folder = write_group(run, STREAM, about)
    for name, values in outcome.values.items():
        dimensions = ("frame", *(f"{name}_{axis}" for axis in range(values.ndim - 1)))
        write_array(folder / re.sub(r"\W", "_", name), values[earlier:], dimensions)
    write_detections(run, outcome, begin, earlier)
    unmixed = next((found for found in outcome.results.values() if "spectra" in found), None)
    if unmixed is not None:
        _write_stack(run, unmixed, begin, library)


def write_detections(run: Path, outcome: Outcome, begin: Begin, earlier: int = 0, *, growing: bool = False) -> None:
    """Write `analysis/detections`: a row per detection, and where the rows of each image begin.

    Args:
        run: folder of the run.
        outcome: what is known.
        begin: what the analyst was told of the run.
        earlier: images that the chain knows of runs before this one.
        growing: whether the last image is still being scanned.
    """
    table = detection_table(outcome)
    if table is None:
        return
    detector = begin.stream["detector"]
    frames = begin.frames[detector].frames
    images, rows = len(table["lines"]) - earlier, slice(int(table["offsets"][earlier]), None)
    about = {
        "detector": detector,
        "classes": [str(name) for name in table["classes"]],
        "images": images,
        "growing": images - 1 if growing and images else None,
        "flaws": {str(image): str(flaw) for image, flaw in enumerate(table["flaws"][earlier:]) if flaw},
    }
    folder = write_group(run, DETECTIONS, about)
    corners = {"corner": "x0 y0 x1 y1"}
    write_array(folder / "event", (table["image"][rows] - earlier) // frames, ("detection",))
    write_array(folder / "boxes", table["boxes"][rows], ("detection", "corner"), {"units": "px", **corners})
    write_array(folder / "boxes_nm", table["boxes_nm"][rows], ("detection", "corner"), {"units": "nm", **corners})
    write_array(folder / "labels", table["labels"][rows], ("detection",))
    write_array(folder / "scores", table["scores"][rows], ("detection",))
    write_array(folder / "offsets", table["offsets"][earlier:] - rows.start, ("image_edge",))
    write_array(folder / "area", table["areas"][earlier:], ("image",), {"units": "nm^2"})
    write_array(folder / "expected", table["expected"][earlier:], ("image", "class"))


def _write_stack(run: Path, found: Mapping[str, NDArray[Any]], begin: Begin, library: LibrarySettings | None) -> None:
    """Write spectra, of unit sum, and maps, fractions that sum to 1, of the stack so far."""
    detector = begin.stream["detector"]
    unit = begin.units.get(begin.energy or "", "")
    compared, standards = _compared(found, unit, library)
    about: dict[str, Any] = {
        "detector": detector,
        "energies": len(found["energies"]),
        "converged": bool(found["converged"]),
        "repairs": [str(text) for text in found["repairs"]],
        "n_components": len(found["spectra"]),
        **({"method": str(found["method"]), "omega": float(found["omega"])} if "omega" in found else {}),
        **compared,
    }
    folder = write_group(run, STACK, about)
    write_array(folder / "energy", found["energies"], ("energy",), {"units": unit})
    write_array(folder / "spectra", found["spectra"], ("component", "energy"))
    rows, columns = f"{detector}_y", f"{detector}_x"
    if found["maps"].shape[1:] != begin.frames[detector].shape:
        rows, columns = f"{rows}_binned", f"{columns}_binned"
    write_array(folder / "abundances", found["maps"], ("component", rows, columns))
    if standards is not None:
        write_array(folder / "standards", standards, ("component", "energy"))
    write_array(folder / "change", found["change"], ("update",))
    write_array(folder / "misfit", found["misfit"], ("update",))


def _compared(
    found: Mapping[str, NDArray[Any]], unit: str, library: LibrarySettings | None
) -> tuple[dict[str, Any], NDArray[np.float64] | None]:
    """Names of the components, how well they agree with their standards, and these; nothing without standards."""
    energies = found["energies"] * (1000.0 if unit.lower() == "kev" else 1.0)
    if library is None or len(energies) < 4:
        return {}, None
    from analysis.unmixing.identify import compare, read_standards
    from daemon.unmixing.overlay import laid_over
    from daemon.unmixing.standards import make_standards

    known = read_standards(make_standards(library, energies).library, energies)
    compared = compare(found["spectra"], energies, known)
    facts = {
        "names": list(compared.names),
        "correlations": [None if np.isnan(value) else float(value) for value in compared.matched],
        "shift_eV": compared.shift,
    }
    return facts, laid_over(found["spectra"], energies, compared, known)
