"""A stack in, spectra and maps out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from analysis.unmixing import Unmixing, unmix
from simulators.peem.presets import preset
from simulators.peem.stack import Stack
from simulators.peem.standards import standards

SHAPE = (64, 72)


@pytest.fixture(scope="module")
def stack() -> Stack:
    """Copper oxides on indium, counted, without drift."""
    return preset("cu", drift=0.0).stack(SHAPE, 1, np.linspace(925.0, 945.0, 80))


@pytest.fixture(scope="module")
def result(stack: Stack) -> Unmixing:
    """What is made of it with nothing told."""
    return unmix(stack.frames, stack.energies, i0=stack.i0, dark=stack.dark)


def matched(stack: Stack, result: Unmixing) -> SimpleNamespace:
    """Correlations with the true spectra, and the components' order."""
    truth = stack.truth.spectra
    correlations = np.corrcoef(truth, result.spectra)[: len(truth), len(truth) :]
    rows, columns = linear_sum_assignment(-correlations)
    return SimpleNamespace(correlations=correlations[rows, columns], order=columns)


def test_spectra_are_the_true_ones(stack: Stack, result: Unmixing) -> None:
    """As many as there are, each like its own."""
    assert result.n_components == 3
    assert matched(stack, result).correlations.min() > 0.98
    np.testing.assert_allclose(result.spectra.mean(axis=1), 1.0)


def test_maps_are_the_true_ones(stack: Stack, result: Unmixing) -> None:
    """Fractions, within some hundredths even of a small image."""
    maps = result.abundances[matched(stack, result).order]
    assert np.abs(maps - stack.truth.abundances).mean() < 0.04
    assert result.abundances.min() >= 0.0
    np.testing.assert_allclose(result.abundances.sum(axis=0), 1.0, atol=1e-5)
    assert result.intensity.shape == SHAPE


def test_the_choice_is_told(result: Unmixing) -> None:
    """What was chosen is the best of what was tried."""
    scores = [trial.score for trial in result.choice.trials]
    assert scores == sorted(scores, reverse=True)
    assert result.choice.recipe == result.choice.trials[0].recipe
    assert len({trial.recipe.background for trial in result.choice.trials}) == 4
    assert 0.0 <= result.choice.certainty <= 1.0
    assert result.correlations.shape == (3, 0)
    assert result.names == (None, None, None)


def test_bands_change_nothing(stack: Stack, result: Unmixing) -> None:
    """A stack read in bands of a few rows gives what one in memory gives."""
    recipe = result.choice.recipe
    banded, whole = (
        unmix(
            stack.frames,
            stack.energies,
            n_components=recipe.n_components,
            i0=stack.i0,
            dark=stack.dark,
            background=recipe.background,
            method=recipe.method,
            memory=memory,
        )
        for memory in (2_000_000, 256_000_000)
    )
    np.testing.assert_allclose(banded.spectra, whole.spectra, rtol=1e-3)
    np.testing.assert_allclose(banded.abundances, whole.abundances, atol=5e-3)


def test_components_are_named_on_another_scale(stack: Stack) -> None:
    """With a library 0.4 eV off, names and shift are found."""
    axis = np.linspace(920.0, 950.0, 400)
    library = {name: (axis, values) for name, values in standards("Cu", axis + 0.4, 0.3).items()}
    found = unmix(
        stack.frames, stack.energies, library, 3, i0=stack.i0, dark=stack.dark, background="none", method="corners"
    )
    assert set(found.names) == {"CuO", "Cu2O", "In"}
    assert found.comparison is not None
    assert found.comparison.shift == pytest.approx(-0.4, abs=0.1)
    assert found.correlations.shape == (3, 4)


def test_energies_that_are_missing_are_interpolated(stack: Stack) -> None:
    """A frame of zeros costs one energy, and spectra still cover all."""
    frames = stack.frames.copy()
    frames[40] = 0
    found = unmix(
        frames, stack.energies, n_components=3, i0=stack.i0, dark=stack.dark, background="none", method="corners"
    )
    assert found.spectra.shape == (3, 80)
    assert any("nothing but zeros" in repair for repair in found.repairs)


def test_progress_rises_to_the_end(stack: Stack) -> None:
    """Each stage is told of, and ends at 1."""
    told: list[tuple[str, float]] = []
    unmix(
        stack.frames,
        stack.energies,
        n_components=3,
        background="none",
        method="corners",
        progress=lambda stage, part: told.append((stage, part)),
    )
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages == ["looking", "choosing", "compressing", "unmixing"]
    for stage in stages:
        assert [part for name, part in told if name == stage][-1] == 1.0


def test_what_cannot_be_unmixed_is_refused(stack: Stack) -> None:
    """More components than pixels or energies, too few pixels, no signal, ω out of range."""
    frames, energies = stack.frames, stack.energies
    with pytest.raises(ValueError, match="6 components cannot be found in 4 pixels"):
        unmix(frames[:, :2, :2], energies, n_components=6)
    with pytest.raises(ValueError, match="2 pixels are too few"):
        unmix(frames[:, :1, :2], energies)
    with pytest.raises(ValueError, match="no signal above 0"):
        unmix(frames, energies, dark=60000.0)
    with pytest.raises(ValueError, match="omega must be between 0 and 1"):
        unmix(frames, energies, omega=1.5)


def test_few_pixels_are_unmixed_all_the_same(stack: Stack) -> None:
    """Twelve spectra give some result, of finite numbers."""
    found = unmix(stack.frames[:, :3, :4], stack.energies, n_components=2, i0=stack.i0)
    assert np.isfinite(found.spectra).all()
    assert np.isfinite(found.abundances).all()
