"""Whether a stack scan that chooses its energies needs fewer of them, at equal dose per energy.

The photoemission twin as it is, measured frame by frame: 120 evenly spaced energies; fewer evenly spaced ones; and as
many chosen ones, few at first, then where the components found so far are interpolated worst. All frames take the same
way: dark, flat field, registration, I0, and unmixing while they arrive. Spectra are compared with the truth at the 120
energies, the worst component's Pearson correlation counts. Run ``python -m benchmarks.adaptive_energies``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read once, when numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from analysis.streaming import Batch, Chain, DarkFlat, Layout, Normalisation, Registration, Unmixing  # noqa: E402
from analysis.unmixing.energy_choice import EnergyChooser, resample_spectra  # noqa: E402
from benchmarks.calibrate_peem import agreement  # noqa: E402
from benchmarks.report import Report, results  # noqa: E402
from simulators.peem.presets import PRESETS, Preset, preset  # noqa: E402
from simulators.peem.scene import Scene  # noqa: E402
from simulators.peem.stack import NOISE_STREAM  # noqa: E402

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Microscope:
    """The twin, measured frame by frame."""

    made: Preset
    shape: tuple[int, int]
    seed: int
    scene: Scene = field(init=False)
    dark: Floats = field(init=False)
    flat: Floats = field(init=False)
    count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.scene = Scene.draw(self.made.sample(self.shape, self.seed), self.made.conditions, self.seed)
        references = self.made.stack(self.shape, self.seed, self.made.energies(2))
        self.dark, self.flat = references.dark, references.flat

    def measure(self, energies: Floats) -> Batch:
        """Frames at energies, one after the other."""
        seconds, frames, light = self.made.conditions.exposure_time, [], []
        first = self.count
        for energy in energies.tolist():
            start = self.scene.beam.start + self.made.conditions.frame_time * self.count
            rng = np.random.default_rng([self.seed, NOISE_STREAM, 1, self.count])
            frames.append(self.scene.camera.record(self.scene.events(energy, start, start + seconds), seconds, rng))
            intensity = self.scene.intensity(energy, start, start + seconds)
            light.append(intensity * (1.0 + self.made.conditions.monitor_noise * rng.normal()))
            self.count += 1
        return Batch(first, np.array(frames), energies, np.array(light))


def unmixed(microscope: Microscope, energies: Floats, more: Callable[[Floats, Floats], Floats]) -> tuple[Floats, int]:
    """Correlations with the truth at 120 energies, and how many energies that took.

    Args:
        microscope: Measures.
        energies: The first energies.
        more: Gives further energies from those measured and the spectra there; none when it is enough.
    """
    k = len(microscope.scene.components)
    unmixing = Unmixing(k, method="corners", full_maps=False)
    chain = Chain([DarkFlat(microscope.dark, microscope.flat), Registration(), Normalisation(), unmixing])
    chain.start(Layout(microscope.shape))
    while len(energies):
        for part in np.array_split(energies, max(1, len(energies) // 8)):
            chain.process(microscope.measure(part))
        known = chain.result().results["unmixing"]
        energies = more(known["energies"], known["spectra"])
    end = chain.stop()
    if end.failures:
        raise RuntimeError(str(end.failures[0]))
    found, grid = end.results["unmixing"], microscope.made.energies()
    truth = microscope.scene.spectra(grid)
    return agreement(resample_spectra(found["spectra"], found["energies"], grid), truth), microscope.count


def compare(made: Preset, shape: tuple[int, int], seed: int, most: int) -> list[tuple[Floats, int]]:
    """All energies, fewer evenly spaced ones, and chosen ones."""
    low, high = made.energies()[[0, -1]]
    chooser = EnergyChooser(low, high, most=most)

    def none(*_: Floats) -> Floats:
        return np.empty(0)

    def chosen(energies: Floats, spectra: Floats) -> Floats:
        return chooser.next(energies, spectra, 8).energies

    return [
        unmixed(Microscope(made, shape, seed), made.energies(), none),
        unmixed(Microscope(made, shape, seed), made.energies(most), none),
        unmixed(Microscope(made, shape, seed), chooser.first().energies, chosen),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="Compare chosen energies with evenly spaced ones.")
    parser.add_argument("--presets", nargs="+", default=["cu", "mn", "ti"], choices=PRESETS)
    parser.add_argument("--components", type=int, nargs="+", default=[3, 4])
    parser.add_argument("--shape", nargs=2, type=int, default=[192, 224])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, nargs="+", default=[60, 40])
    parser.add_argument("--write", action="store_true", help="keep the table for the documentation")
    options = parser.parse_args(arguments)
    report, rows = Report(), []
    for name in options.presets:
        for k in options.components:
            made = preset(name, components=k)
            for most in options.most:
                runs = [compare(made, tuple(options.shape), seed, most) for seed in range(options.seeds)]
                for place, what in enumerate(("120 even", f"{most} even", f"≤ {most} chosen")):
                    worst = np.array([run[place][0].min() for run in runs])
                    used = np.median([run[place][1] for run in runs])
                    if place or most == options.most[0]:
                        rows.append((name, k, what, f"{used:.0f}", f"{np.median(worst):.4f}", f"{worst.min():.4f}"))
    report.table(("edge", "components", "energies", "used", "worst component, median", "worst sample"), rows)
    report.finish(results(__file__) if options.write else None, pixels=" × ".join(map(str, options.shape)))


if __name__ == "__main__":
    main()
