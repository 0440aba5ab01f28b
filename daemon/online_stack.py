"""What a stack scan has been unmixed into so far, as the analyst left it in the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.recorder.layout import METADATA

Floats = NDArray[np.float64]

FOLDER = Path("analysis", "stack")


@dataclass(frozen=True, slots=True)
class OnlineStack:
    """Spectra and maps.

    Attributes:
        energies: Rising, shape (m,).
        unit: Of the energies.
        spectra: Of unit sum, shape (component, m).
        abundances: Fractions that sum to 1, shape (component, y, x).
        names: Of the components: their standards', or numbers.
        correlations: Pearson correlation of each with its standard after the shift; NaN where there is none.
        shift: What was added to the energies to come to the standards' scale, eV; None without standards.
        converged: Whether the last frames left the maps as they were.
        repairs: What was wrong with frames, and what was done about it.
    """

    energies: Floats
    unit: str
    spectra: Floats
    abundances: Floats
    names: tuple[str, ...]
    correlations: tuple[float, ...]
    shift: float | None
    converged: bool
    repairs: tuple[str, ...]

    @property
    def headline(self) -> str:
        """What it is made of, in a line, most of it first."""
        shares = self.abundances.mean(axis=(1, 2))
        told = []
        for place in np.argsort(-shares):
            r = self.correlations[place]
            like = f", r {'> 0.999' if r >= 0.9995 else f'= {r:.3f}'}" if np.isfinite(r) else ""
            told.append(f"{self.names[place]} ({100 * shares[place]:.0f} %{like})")
        return ", ".join(told)


def read_stack(run: Path) -> OnlineStack | None:
    """Read what a run's stack was unmixed into; None where it was not."""
    import zarr

    if not (run / FOLDER / "abundances" / METADATA).is_file():
        return None
    group = zarr.open_group(run / FOLDER, mode="r")
    arrays: dict[str, Any] = {name: np.asarray(array[...]) for name, array in group.arrays()}
    about: Any = dict(group.attrs)
    count = len(arrays["spectra"])
    names = [name or f"component {number}" for number, name in enumerate(about.get("names", [None] * count))]
    found = about.get("correlations", [None] * count)
    return OnlineStack(
        arrays["energy"],
        str(group["energy"].attrs.get("units", "")),
        arrays["spectra"],
        arrays["abundances"],
        tuple(names),
        tuple(np.nan if r is None else float(r) for r in found),
        about.get("shift_eV"),
        bool(about["converged"]),
        tuple(about["repairs"]),
    )
