"""Choosing a recipe."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.choose import choose
from simulators.peem.presets import preset
from simulators.peem.standards import standards

ENERGIES = np.linspace(925.0, 945.0, 80)


def image(components: int = 3, seed: int = 1) -> np.ndarray:
    """Spectra of an image with little noise, shape (y, x, m)."""
    stack = preset("cu", components=components, drift=0.0, dose=400.0).stack((48, 56), seed, ENERGIES)
    light = (stack.frames - stack.dark) / stack.i0[:, None, None]
    return np.moveaxis(light, 0, -1)


@pytest.mark.parametrize("components", [3, 4])
def test_the_number_of_components_is_found(components: int) -> None:
    """Without being told, by the dimensions that differ between pixels."""
    choice = choose(image(components), ENERGIES, methods=("corners",), backgrounds=("none",))
    assert choice.recipe.n_components == components
    assert (choice.strengths >= 0.03).sum() == components - 1


def test_only_what_is_allowed_is_tried() -> None:
    """A given number, background, method and weight are kept."""
    choice = choose(image(), ENERGIES, n_components=2, backgrounds=("line",), omegas=(0.1,), methods=("nmf-so",))
    assert {trial.recipe.omega for trial in choice.trials} == {0.1}
    assert {(t.recipe.n_components, t.recipe.background, t.recipe.method) for t in choice.trials} == {
        (2, "line", "nmf-so")
    }


def test_a_library_decides_where_there_is_one() -> None:
    """The chosen recipe is among those whose spectra resemble the standards most."""
    library = {name: (ENERGIES, values) for name, values in standards("Cu", ENERGIES, 0.3).items()}
    choice = choose(image(), ENERGIES, standards=library, methods=("corners", "nmf-so"), omegas=(0.0,))
    correlations = np.array([trial.correlation for trial in choice.trials])
    assert np.isfinite(correlations).all()
    assert correlations[0] > np.median(correlations)


def test_an_image_too_small_to_be_divided_has_no_certainty() -> None:
    """It is not made up."""
    choice = choose(image()[:20, :20], ENERGIES, n_components=2, backgrounds=("none",), methods=("corners",))
    assert np.isnan(choice.certainty)


@pytest.mark.parametrize(("dose", "certainty"), [(400.0, 1.0), (1.0, 0.0)])
def test_certainty_is_whether_parts_lead_to_the_same_components(dose: float, certainty: float) -> None:
    """They do where there is light enough, and do not in noise."""
    stack = preset("cu", components=3, drift=0.0, dose=dose).stack((48, 56), 1, ENERGIES)
    light = np.moveaxis((stack.frames - stack.dark) / stack.i0[:, None, None], 0, -1)
    assert choose(light, ENERGIES, backgrounds=("none",), methods=("corners",)).certainty == certainty
