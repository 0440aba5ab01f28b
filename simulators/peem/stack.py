"""Stacks of frames, one per photon energy, with the truth that they were made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.errors import SimulatorError
from simulators.peem.sample import Sample
from simulators.peem.scene import Conditions, Scene
from simulators.peem.standards import standards

Floats = NDArray[np.float64]

NOISE_STREAM = 24
"""Keeps the noise of frames apart from what else is drawn from a seed."""

REFERENCES = 32
"""Frames that the dark and the flat reference are averaged over."""


@dataclass(frozen=True, slots=True)
class StackTruth:
    """What a stack was made from; only tests and studies see it.

    Attributes:
        components: Names of the components, the substrate last.
        energies: Photon energies as the monochromator reads them, eV, shape (energy,).
        spectra: What each pure component emits, of mean 1 over the edge's window, shape (component, energy).
        standards: The same without the yield before the edge: absorption, shape (component, energy).
        abundances: Fraction of each component in the electrons of a pixel, before any drift, shape (component, y, x).
        emission: Electrons of a pixel relative to the mean, without illumination and drift, shape (y, x).
        illumination: Relative brightness of the light, mean 1, shape (y, x).
        displacements: Drift of each frame, (y, x), pixels, shape (energy, 2).
        i0: Noiseless intensity of each frame, shape (energy,).
    """

    components: tuple[str, ...]
    energies: Floats
    spectra: Floats
    standards: Floats
    abundances: Floats
    emission: Floats
    illumination: Floats
    displacements: Floats
    i0: Floats


@dataclass(frozen=True, slots=True)
class Stack:
    """A measured stack.

    Attributes:
        energies: Photon energies as the monochromator reads them, eV, shape (energy,).
        frames: Counts, shape (energy, y, x), unsigned integer.
        i0: Intensity of the light during each frame as the monitor reads it, shape (energy,).
        dark: Mean of frames without light, counts, shape (y, x).
        flat: Mean of frames of an even surface, counts above dark, mean 1, shape (y, x).
        truth: What it was made from.
    """

    energies: Floats
    frames: NDArray[np.unsignedinteger]
    i0: Floats
    dark: Floats
    flat: Floats
    truth: StackTruth


def simulate_stack(sample: Sample, energies: ArrayLike, conditions: Conditions | None = None, seed: int = 0) -> Stack:
    """Measure a stack of frames.

    Args:
        sample: The sample; the frames have the shape of its field of view.
        energies: Photon energies in the order of measuring, eV, shape (energy,).
        conditions: How it is measured; those of :class:`Conditions` when None.
        seed: Of illumination, drift, beam, camera and all noise.

    Returns:
        The stack with its truth.

    Raises:
        SimulatorError: The energies are no finite numbers in a row, or the sample has components of another edge.
    """
    energies = np.asarray(energies, float)
    if energies.ndim != 1 or not energies.size or not np.isfinite(energies).all():
        raise SimulatorError("give the energies of a stack as one row of finite numbers, eV")
    return measure_scene(Scene.draw(sample, conditions or Conditions(), seed), energies, seed)


def measure_scene(scene: Scene, energies: Floats, seed: int) -> Stack:
    """Measure a stack of frames of a scene.

    Args:
        scene: What is measured.
        energies: Photon energies in the order of measuring, eV, shape (energy,).
        seed: Of the noise.

    Returns:
        The stack with its truth.
    """
    frames = np.empty((energies.size, *scene.light.shape), scene.camera.dtype)
    for index, frame in enumerate(simulate_frames(scene, energies, seed)):
        frames[index] = frame
    dark, flat = _references(scene, seed)
    truth = stack_truth(scene, energies)
    noise = np.random.default_rng([seed, NOISE_STREAM, 0]).normal(size=energies.size)
    i0 = truth.i0 * (1.0 + scene.conditions.monitor_noise * noise)
    return Stack(energies, frames, i0, dark, flat, truth)


def simulate_frames(scene: Scene, energies: Floats, seed: int) -> Iterator[NDArray[np.unsignedinteger]]:
    """Measure the frames of a stack one after the other; the noise of each depends on the seed and its place alone.

    Args:
        scene: What is measured.
        energies: Photon energies in the order of measuring, eV, shape (energy,).
        seed: Of the noise.

    Yields:
        One frame per energy, shape (y, x).
    """
    seconds = scene.conditions.exposure_time
    for index, (energy, start) in enumerate(zip(energies.tolist(), _starts(scene, len(energies)), strict=True)):
        rng = np.random.default_rng([seed, NOISE_STREAM, 1, index])
        yield scene.camera.record(scene.events(energy, start, start + seconds), seconds, rng)


def stack_truth(scene: Scene, energies: Floats) -> StackTruth:
    """Return what a stack of a scene is made from.

    Args:
        scene: What is measured.
        energies: Photon energies in the order of measuring, eV, shape (energy,).
    """
    conditions, seconds = scene.conditions, scene.conditions.exposure_time
    starts = _starts(scene, len(energies))
    absorption = standards(conditions.edge, energies + conditions.energy_offset, conditions.resolution)
    emission = scene.view.images.sum(axis=0)
    return StackTruth(
        scene.components,
        energies,
        scene.spectra(energies),
        np.array([absorption[name] for name in scene.components]),
        scene.abundances,
        emission / emission.mean(),
        scene.light,
        np.array([scene.displacement(start + 0.5 * seconds) for start in starts]),
        np.array([scene.intensity(e, s, s + seconds) for e, s in zip(energies.tolist(), starts, strict=True)]),
    )


def _starts(scene: Scene, count: int) -> list[float]:
    """When each frame of a stack begins, s."""
    return [scene.beam.start + scene.conditions.frame_time * index for index in range(count)]


def _references(scene: Scene, seed: int) -> tuple[Floats, Floats]:
    """Measure the mean dark frame, counts, and the mean flat frame, counts above dark relative to their mean."""
    camera, seconds = scene.camera, scene.conditions.exposure_time
    light = scene.conditions.dose * scene.light
    means = []
    for kind, events in enumerate((np.zeros_like(light), light)):
        rng = np.random.default_rng([seed, NOISE_STREAM, 2, kind])
        means.append(np.mean([camera.record(events, seconds, rng) for _ in range(REFERENCES)], axis=0))
    flat = means[1] - means[0]
    return means[0], flat / flat.mean()
