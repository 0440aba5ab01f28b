"""Comparison with a library of standards."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from analysis.unmixing.identify import compare, read_standards
from simulators.peem.standards import standards

ENERGIES = np.linspace(925.0, 945.0, 120)
FINE = np.linspace(920.0, 950.0, 601)


def library() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Copper and its oxides on a finer, wider axis of their own."""
    return {name: (FINE, values) for name, values in standards("Cu", FINE, 0.3).items()}


def test_a_rigid_shift_is_found_and_spectra_are_named() -> None:
    """Spectra on a scale 0.63 eV off come back in their order, with the shift to a hundredth."""
    own = standards("Cu", ENERGIES - 0.63, 0.3)
    order = ("Cu2O", "In", "CuO", "Cu")
    found = compare([own[name] for name in order], ENERGIES, library())
    assert found.names == order
    assert found.shift == pytest.approx(-0.63, abs=0.01)
    assert (found.matched > 0.999).all()
    assert (found.margins > 0.0).all()
    rows = np.arange(4)
    assert found.unshifted[rows, found.matches][[0, 2]].max() < 0.97


def test_no_shift_where_none_is_allowed() -> None:
    """With a range of 0 both tables are one."""
    own = standards("Cu", ENERGIES - 0.63, 0.3)
    found = compare([own["CuO"]], ENERGIES, library(), max_shift=0.0)
    assert found.shift == 0.0
    np.testing.assert_array_equal(found.correlations, found.unshifted)


def test_one_shift_for_all_keeps_kindred_oxides_apart() -> None:
    """A component alone may be pushed 2.7 eV to its kin; all together they may not."""
    own = standards("Cu", ENERGIES, 0.3)
    found = compare([own["Cu2O"], own["CuO"]], ENERGIES, library(), max_shift=3.0)
    assert found.names == ("Cu2O", "CuO")
    assert abs(found.shift) < 0.02


def test_more_components_than_standards_and_fewer() -> None:
    """What has no partner is said to have none; a lone standard leaves no margin."""
    own = standards("Cu", ENERGIES, 0.3)
    found = compare([own["Cu"], own["CuO"]], ENERGIES, {"CuO": own["CuO"]})
    assert found.names == (None, "CuO")
    assert np.isnan(found.matched[0])
    assert np.isnan(found.margins).all()


def test_standards_that_do_not_reach_the_stack_have_no_correlation() -> None:
    """Titanium at the copper edge."""
    own = standards("Cu", ENERGIES, 0.3)
    titanium = np.linspace(450.0, 470.0, 50)
    found = compare([own["CuO"]], ENERGIES, {"Ti": (titanium, np.sin(titanium)), "CuO": own["CuO"]})
    assert np.isnan(found.correlations[0, 0])
    assert found.names == ("CuO",)


def test_a_yield_that_falls_with_energy_changes_nothing() -> None:
    """What was emitted before the edge is no feature: oxides on a slope are named, and a metal without edges, too."""
    own = standards("Cu", ENERGIES + 0.4, 0.3)
    fall = 1.0 - 0.018 * (ENERGIES - 925.0)
    spectra = [fall * own["In"], fall + 0.4 * own["CuO"], fall + 0.55 * own["Cu2O"] + 0.01 * own["CuO"]]
    found = compare(spectra, ENERGIES, library())
    assert found.names == ("In", "CuO", "Cu2O")
    assert found.shift == pytest.approx(0.4, abs=0.02)
    assert found.matched.min() > 0.998


def test_what_is_wrong_with_a_library_is_said() -> None:
    """Nothing in it, lengths that differ, values that are none; a falling axis is turned."""
    with pytest.raises(ValueError, match="holds no standards"):
        read_standards({}, ENERGIES)
    with pytest.raises(ValueError, match=r"'CuO'.*\(120,\).*\(3,\)"):
        read_standards({"CuO": [1.0, 2.0, 3.0]}, ENERGIES)
    with pytest.raises(ValueError, match="'CuO' holds values that are not finite"):
        read_standards({"CuO": np.full(120, np.nan)}, ENERGIES)
    own, values = read_standards({"CuO": (ENERGIES[::-1], ENERGIES[::-1])}, ENERGIES)["CuO"]
    np.testing.assert_array_equal(own, ENERGIES)
    np.testing.assert_array_equal(values, ENERGIES)


def test_measured_copper_oxide_is_named() -> None:
    """A spectrum of another laboratory, 0.6 eV off, is CuO."""
    folder = Path(os.environ.get("BEAMPILOT_REAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
    file = folder / "cuo-cu-l23-xas.csv"
    if not file.exists():
        pytest.skip(f"measured spectrum not found: {file} (set BEAMPILOT_REAL_DATA)")
    with file.open(encoding="utf-8") as lines:
        rows = np.array([[float(cell) for cell in row] for row in list(csv.reader(lines))[1:]])
    measured = np.interp(ENERGIES, rows[:, 0], rows[:, 1])
    found = compare([measured], ENERGIES, library())
    assert found.names == ("CuO",)
    assert found.shift == pytest.approx(0.6, abs=0.1)
    assert found.matched[0] > 0.97
    assert found.unshifted[0, 0] < 0.8
