"""Standards against what was measured and published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulators.errors import SimulatorError
from simulators.peem.standards import EDGES, standards

COPPER = np.arange(915.0, 966.0, 0.01)

MEASURED = {
    "CuO": {"L3": 931.5, "width": 1.33, "L2": 951.6, "ratio": 0.47, "level": 0.12},
    "Cu2O": {"L3": 934.2, "width": 2.17, "L2": 954.3, "ratio": 0.75, "level": 0.28},
}


def maxima(energies: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Energies of the local maxima."""
    inner = (values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])
    return energies[1:-1][inner]


@pytest.mark.parametrize("name", MEASURED)
def test_copper_oxides_have_their_measured_figures(name: str) -> None:
    """Position and width of L3, position and ratio of L2, level at 945 eV."""
    facts, values = MEASURED[name], standards("Cu", COPPER)[name]
    below = COPPER < 945.0
    top = values[below].max()
    peak = COPPER[below][values[below].argmax()]
    assert peak == pytest.approx(facts["L3"], abs=0.05)
    assert top == pytest.approx(1.0, abs=0.02)
    left = COPPER[(peak > COPPER) & (values < 0.5 * top)][-1]
    right = COPPER[(peak < COPPER) & (values < 0.5 * top)][0]
    assert right - left == pytest.approx(facts["width"], abs=0.05)
    assert np.interp(945.0, COPPER, values) / top == pytest.approx(facts["level"], abs=0.01)
    second = values[COPPER > 948.0]
    assert COPPER[COPPER > 948.0][second.argmax()] == pytest.approx(facts["L2"], abs=0.05)
    assert second.max() / top == pytest.approx(facts["ratio"], abs=0.02)


def test_metallic_copper_has_its_three_peaks_on_a_high_step() -> None:
    """933.6, 937.7 and 941.8 eV, L2 at 954.0, and three quarters of L3 at 945 eV."""
    values = standards("Cu", COPPER)["Cu"]
    found = maxima(COPPER, values)
    for position in (933.6, 937.7, 941.8, 954.0):
        assert np.abs(found - position).min() < 0.15
    assert np.interp(945.0, COPPER, values) / values[COPPER < 945.0].max() == pytest.approx(0.75, abs=0.015)


def test_the_hard_pair_is_cuprous_oxide_and_copper() -> None:
    """Correlations over the L3 window: below 0 with CuO, about 0.8 with the metal."""
    window = np.linspace(925.0, 945.0, 401)
    spectra = standards("Cu", window)
    assert np.corrcoef(spectra["CuO"], spectra["Cu2O"])[0, 1] < 0.0
    assert np.corrcoef(spectra["Cu2O"], spectra["Cu"])[0, 1] == pytest.approx(0.82, abs=0.06)


@pytest.mark.parametrize("signal", ["total_electron_yield", "partial_fluorescence_yield"])
def test_a_real_spectrum_is_named_after_a_rigid_shift(real_data: Path, signal: str) -> None:
    """Copper(II) oxide of another beamline: poor as it is, CuO at 0.6 eV, nothing else near."""
    path = real_data / "cuo-cu-l23-xas.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not in {real_data}")
    table = np.genfromtxt(path, delimiter=",", names=True)
    inside = (table["energy_eV"] > 924.0) & (table["energy_eV"] < 944.0)
    energies, measured = table["energy_eV"][inside], table[signal][inside]
    shifts = np.arange(-1.5, 1.51, 0.05)

    def likeness(name: str) -> np.ndarray:
        return np.array([np.corrcoef(measured, standards("Cu", energies + s)[name])[0, 1] for s in shifts])

    copper_oxide = likeness("CuO")
    assert copper_oxide.max() > 0.97
    assert shifts[copper_oxide.argmax()] == pytest.approx(0.6, abs=0.1)
    assert copper_oxide[np.abs(shifts).argmin()] < 0.8
    assert max(likeness("Cu2O").max(), likeness("Cu").max()) < 0.6


@pytest.mark.parametrize(("name", "position"), [("MnO", 640.0), ("Mn2O3", 642.0), ("MnO2", 643.5)])
def test_manganese_moves_up_with_its_valence(name: str, position: float) -> None:
    """Maximum of L3 for 2+, 3+ and 4+; L2 about 11 eV above it."""
    energies = np.arange(630.0, 662.0, 0.01)
    values = standards("Mn", energies)[name]
    assert energies[values.argmax()] == pytest.approx(position, abs=0.1)
    upper = energies > 649.0
    assert energies[upper][values[upper].argmax()] - position == pytest.approx(10.7, abs=1.0)


def test_titanium_dioxides_show_the_crystal_field() -> None:
    """t2g at 458.0 eV, split by 2.67 eV in rutile; the e_g line leans down in anatase and up in rutile."""
    energies = np.arange(452.0, 472.0, 0.01)
    spectra = standards("Ti", energies)
    rutile, anatase = spectra["TiO2 rutile"], spectra["TiO2 anatase"]
    peaks = maxima(energies, rutile)
    assert energies[rutile.argmax()] == pytest.approx(458.0, abs=0.05)
    assert energies[anatase.argmax()] == pytest.approx(458.0, abs=0.05)
    assert np.abs(peaks - 458.0 - 2.67).min() < 0.1
    assert np.abs(maxima(energies, anatase) - 463.2).min() < 0.1
    assert np.abs(maxima(energies, anatase) - 465.5).min() < 0.1
    lean = [np.interp(459.9, energies, s) - np.interp(460.6, energies, s) for s in (anatase, rutile)]
    assert lean[0] > 0.05
    assert lean[1] < -0.05
    assert energies[spectra["Ti2O3"].argmax()] < 458.0


@pytest.mark.parametrize("edge", EDGES)
def test_every_standard_is_an_absorption_with_a_source(edge: str) -> None:
    """Not negative, 0 before the edge, about 1 at its top; the metal is a straight line; broadening lowers peaks."""
    energies = np.linspace(*{"Cu": (915, 966), "Mn": (628, 660), "Ti": (446, 472)}[edge], 2001)
    sharp, broad = standards(edge, energies), standards(edge, energies, 1.0)
    for standard in EDGES[edge]:
        values = sharp[standard.name]
        assert standard.source
        assert values.min() > 0.0
        if standard.name == "In":
            np.testing.assert_allclose(np.diff(values, 2), 0.0, atol=1e-12)
            np.testing.assert_array_equal(values, broad["In"])
            assert np.ptp(values) < 0.2
        else:
            assert values[0] < 0.03
            assert values.max() == pytest.approx(1.0, abs=0.25)
            assert broad[standard.name].max() < values.max()


def test_mistakes_are_named() -> None:
    """An unknown edge says which are known; a negative resolution is refused."""
    with pytest.raises(SimulatorError, match="choose one of Cu, Mn, Ti"):
        standards("Fe", [700.0])
    with pytest.raises(SimulatorError, match="resolution"):
        standards("Cu", [930.0], -0.1)
