"""Images of many microscopes and samples, none like another: what a detector for everyone's images learns from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from simulators.errors import SimulatorError
from simulators.stm.images import Image
from simulators.stm.presets import SHAPE, Preset, preset

VARIED = "varied"
"""Name of this family beside those of the presets."""
SHARES = {"default": 0.66, "hard": 0.14, "easy": 0.06, "clean": 0.14}
"""How many of the images are made of which preset."""
PLAIN = 0.4
"""How many of those of the default preset are left as they are."""
RICHNESS = 2.75
"""How much more Pb there is on surfaces that are not left as they are."""
BIASES = (-2.0, -1.5, -1.0, -0.7, 0.7, 1.0, 1.5)

_CHOICE = 23


def varied_preset(seed: int, **changes: Any) -> Preset:
    """Draw the microscope and the sample of one image.

    Args:
        seed: Of the image.
        **changes: As for :func:`simulators.stm.preset`; they hold for every image.

    Raises:
        SimulatorError: A change is not known.
    """
    rng = np.random.default_rng([seed, _CHOICE])
    name = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    plain = rng.uniform() < PLAIN and name == "default"
    return preset(name, **changes) if plain else preset(name, **{**_drawn(name, rng), **changes})


def varied_images(seeds: Iterable[int], shape: tuple[int, int] = SHAPE, **changes: Any) -> Iterator[Image]:
    """Draw labelled images, one per seed, each of a microscope and a sample of its own.

    Raises:
        SimulatorError: A change is not known.
    """
    if "instrument" in changes:
        raise SimulatorError("tunnelling microscope: varied images are all of different instruments")
    for seed in seeds:
        yield varied_preset(seed, **changes).image(seed, shape)


def _drawn(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Draw attributes that deviate from a preset's."""
    base = preset(name)
    record, surface = base.conditions.recording, base.surface
    drawn: dict[str, Any] = {
        key: getattr(record, key) * float(np.exp(0.3 * rng.normal()))
        for key in ("noise", "slow_noise", "line_noise", "wander")
    }
    drawn |= {"hum": float(rng.uniform(0.0, 0.1)), "gain": (float(rng.uniform(0.3, 0.7)), 0.95)}
    drawn |= {"scale_error": float(rng.uniform(0.0, 0.1)), "shear": float(rng.uniform(0.0, 0.1))}
    drawn |= {"nm_per_pixel": float(rng.uniform(0.12, 0.2)), "biases": (float(rng.choice(BIASES)),)}
    drawn |= {"radius": (7.5, float(rng.uniform(9.0, 17.0)))}
    if name != "clean":
        # Clusters, and rare sizes above all, come more often than they are found, so that there is something to learn
        # from.
        share = np.array(surface.fractions) ** float(rng.uniform(0.3, 1.0))
        drawn["fractions"] = tuple((share / share.sum()).tolist())
        drawn["coverage"] = RICHNESS * surface.coverage * float(np.exp(0.7 * rng.normal()))
        drawn["vacancies"] = surface.vacancies * float(np.exp(0.5 * rng.normal()))
    return drawn
