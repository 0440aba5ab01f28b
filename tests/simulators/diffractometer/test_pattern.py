"""Patterns in reciprocal space."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.diffraction import lattice_constant, reciprocal_length
from simulators.diffractometer.film import LocalFilm
from simulators.diffractometer.pattern import (
    DIFFUSE,
    QX,
    QZ,
    RELAXED,
    SHAPE,
    STRAINED,
    SUBSTRATE,
    TILTED,
    pattern,
    peak_positions,
)

NOTHING = LocalFilm(*(np.asarray(value) for value in (0.3, 0.0, 0.0, 0.0, np.deg2rad(1.2))))


def only(**fractions: float) -> LocalFilm:
    """Return a piece of film with nothing in it but this."""
    return replace(NOTHING, **{name: np.asarray(value) for name, value in fractions.items()})


def contribution(**fractions: float) -> np.ndarray:
    """Return what this adds to the substrate's pattern."""
    return pattern(only(**fractions)) - pattern(only(**{name: fractions[name] for name in fractions if name in FREE}))


FREE = {"composition", "tilt"}


def centre(image: np.ndarray) -> tuple[float, float]:
    """Return (Qx, Qz) of the maximum."""
    row, column = np.unravel_index(int(image.argmax()), image.shape)
    return float(QX[column]), float(QZ[row])


@pytest.mark.parametrize(("name", "kind"), [("strained", STRAINED), ("relaxed", RELAXED), ("tilted", TILTED)])
def test_each_contribution_is_linear_and_lies_where_it_should(name: str, kind: object) -> None:
    """Twice the fraction, twice the counts; the maximum is within a pixel of the computed position."""
    image = contribution(**{name: 0.5})
    np.testing.assert_allclose(contribution(**{name: 1.0}), 2.0 * image, rtol=1e-9)
    qx, qz = peak_positions(0.3, np.deg2rad(1.2))[name]
    assert np.hypot(centre(image)[0] - qx, centre(image)[1] - qz) < 0.0025
    # Nearly all photons of a peak fall into the window; its tails reach beyond.
    assert 0.85 < image.sum() / (0.5 * kind.yield_) < 1.0


def test_substrate_alone() -> None:
    """Its own peak, its rod along the surface normal, and diffuse scattering everywhere."""
    image = pattern(NOTHING)
    qx, qz = peak_positions(0.0, 0.0)["substrate"]
    assert np.hypot(centre(image)[0] - qx, centre(image)[1] - qz) < 0.0025
    assert image.min() >= DIFFUSE
    assert 0.9 < (image - DIFFUSE).sum() / SUBSTRATE.yield_ < 1.0
    row, column = np.unravel_index(int(image.argmax()), SHAPE)
    assert image[row - 15, column] > 1.3 * image[row, column - 15]


def test_composition_moves_the_relaxed_peak_radially() -> None:
    """More germanium: shorter scattering vector, same direction, by the lattice constant's law."""
    lengths = []
    for x in (0.2, 0.4):
        qx, qz = peak_positions(x, 0.0)["relaxed"]
        assert float(qx) == float(qz)
        lengths.append(float(np.hypot(qx, qz)))
    expected = reciprocal_length(lattice_constant(np.array([0.2, 0.4])), 0, 2, 2)
    np.testing.assert_allclose(lengths, expected)
    assert lengths[1] < lengths[0]
    first, second = (centre(contribution(relaxed=1.0, composition=x)) for x in (0.2, 0.4))
    assert second[0] < first[0]
    assert second[1] < first[1]


def test_tilt_moves_the_peak_transversely() -> None:
    """The length of the scattering vector stays, the direction turns by the tilt."""
    straight = np.array(peak_positions(0.3, 0.0)["tilted"])
    turned = np.array(peak_positions(0.3, np.deg2rad(1.0))["tilted"])
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(straight))
    angle = np.arctan2(turned[1], turned[0]) - np.arctan2(straight[1], straight[0])
    assert np.rad2deg(angle) == pytest.approx(1.0)


def test_strained_film_is_matched_in_the_plane_and_longer_along_the_normal() -> None:
    """Same Qx as the substrate, Qz below that of the relaxed film."""
    positions = peak_positions(0.3, 0.0)
    assert float(positions["strained"][0]) == float(positions["substrate"][0])
    assert float(positions["strained"][1]) < float(positions["relaxed"][1]) < float(positions["substrate"][1])


def test_widths_of_a_peak() -> None:
    """Second moments along and across the scattering vector, within an ellipse, are in the ratio of the widths."""
    image = contribution(relaxed=1.0)
    qx, qz = peak_positions(0.3, 0.0)["relaxed"]
    dx, dz = QX[None, :] - float(qx), QZ[:, None] - float(qz)
    along, across = (dx + dz) / np.sqrt(2.0), (dz - dx) / np.sqrt(2.0)
    near = np.hypot(along / RELAXED.radial, across / RELAXED.transverse) < 3.0
    moment = [float(np.sqrt((image * near * u**2).sum() / (image * near).sum())) for u in (along, across)]
    assert moment[1] / moment[0] == pytest.approx(RELAXED.transverse / RELAXED.radial, rel=0.03)
