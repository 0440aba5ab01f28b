"""Lattices of Si-Ge, against published figures and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.diffraction import (
    LATTICE_GE,
    LATTICE_SI,
    d_spacing,
    lattice_constant,
    reciprocal_length,
    scattering_vector,
    strained_lattice_constant,
    tilted,
)


@pytest.mark.parametrize(("fraction", "d", "q"), [(0.0, 1.9202, 3.2722), (0.5, 1.9579, 3.2091), (1.0, 2.0003, 3.1411)])
def test_published_spacings_of_022(fraction: float, d: float, q: float) -> None:
    """Silicon, Ge₀.₅ and germanium, to all digits given."""
    a = lattice_constant(fraction)
    assert float(d_spacing(a, 0, 2, 2)) == pytest.approx(d, abs=6e-5)
    assert float(reciprocal_length(a, 0, 2, 2)) == pytest.approx(q, abs=6e-5)


def test_ends_and_bowing_of_the_lattice_constant() -> None:
    """The ends are silicon and germanium; in between it lies below Vegard's straight line by 0.0263 x (1 − x) Å."""
    x = np.linspace(0.0, 1.0, 11)
    a = lattice_constant(x)
    assert a[0] == LATTICE_SI
    assert a[-1] == pytest.approx(LATTICE_GE) == pytest.approx(5.6578)
    straight = LATTICE_SI + (LATTICE_GE - LATTICE_SI) * x
    np.testing.assert_allclose(straight - a, 0.0263 * x * (1.0 - x), atol=1e-12)


def test_planes_of_higher_index_lie_closer() -> None:
    """Second order is half the distance; (0 0 0) does not exist."""
    assert float(d_spacing(5.0, 2, 2, 2)) == pytest.approx(0.5 * float(d_spacing(5.0, 1, 1, 1)))
    with pytest.raises(ValueError, match=r"\(0 0 0\)"):
        d_spacing(5.0, 0, 0, 0)


def test_a_film_matched_to_its_substrate_is_stretched_along_the_normal() -> None:
    """Larger film: longer normal; equal lattices: unchanged; elasticity 2 C12/C11 = 0.77."""
    assert float(strained_lattice_constant(LATTICE_SI)) == LATTICE_SI
    assert float(strained_lattice_constant(5.5)) == pytest.approx(5.5 + 0.77 * (5.5 - LATTICE_SI))


def test_scattering_vector_of_a_cubic_film_has_the_length_of_its_planes() -> None:
    """|Q(0 2 2)| = 2π/d, equal components."""
    a = lattice_constant(np.array([0.1, 0.4]))
    qx, qz = scattering_vector(a, a)
    np.testing.assert_allclose(np.hypot(qx, qz), reciprocal_length(a, 0, 2, 2))
    np.testing.assert_array_equal(qx, qz)


@settings(deadline=None)
@given(angle=st.floats(-3, 3), qx=st.floats(-4, 4), qz=st.floats(-4, 4))
def test_tilting_turns_without_changing_the_length(angle: float, qx: float, qz: float) -> None:
    """A rotation, undone by the opposite one."""
    x, z = tilted(qx, qz, angle)
    assert float(np.hypot(x, z)) == pytest.approx(float(np.hypot(qx, qz)), abs=1e-12)
    back = tilted(x, z, -angle)
    np.testing.assert_allclose(back, (qx, qz), atol=1e-12)


def test_positive_tilt_turns_from_qx_to_qz() -> None:
    """A quarter turn takes the in-plane direction to the normal."""
    np.testing.assert_allclose(tilted(1.0, 0.0, np.pi / 2), (0.0, 1.0), atol=1e-15)
