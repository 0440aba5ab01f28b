"""Which energies a scan chooses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.unmixing.energy_choice import EnergyChooser, resample_spectra

Floats = NDArray[np.float64]


def lines(energies: Floats, places: tuple[float, ...] = (5.0, 6.0), width: float = 0.6) -> Floats:
    """One spectrum per line, on an even ground."""
    return np.array([1.0 + np.exp(-0.5 * ((energies - place) / width) ** 2) for place in places])


def chosen(chooser: EnergyChooser, *places: float) -> Floats:
    """All energies of a scan of noiseless spectra."""
    energies = chooser.first().energies
    while (more := chooser.next(energies, lines(energies, places), 4).energies).size:
        energies = np.append(energies, more)
    return np.sort(energies)


def test_energies_go_where_the_spectra_bend() -> None:
    """Hardly any into the flat part."""
    energies = chosen(EnergyChooser(0.0, 20.0, first=16, most=40), 5.0, 6.0)
    further = energies[~np.isclose(energies[:, None], np.linspace(0, 20, 16)).any(axis=1)]
    assert ((further > 2.5) & (further < 8.5)).mean() > 0.9
    assert np.diff(energies).min() >= 20.0 / 160.0


@given(st.floats(3.0, 17.0), st.floats(3.0, 17.0))
@settings(max_examples=20, deadline=None)
def test_half_the_energies_interpolate_as_well_as_all(first: float, second: float) -> None:
    """Up to a loss of correlation of 0.001, wherever the lines are."""
    grid = np.linspace(0.0, 20.0, 120)
    energies = chosen(EnergyChooser(0.0, 20.0, most=60), first, second)
    assert len(energies) <= 60
    rebuilt = resample_spectra(lines(energies, (first, second)), energies, grid)
    for found, truth in zip(rebuilt, lines(grid, (first, second)), strict=True):
        assert np.corrcoef(found, truth)[0, 1] > 0.999


def test_components_that_resemble_each_other_get_energies_where_they_differ() -> None:
    """A small shoulder of one of two equal spectra draws energies because of the difference alone."""
    grid = np.linspace(0.0, 20.0, 21)
    shoulder = 0.02 * np.exp(-0.5 * ((grid - 15.0) / 0.8) ** 2)
    both = lines(grid, (5.0, 5.0), 2.0) + np.array([np.zeros(21), shoulder])
    plan = EnergyChooser(0.0, 20.0).next(grid, both, 3)
    assert (np.abs(plan.energies - 15.0) < 2.0).all()


def test_a_scan_ends_by_itself() -> None:
    """When interpolation costs nothing, and when the energies are used up."""
    energies = np.linspace(0.0, 20.0, 20)
    assert EnergyChooser(0.0, 20.0).next(energies, np.ones((2, 20))).energies.size == 0
    straight = np.array([1.0 + energies, 30.0 - energies])
    assert EnergyChooser(0.0, 20.0).next(energies, straight).energies.size == 0
    noisy = np.random.default_rng(0).uniform(size=(2, 20))
    assert EnergyChooser(0.0, 20.0, most=22).next(energies, noisy, 9).energies.size == 2
    assert EnergyChooser(0.0, 20.0, most=20).next(energies, noisy, 9).energies.size == 0
    plan = EnergyChooser(0.0, 20.0).next(energies, noisy, 5)
    assert plan.loss > 0.01
    assert (plan.gains > 0.0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((5.0, 5.0), "from a lower"), ((0.0, np.nan), "from a lower"), ((0.0, 1.0, 3), "at least 4")],
)
def test_wrong_ranges_are_refused(arguments: tuple[float, ...], message: str) -> None:
    """With what they should be."""
    low, high, *first = arguments
    with pytest.raises(ValueError, match=message):
        EnergyChooser(low, high, **({"first": int(first[0])} if first else {}))


def test_spectra_that_do_not_fit_are_refused() -> None:
    """Too few energies, another number of values, values that are not finite."""
    chooser = EnergyChooser(0.0, 1.0)
    for energies, spectra in (
        (np.arange(3.0), np.ones((2, 3))),
        (np.zeros(8), np.ones((2, 8))),
        (np.arange(5.0), np.ones((2, 4))),
        (np.arange(5.0), np.full((2, 5), np.nan)),
    ):
        with pytest.raises(ValueError, match="finite spectra"):
            chooser.next(energies, spectra)
