"""Spectra freed from one another."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.parsimony import separate_spectra
from simulators.peem.emission import emitted, window

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


@pytest.mark.parametrize(("edge", "names"), [("Cu", ("CuO", "Cu2O", "Cu", "In")), ("Mn", ("MnO", "Mn2O3", "In"))])
def test_hard_pairs_are_not_made_worse(edge: str, names: tuple[str, ...]) -> None:
    """Where lines of two oxides lie on each other nothing is known, and nothing is taken out that is not there."""
    pure = emitted(edge, names, np.linspace(*window(edge), 120), 0.3)
    pure /= pure.sum(axis=1, keepdims=True)
    k = len(pure)
    share = 0.85 * np.eye(k) + 0.15 * (1.0 - np.eye(k)) / (k - 1)
    mixed = share @ pure
    before, after = (
        [np.corrcoef(a, b)[0, 1] for a, b in zip(s, pure, strict=True)] for s in (mixed, separate_spectra(mixed))
    )
    assert (np.array(after) > np.array(before) - 0.002).all()
    assert 1.0 - np.median(after) < 0.5 * (1.0 - np.median(before))


def test_energies_may_be_uneven_and_in_any_order() -> None:
    """What is taken out is the same."""
    H = spectra()
    mixed = np.array([[0.93, 0.07, 0.0], [0.1, 0.9, 0.0], [0.02, 0.05, 0.93]]) @ H
    order = np.random.default_rng(0).permutation(120)
    found = separate_spectra(mixed[:, order], energies=AXIS[order])
    np.testing.assert_allclose(found, separate_spectra(mixed)[:, order], rtol=0.01)
