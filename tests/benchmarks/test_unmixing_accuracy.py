"""How the study of unmixing judges."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.measured_oxide import OFFSET, measured_emission, measured_stack, read_measured
from benchmarks.unmixing_accuracy import places, quality, rivals, spectra_rows, stretched
from simulators.peem.presets import preset
from simulators.peem.stack import Stack


@pytest.fixture(scope="module")
def stack() -> Stack:
    """A small stack with few energies."""
    return preset("cu", drift=0.0).stack((32, 36), 0, np.linspace(925.0, 945.0, 40))


def test_the_truth_itself_is_perfect_in_any_order(stack: Stack) -> None:
    """Components are matched one to one."""
    order = [2, 0, 1]
    one = quality(stack, stack.truth.spectra[order], stack.truth.abundances[order])
    np.testing.assert_allclose(one.correlations, 1.0)
    assert one.error == one.interfaces == 0.0


def test_a_wrong_number_of_components_is_no_success(stack: Stack) -> None:
    """A component without a partner has correlation 0, and there is no error of maps."""
    one = quality(stack, stack.truth.spectra[:2], stack.truth.abundances[:2])
    assert one.correlations[2] == 0.0
    assert np.isnan(one.error)
    row = spectra_rows("cu, 3", stack.truth.components, [one])[2]
    assert row[1:5] == ("In", "0.0000", "0.0000", "0 of 1")
    assert row[5] == "–"


def test_errors_count_where_there_is_light(stack: Stack) -> None:
    """Pixels below 5 % of the maximum do not."""
    bright, interface = places(stack)
    assert bright.all()
    assert 0.05 < interface.mean() < 0.9
    maps = stack.truth.abundances + 0.1 * interface
    one = quality(stack, stack.truth.spectra, maps)
    assert one.interfaces == pytest.approx(0.1)
    assert one.error == pytest.approx(0.1 * interface.mean())


def test_scores_are_stretched_to_fractions() -> None:
    """Of sum 1, between 0 and 1."""
    maps = stretched(np.random.default_rng(0).normal(size=(3, 1000)))
    np.testing.assert_allclose(maps.sum(axis=0), 1.0, atol=1e-6)
    assert maps.min() >= 0.0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_all_methods_compete(stack: Stack) -> None:
    """Each gives spectra and maps, as many as there are."""
    found = dict(rivals(stack, "line"))
    assert list(found) == ["PCA", "ICA", "plain NMF", "corners", "nmf-so", "minimum volume"]
    assert all(one.found == 3 and np.isfinite(one.error) for one in found.values())


def test_the_measured_oxide_takes_its_place() -> None:
    """Its line lies where the measured one does on the stack's own scale, and nothing else is moved."""
    try:
        axis, values = read_measured()
    except FileNotFoundError:
        pytest.skip("measured spectrum not found: set BEAMPILOT_REAL_DATA")
    top = float(axis[values.argmax()])
    energies = np.linspace(927.0, 935.0, 801)
    assert energies[measured_emission(energies).argmax()] == pytest.approx(top, abs=0.05)
    made = measured_stack((20, 24), 0, 0.3)
    spectrum = made.truth.spectra[0]
    assert made.energies[spectrum.argmax()] == pytest.approx(top + OFFSET - 0.3, abs=0.2)
