"""The tunnelling microscope for studies: its devices, and the truth that they do not expose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulators.errors import SimulatorError
from simulators.scenario import Truth
from simulators.stm.clusters import CLASSES
from simulators.stm.images import Image
from simulators.stm.instrument import instrument, parse_options
from simulators.stm.presets import preset as make_preset
from simulators.stm.survey import Survey
from simulators.stm.variety import VARIED, varied_images

PLACES = 31
"""Places along either axis that the truth is given at."""


@dataclass(frozen=True, slots=True)
class TunnellingScenario:
    """A tunnelling microscope over Pb clusters on Si(111)-(7×7). The axes are the middle of an image, in nm."""

    def instrument(self, seed: int = 0, **options: Any) -> dict[str, Any]:
        """Make the devices: see :func:`simulators.stm.instrument`."""
        return instrument(seed=seed, **options)

    def truth(self, seed: int = 0, *, cluster: str | None = None, **options: Any) -> Truth:
        """Return how many clusters an image holds, by where it is taken.

        Args:
            seed: Which surface.
            cluster: One of ``Pb1`` to ``Pb6``; all of them when None.
            **options: Those of the instrument.

        Returns:
            Middles of images ``stage_x`` and ``stage_y``, nm; the clusters whose middle lies in such an image; and the
            deviation of such a number were the clusters strewn at random.

        Raises:
            SimulatorError: An option or the cluster is unknown, or an option is out of range.
        """
        if cluster is not None and cluster not in CLASSES:
            raise SimulatorError(f"unknown cluster {cluster!r}: choose one of {', '.join(CLASSES)}")
        parsed = parse_options(seed=seed, **options)
        survey = parsed.survey()
        size = survey.field_size(parsed.shape)
        x, y = (np.linspace(0.0, reach, PLACES) for reach in parsed.area)
        across, down = (grid.ravel() for grid in np.meshgrid(x, y))
        counts = survey.counts_at(across, down, size)
        wanted = counts.sum(axis=1) if cluster is None else counts[:, CLASSES.index(cluster)]
        values = wanted.reshape(PLACES, PLACES).astype(float)
        return Truth({"stage_x": x, "stage_y": y}, values, float(np.sqrt(values.mean())))

    def survey(self, seed: int = 0, **options: Any) -> Survey:
        """Return the surface under the microscope of that seed, with all that lies on it.

        Raises:
            SimulatorError: An option is unknown or out of range.
        """
        return parse_options(seed=seed, **options).survey()

    def images(self, seeds: Iterable[int], *, preset: str = "default", **changes: Any) -> Iterator[Image]:
        """Draw labelled images, one per seed, each of a surface of its own: what a detector is trained on.

        Args:
            seeds: One image each.
            preset: One of ``simulators.stm.PRESETS``, or ``varied`` for images of many microscopes.
            **changes: Of the preset's attributes.

        Raises:
            SimulatorError: The preset or an attribute is not known.
        """
        return varied_images(seeds, **changes) if preset == VARIED else make_preset(preset, **changes).images(seeds)


scenario = TunnellingScenario()
"""The scenario ``stm``."""
