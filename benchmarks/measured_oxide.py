"""Whether a measured oxide is named in simulated stacks, on an energy scale other than the library's.

CuO measured at another beamline takes the place of the twin's own in stacks of 512 × 600 pixels and 120 energies, whose
scale is off by up to an eV from the library's. The stacks are unmixed with nothing told but I0 and the dark frame, and
the components named by the twin's standards, with the measured spectrum put where its L3 has the library's energy and
the monochromator off by a known amount. The measured spectrum is read from the folder ``BEAMPILOT_REAL_DATA``.
Run ``python -m benchmarks.measured_oxide``.
"""

from __future__ import annotations

import argparse
import csv
import os
from dataclasses import dataclass
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # read once, when numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import ArrayLike, NDArray  # noqa: E402

from analysis.unmixing import unmix  # noqa: E402
from analysis.unmixing.identify import compare  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from simulators.peem.emission import EMITTERS, FALLS, window  # noqa: E402
from simulators.peem.presets import SHAPE, preset  # noqa: E402
from simulators.peem.scene import Scene  # noqa: E402
from simulators.peem.stack import Stack, measure_scene  # noqa: E402
from simulators.peem.standards import standards  # noqa: E402

Floats = NDArray[np.float64]

OFFSET = 0.6
"""Energy of L3 in the library minus that in the measured spectrum, eV."""

OFFSETS = (0.6, -0.5, 0.0, 0.3, 1.0)
"""What monochromators are off by, eV; at 0.6, the oxide's line is where it was measured."""


@dataclass(frozen=True, slots=True)
class MeasuredScene(Scene):
    """A scene whose first component absorbs as a measured spectrum does."""

    def spectra(self, energies: ArrayLike) -> Floats:
        """What pure components emit, shape (component, energy)."""
        true = np.atleast_1d(np.asarray(energies, float)) + self.conditions.energy_offset
        found = Scene.spectra(self, energies)
        found[0] = measured_emission(true - OFFSET)
        return found


def measured_emission(energies: Floats) -> Floats:
    """Emission of measured CuO with the twin's yield before the edge, at energies of its own scale, mean 1."""
    low, high = window("Cu")
    axis, values = read_measured()
    grid = np.concatenate([np.linspace(low, high, 401) - OFFSET, energies])
    spectrum = 1.0 + FALLS["Cu"] * (grid + OFFSET - low)
    spectrum += EMITTERS["CuO"].jump * np.interp(grid, axis, values / values.max())
    return spectrum[401:] / spectrum[:401].mean()


def read_measured() -> tuple[Floats, Floats]:
    """Energies, eV, and total electron yield of measured CuO.

    Raises:
        FileNotFoundError: The file is not there.
    """
    folder = Path(os.environ.get("BEAMPILOT_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
    with (folder / "cuo-cu-l23-xas.csv").open(encoding="utf-8") as lines:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(lines))[1:]])
    return rows[:, 0], rows[:, 1]


def measured_stack(shape: tuple[int, int], seed: int, offset: float) -> Stack:
    """A stack with measured CuO in it, read on a scale that is off by some eV."""
    made = preset("cu", energy_offset=offset)
    scene = MeasuredScene.draw(made.sample(shape, seed), made.conditions, seed)
    return measure_scene(scene, made.energies(), seed)


def main() -> None:
    """Run the study and print its table."""
    parser = argparse.ArgumentParser(description="Name measured CuO in simulated stacks.")
    parser.add_argument("--samples", type=int, default=len(OFFSETS))
    parser.add_argument("--shape", nargs=2, type=int, default=list(SHAPE))
    parser.add_argument("--write", action="store_true", help=f"write the table to {results(__file__).name}, too")
    options = parser.parse_args()
    axis = np.linspace(915.0, 960.0, 901)
    library = {name: (axis, values) for name, values in standards("Cu", axis, 0.3).items()}
    rows = []
    for seed, offset in enumerate(OFFSETS[: options.samples]):
        stack = measured_stack((options.shape[0], options.shape[1]), seed, offset)
        result = unmix(stack.frames, stack.energies, library, i0=stack.i0, dark=stack.dark)
        comparison = compare(result.spectra, result.energies, library)
        truth = stack.truth.spectra[0]
        ours = int(np.argmax([np.corrcoef(truth, spectrum)[0, 1] for spectrum in result.spectra]))
        place = comparison.matches[ours]
        found = (comparison.shift, comparison.matched[ours], comparison.unshifted[ours, place])
        rows.append((seed, comparison.names[ours], f"{offset:+.2f}", *(f"{value:+.3f}" for value in found)))
    report = Report()
    report.table(("sample", "named", "true shift, eV", "found, eV", "r", "r without shift"), rows)
    report.finish(results(__file__) if options.write else None, frames=" × ".join(map(str, options.shape)))


if __name__ == "__main__":
    main()
