"""Spectra freed from one another."""

from __future__ import annotations

import numpy as np

from analysis.unmixing.parsimony import separate_spectra

AXIS = np.linspace(0.0, 1.0, 120)


def spectra() -> np.ndarray:
    """Two lines on a level and a slope, of unit sum."""
    lines = np.array([np.exp(-0.5 * ((AXIS - c) / w) ** 2) for c, w in ((0.3, 0.03), (0.5, 0.05))])
    H = np.vstack([1.0 + 0.4 * lines[0], 1.0 + 0.5 * lines[1], 1.0 - 0.3 * AXIS])
    return H / H.sum(axis=1, keepdims=True)


def test_admixtures_are_taken_out() -> None:
    """Each spectrum comes back from what holds up to a tenth of the others."""
    H = spectra()
    mixed = np.array([[0.93, 0.07, 0.0], [0.1, 0.9, 0.0], [0.02, 0.05, 0.93]]) @ H
    found = separate_spectra(mixed)
    before, after = (np.abs(s - H).max(axis=1) for s in (mixed, found))
    # The substrate has no line of its own, and its own admixture to the others is no line either.
    assert (after < 0.15 * before).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_dips_are_filled() -> None:
    """What was taken out too much is put back."""
    H = spectra()
    dipped = H.copy()
    dipped[1] = (H[1] - 0.05 * H[0]) / 0.95
    assert np.abs(separate_spectra(dipped)[1] - H[1]).max() < 0.15 * np.abs(dipped[1] - H[1]).max()


def test_pure_spectra_stay() -> None:
    """Nothing is taken out of spectra without admixtures."""
    np.testing.assert_allclose(separate_spectra(spectra()), spectra(), rtol=5e-3)


def test_likeness_is_no_admixture() -> None:
    """Two spectra that share most of a line are left alone: that much of another is its own."""
    H = spectra()
    alike = np.vstack([H[0], 0.6 * H[0] + 0.4 * H[1]])
    np.testing.assert_allclose(separate_spectra(alike)[1], alike[1])


def test_too_little_to_judge_by() -> None:
    """One spectrum, or a handful of energies."""
    np.testing.assert_array_equal(separate_spectra(spectra()[:1]), spectra()[:1])
    few = np.random.default_rng(0).uniform(size=(3, 5))
    np.testing.assert_array_equal(separate_spectra(few), few)
