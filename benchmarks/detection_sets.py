"""Image sets of the microscope's twin for the studies of detection: which seeds serve what, prepared once and kept."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.detection.training import Recipe, Sample, make_samples
from benchmarks.report import results
from simulators.stm import preset

CLASSES = ("Pb1", "Pb2", "Pb3", "Pb4")
"""Clusters that the source tells apart; Pb5 and Pb6 are neither to be found nor wrong to find."""
SIZES = (40, 22, 18)
"""Images to train, validate and test with, as in the source."""
CACHE = results(__file__).parent / "cache" / "detection"
"""Where prepared images and the states of trainings are kept."""

STUDY, CALIBRATION, PRETRAINING, LAB, CLEAN = (million * 1_000_000 for million in range(1, 6))
"""First seeds of the twin's images for the studies, for setting its difficulty, for training on as many images as
wanted, for a laboratory of its own, and for clean terraces: no image serves two of them."""


@dataclass(frozen=True, slots=True)
class Known:
    """A prepared image of which everything is known.

    Attributes:
        sample: Image and clusters.
        confusers: Middles of what may be taken for clusters, by kind, px, (n, 2) each.
    """

    sample: Sample
    confusers: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Split:
    """Images of one study, told apart by what they serve."""

    training: list[Known]
    validation: list[Known]
    test: list[Known]


LABORATORY: dict[str, Any] = {
    "instrument": 7,
    "nm_per_pixel": 0.18,
    "biases": (-1.3, 0.7),
    "radius": (9.0, 14.0),
    "noise": 0.06,
    "line_noise": 0.2,
    "scale_error": 0.06,
    "shear": 0.06,
    "fractions": (0.30, 0.30, 0.22, 0.12, 0.04, 0.02),
    "scatter": 0.085,
    "coverage": 0.04,
}
"""How the twin of another laboratory differs: its microscope, its tips, its voltages, its pixels and its samples."""


def samples(images: Iterable[Known]) -> list[Sample]:
    """The images alone."""
    return [one.sample for one in images]


def split(
    seed: int, first: int = STUDY, name: str = "default", classes: tuple[str, ...] = CLASSES, **changes: Any
) -> Split:
    """Draw the 80 images of a study.

    Args:
        seed: Which study.
        first: First seed of images of this kind.
        classes: Names of the classes to be found.
        name: The twin's preset.
        **changes: Of the preset.
    """
    drawn = load(range(first + 1000 * seed, first + 1000 * seed + sum(SIZES)), classes, name, **changes)
    trained, validated = SIZES[0], SIZES[0] + SIZES[1]
    return Split(drawn[:trained], drawn[trained:validated], drawn[validated:])


def load(
    seeds: Sequence[int], classes: tuple[str, ...] = CLASSES, name: str = "default", **changes: Any
) -> list[Known]:
    """Draw and prepare images, or read them where that was done before.

    Args:
        seeds: One image each.
        classes: Names of the classes to be found.
        name: The twin's preset.
        **changes: Of the preset.
    """
    wanted = [list(seeds), classes, name, changes, _sources()]
    key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]
    path = CACHE / "images" / f"{key}.pickle"
    if path.exists():
        return pickle.loads(path.read_bytes())  # noqa: S301 - written below, on this machine
    images = list(preset(name, **changes).images(seeds))
    made = [Known(one, image.confusers) for one, image in zip(make_samples(images, classes), images, strict=True)]
    replace(path, pickle.dumps(made))
    return made


def kept(name: str, recipe: Recipe, *more: object) -> Path:
    """The folder of a training: another one for every other recipe, and when the images change.

    Args:
        name: What the training is for.
        recipe: What it is made of.
        *more: What else decides its result.
    """
    told = json.dumps([recipe.facts(), list(map(str, more)), _sources()], sort_keys=True)
    return CACHE / "trainings" / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:10]}"


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)


@lru_cache(maxsize=1)
def _sources() -> str:
    """A fingerprint of everything that makes and prepares images, so that what is kept never outlives a change."""
    root = Path(__file__).resolve().parent.parent
    files = [*sorted((root / "simulators" / "stm").glob("*.py")), root / "simulators" / "fields.py"]
    files += [root / "analysis" / "detection" / f"{name}.py" for name in ("flattening", "preparation", "results")]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()
