"""The sample: powder particles of several components on a substrate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from simulators.errors import SimulatorError
from simulators.fields import RandomField

Floats = NDArray[np.float64]

SAMPLE_STREAM = 21
"""Keeps what is drawn of a sample apart from what else is drawn from a seed."""


@dataclass(frozen=True, slots=True)
class SampleStyle:
    """What a family of samples looks like. Lengths are fractions of the shorter side of the field of view.

    Attributes:
        components: Names of the components; the last one is the substrate.
        grains: Particles of each component but the substrate.
        radius: Smallest and largest radius of a particle.
        roughness: Relative deviation of a particle's outline from an ellipse.
        sharp: Width of a sharp edge of a particle.
        diffuse: Width of a diffuse edge, over which one component goes over into the other.
        diffuse_fraction: Fraction of the particles that have a diffuse edge.
        mixing: Mean fraction of a particle that is made of the other components of the powder.
        residue: Fraction of the powder that covers the substrate between the particles.
        thickness: Standard deviation of the logarithm of the thickness.
    """

    components: tuple[str, ...] = ("CuO", "Cu2O", "In")
    grains: int = 9
    radius: tuple[float, float] = (0.07, 0.16)
    roughness: float = 0.12
    sharp: float = 0.003
    diffuse: float = 0.03
    diffuse_fraction: float = 0.5
    mixing: float = 0.1
    residue: float = 0.0
    thickness: float = 0.2


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample in the field of view.

    Attributes:
        components: Names of the components.
        abundances: Fraction of each component, shape (component, y, x), non-negative, summing to 1 over components.
        thickness: How much material emits in each pixel, relative to the mean, shape (y, x).
        margin: Pixels at each side that lie outside the field of view until the sample drifts.
    """

    components: tuple[str, ...]
    abundances: Floats
    thickness: Floats
    margin: int = 0

    def __post_init__(self) -> None:
        """Check that the maps belong together.

        Raises:
            SimulatorError: They do not; says what is wrong.
        """
        if self.abundances.shape != (len(self.components), *self.thickness.shape) or self.thickness.ndim != 2:
            raise SimulatorError(
                f"abundances of shape {self.abundances.shape} do not belong to {len(self.components)} components "
                f"and a thickness of shape {self.thickness.shape}: give (component, y, x) and (y, x)"
            )
        if self.margin < 0 or min(self.shape) < 1:
            raise SimulatorError(f"a margin of {self.margin} pixels leaves nothing of {self.thickness.shape}")
        if not np.isfinite(self.abundances).all() or self.abundances.min() < 0.0:
            raise SimulatorError("abundances must be finite and not negative")
        if not np.allclose(self.abundances.sum(axis=0), 1.0, atol=1e-9):
            raise SimulatorError("abundances must sum to 1 over the components in every pixel")
        if not np.isfinite(self.thickness).all() or self.thickness.min() <= 0.0:
            raise SimulatorError("the thickness must be finite and above 0")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the field of view."""
        rows, columns = (length - 2 * self.margin for length in self.thickness.shape)
        return rows, columns


def draw_sample(style: SampleStyle, shape: tuple[int, int], seed: int, margin: int = 0) -> Sample:
    """Draw a sample.

    Particles lie on each other in a random order. One lets through what lies below it where its edge is diffuse, so
    abundances are the weights of an image composed "over" (Porter & Duff, SIGGRAPH 1984), which sum to 1.

    Args:
        style: What its family looks like.
        shape: Rows and columns of the field of view, from 1 on.
        seed: Which sample of the family; the same at every size of the field of view.
        margin: Pixels drawn beyond each side of the field of view, for drift.

    Returns:
        The sample, margins included.

    Raises:
        SimulatorError: There are fewer than two components, or no pixels.
    """
    if len(style.components) < 2:
        raise SimulatorError("a sample has at least two components, the last of which is the substrate")
    if min(shape) < 1 or margin < 0:
        raise SimulatorError(f"a field of view has at least one pixel, not {shape} with a margin of {margin}")
    rng = np.random.default_rng([seed, SAMPLE_STREAM])
    y, x = _positions(shape, margin)
    count = len(style.components)
    abundances = np.zeros((count, y.size, x.size))
    abundances[:-1], abundances[-1] = style.residue / (count - 1), 1.0 - style.residue
    kinds = rng.permutation(np.repeat(np.arange(count - 1), style.grains))
    for kind in kinds:
        particle = _Particle.draw(style, rng, shape)
        composition = _composition(style, rng, int(kind))
        rows, columns = particle.box(y, x)
        cover = particle.cover(y[rows], x[columns])
        abundances[:, rows, columns] *= 1.0 - cover
        abundances[:, rows, columns] += composition[:, None, None] * cover
    field = RandomField.draw(rng, length_scale=0.12, deviation=style.thickness, features=48)
    thickness = np.exp(field.on_grid(x, y) - 0.5 * style.thickness**2)
    return Sample(style.components, abundances / abundances.sum(axis=0), thickness, margin)


def _positions(shape: tuple[int, int], margin: int) -> tuple[Floats, Floats]:
    """Positions of the pixels in units of the shorter side: y of shape (rows,), x of shape (columns,)."""
    side = min(shape)
    y, x = ((np.arange(-margin, length + margin) + 0.5) / side for length in shape)
    return y, x


@dataclass(frozen=True, slots=True)
class _Particle:
    """An ellipse with a rough outline.

    Attributes:
        centre: Position (y, x).
        radius: Its mean radius.
        angle: Direction of its long axis, rad.
        stretch: Square root of the ratio of its axes.
        outline: Relative radius at directions from -pi to pi, evenly spaced.
        edge: Width of its edge.
    """

    centre: tuple[float, float]
    radius: float
    angle: float
    stretch: float
    outline: Floats
    edge: float

    @classmethod
    def draw(cls, style: SampleStyle, rng: np.random.Generator, shape: tuple[int, int]) -> _Particle:
        """Draw a particle whose centre lies in a field of view of a shape in pixels."""
        centre_y, centre_x = (float(rng.uniform(0.0, length / min(shape))) for length in shape)
        radius, angle, stretch = rng.uniform(*style.radius), rng.uniform(0.0, np.pi), rng.uniform(0.75, 1.33)
        waves = style.roughness * rng.normal(size=(4, 2)) / np.arange(1, 5)[:, None]
        angles = np.arange(2, 6) * np.linspace(-np.pi, np.pi, 361)[:, None]
        outline = np.maximum(1.0 + np.cos(angles) @ waves[:, 0] + np.sin(angles) @ waves[:, 1], 0.3)
        edge = style.diffuse if rng.uniform() < style.diffuse_fraction else style.sharp
        return cls((centre_y, centre_x), float(radius), float(angle), float(stretch), outline, edge)

    def box(self, y: Floats, x: Floats) -> tuple[slice, slice]:
        """Return the rows and columns outside which the particle covers less than 1e-5."""
        reach = self.radius * float(self.outline.max()) * max(self.stretch, 1.0 / self.stretch) + 12.0 * self.edge
        ends = (np.searchsorted(p, [c - reach, c + reach]) for p, c in zip((y, x), self.centre, strict=True))
        rows, columns = (slice(int(low), int(high)) for low, high in ends)
        return rows, columns

    def cover(self, y: Floats, x: Floats) -> Floats:
        """Return how much the particle covers, 0 to 1, shape (y, x): a logistic function across its edge."""
        dy, dx = y[:, None] - self.centre[0], x[None, :] - self.centre[1]
        along = (np.cos(self.angle) * dx + np.sin(self.angle) * dy) * self.stretch
        across = (np.cos(self.angle) * dy - np.sin(self.angle) * dx) / self.stretch
        direction = np.arctan2(across, along)
        limit = self.radius * np.interp(direction, np.linspace(-np.pi, np.pi, 361), self.outline)
        return expit((limit - np.hypot(along, across)) / self.edge)


def _composition(style: SampleStyle, rng: np.random.Generator, kind: int) -> Floats:
    """Draw what one particle is made of, shape (component,), summing to 1; powder particles hold no substrate."""
    count = len(style.components)
    composition = np.zeros(count)
    others = [index for index in range(count - 1) if index != kind]
    # No grain is pure: half of the mixing is in all, the rest, of mean 1/4 before scaling, mostly little, seldom much.
    foreign = min(0.9, style.mixing * (0.5 + 2.0 * rng.beta(1.0, 3.0))) if others else 0.0
    composition[others] = foreign * rng.dirichlet(np.ones(len(others))) if others else 0.0
    composition[kind] = 1.0 - foreign
    return composition
