"""Unmixing while energies arrive, against unmixing of the whole stack and against the truth."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.unmixing import OnlineNMF
from analysis.unmixing.compression import compress
from analysis.unmixing.identity import match_components
from analysis.unmixing.online_energies import EnergyNMF
from analysis.unmixing.recipes import Recipe, follow

Floats = NDArray[np.float64]
SHAPE = (64, 80)


def peaks(energies: Floats) -> Floats:
    """Three spectra with lines of their own on one edge, shape (3, m), of mean 1."""
    step = 0.5 + np.arctan((energies - 10.0) / 0.6) / np.pi
    lines = [np.exp(-0.5 * ((energies - place) / 0.7) ** 2) for place in (8.0, 11.0, 40.0)]
    spectra = np.array([1.0 + 0.3 * step + line for line in lines[:2]] + [1.0 - 0.01 * energies])
    return spectra / spectra.mean(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def stack() -> SimpleNamespace:
    """Two kinds of grains on a substrate, 60 energies, 200 counts per pixel."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    rng = np.random.default_rng(4)
    maps = np.zeros((3, *SHAPE))
    for kind in (0, 1):
        for _ in range(4):
            row, column, radius = rng.uniform(8, 56), rng.uniform(8, 72), rng.uniform(6, 10)
            maps[kind] += 1.0 / (1.0 + np.exp((np.hypot(y - row, x - column) - radius) / 0.8))
    maps[:2] /= np.maximum(maps[:2].sum(axis=0), 1.0)
    maps[2] = 1.0 - maps[:2].sum(axis=0)
    energies = np.linspace(0.0, 20.0, 60)
    expected = 200.0 * np.tensordot(peaks(energies).T, maps, axes=1)
    return SimpleNamespace(energies=energies, maps=maps, frames=rng.poisson(expected), spectra=peaks(energies))


def agreement(found: Floats, truth: Floats) -> Floats:
    """Pearson correlation of each true spectrum with its component."""
    order = match_components(truth - truth.mean(axis=1, keepdims=True), found - found.mean(axis=1, keepdims=True))
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(truth, found[order], strict=True)])


def streamed(model: EnergyNMF, stack: SimpleNamespace, order: NDArray[np.intp] | None = None) -> EnergyNMF:
    """Feed one frame after the other."""
    for place in range(len(stack.energies)) if order is None else order:
        model.take_in(stack.frames[place], float(stack.energies[place]))
    return model


def batch(stack: SimpleNamespace, recipe: Recipe) -> Floats:
    """Spectra from the whole stack at once."""
    X = stack.frames.reshape(len(stack.energies), -1).T.astype(np.float32)
    scale = 1.0 / np.sqrt(X.mean(axis=0, dtype=float))
    scale /= scale.mean()
    return follow(recipe, compress(X, 60, scale), scale, SHAPE)


@pytest.mark.parametrize(
    ("method", "start", "omega"), [("nmf-so", "svd", 0.0), ("nmf-so", "corners", 0.1), ("corners", "corners", 0.0)]
)
def test_a_stream_ends_where_a_batch_does(stack: SimpleNamespace, method: str, start: str, omega: float) -> None:
    """Spectra correlate ≥ 0.995 with those of the whole stack by the same recipe, component by component."""
    model = streamed(EnergyNMF(3, method=method, start=start, omega=omega, shape=SHAPE), stack)
    model.polish()
    assert agreement(model.spectra, batch(stack, Recipe(3, "none", method, start, omega))).min() >= 0.995


def test_the_truth_is_found_before_the_end(stack: SimpleNamespace) -> None:
    """Without looking at all pixels once more: spectra and maps of a running factorisation."""
    model = streamed(EnergyNMF(3, method="corners", shape=SHAPE), stack)
    assert agreement(model.spectra, stack.spectra).min() > 0.99
    maps = model.maps()
    np.testing.assert_allclose(maps.sum(axis=0), 1.0, atol=1e-5)
    flat = maps.reshape(3, -1)
    order = match_components(stack.maps.reshape(3, -1), flat)
    assert np.abs(flat[order] - stack.maps.reshape(3, -1)).mean() < 0.05
    assert model.preview().shape[0] == 3


@given(seed=st.integers(0, 1000))
@settings(max_examples=5, deadline=None)
def test_the_order_of_energies_does_not_matter(stack: SimpleNamespace, seed: int) -> None:
    """Energies come back rising, with the spectra that the rising scan gives."""
    order = np.random.default_rng(seed).permutation(60)
    rising, mixed = (EnergyNMF(3, method="corners", shape=SHAPE) for _ in range(2))
    streamed(rising, stack).polish()
    streamed(mixed, stack, order).polish()
    np.testing.assert_array_equal(mixed.energies, stack.energies)
    assert agreement(mixed.spectra, rising.spectra).min() > 0.999


def test_components_keep_their_places(stack: SimpleNamespace) -> None:
    """Through all fresh starts after the edge has told them apart."""
    model = EnergyNMF(3, method="corners", shape=SHAPE)
    before = None
    for place in range(60):
        model.take_in(stack.frames[place], float(stack.energies[place]))
        maps = model.preview().reshape(3, -1)
        maps = maps - maps.mean(axis=1, keepdims=True)
        if before is not None and place > 35:
            assert match_components(before, maps).tolist() == [0, 1, 2]
        before = maps


def test_the_monitor_tells_when_nothing_changes_any_more(stack: SimpleNamespace) -> None:
    """Not at the edge, but after the same energies have been seen again and again."""
    model = EnergyNMF(3, method="nmf-so", shape=SHAPE, tol=0.003)
    streamed(model, stack)
    at_edge = [step.change for step in model.history if 24 <= step.energies <= 30]
    assert max(at_edge) > 0.01
    for _ in range(2):
        streamed(model, stack)
    assert model.converged
    assert len(model.energies) == 60
    assert [step.energies for step in model.history][:60] == list(range(1, 61))


def test_a_sample_that_changes_is_followed_when_old_frames_are_forgotten(stack: SimpleNamespace) -> None:
    """After the grains have changed places, maps with forgetting are those of the new sample."""
    turned = SimpleNamespace(energies=stack.energies, frames=stack.frames[:, ::-1, ::-1])
    errors = []
    for forgetting in (0.97, 1.0):
        model = EnergyNMF(3, method="corners", shape=SHAPE, forgetting=forgetting)
        for part in (stack, turned, turned, turned):
            streamed(model, part)
        flat, truth = model.maps().reshape(3, -1), stack.maps[:, ::-1, ::-1].reshape(3, -1)
        errors.append(np.abs(flat[match_components(truth, flat)] - truth).mean())
    assert errors[0] < 0.06
    assert errors[0] < 0.5 * errors[1]


def test_bad_frames_are_repaired_or_left_out(stack: SimpleNamespace) -> None:
    """And said so; the result stays what it was."""
    frames = stack.frames.astype(float)
    frames[3, 10:20, 10:20] = np.nan
    frames[17] = 0.0
    frames[30] = np.nan
    frames[40, 5, 5] = np.inf
    model = streamed(
        EnergyNMF(3, method="corners", shape=SHAPE), SimpleNamespace(energies=stack.energies, frames=frames)
    )
    assert len(model.energies) == 58
    assert len(model.repairs) == 4
    assert "100 values" in model.repairs[0]
    assert "nothing but zeros" in model.repairs[1]
    keep = np.delete(np.arange(60), [17, 30])
    assert agreement(model.spectra, stack.spectra[:, keep]).min() > 0.98


@pytest.mark.parametrize(
    ("frames", "energies", "message"),
    [
        (np.ones((64, 81)), 1.0, "shape"),
        (np.ones((80, 64)), 1.0, r"\(80, 64\)"),
        (np.ones(SHAPE), np.nan, "finite"),
        (np.ones((2, *SHAPE)), [1.0, np.inf], "finite"),
        (np.ones((2, *SHAPE)), [1.0, 2.0, 3.0], "do not fit"),
        (np.full(SHAPE, "a"), 1.0, "real numbers"),
    ],
)
def test_wrong_frames_are_refused_and_nothing_is_lost(
    stack: SimpleNamespace, frames: Floats, energies: object, message: str
) -> None:
    """The stream goes on as if they had not come."""
    model = EnergyNMF(3, shape=SHAPE)
    model.take_in(stack.frames[:5], stack.energies[:5])
    before = model.spectra.copy()
    with pytest.raises(ValueError, match=message):
        model.take_in(frames, energies)
    np.testing.assert_array_equal(model.spectra, before)
    model.take_in(stack.frames[5], float(stack.energies[5]))
    assert len(model.energies) == 6


def test_a_list_of_frames_is_taken_in_whole_or_not_at_all() -> None:
    """One frame of another shape among good ones: none of them."""
    model = EnergyNMF(2)
    with pytest.raises(ValueError, match="begin a new stack"):
        model.take_in([np.ones((8, 8)), np.ones((8, 9))], [1.0, 2.0])
    assert model.take_in([np.ones((8, 9))] * 2, [1.0, 2.0]) == 2


def test_too_few_pixels_are_refused() -> None:
    """More components than pixels."""
    with pytest.raises(ValueError, match="3 components cannot be found in 2 pixels"):
        EnergyNMF(3).take_in(np.ones(2), 1.0)


def test_the_estimator_takes_energies_too(stack: SimpleNamespace) -> None:
    """Columns as scikit-learn has them, (n_samples, energies), and frames, give the same; new pixels are scored."""
    X = stack.frames.reshape(60, -1).T
    columns, frames = (OnlineNMF(3, method="corners", shape=SHAPE) for _ in range(2))
    for start in range(0, 60, 10):
        part = slice(start, start + 10)
        columns.partial_fit_energies(X[:, part], stack.energies[part])
        frames.partial_fit_energies(stack.frames[part], stack.energies[part])
    np.testing.assert_array_equal(columns.components_, frames.components_)
    assert columns.components_.shape == (3, 60)
    assert columns.n_features_in_ == 60
    np.testing.assert_array_equal(columns.energies_, stack.energies)
    columns.polish_energies()
    assert agreement(columns.components_, stack.spectra).min() > 0.99
    assert columns.maps_.shape == (3, *SHAPE)
    weights = columns.transform(X[:100])
    np.testing.assert_allclose(weights.sum(axis=1), X[:100].sum(axis=1), rtol=0.03)
    np.testing.assert_allclose(columns.inverse_transform(weights), weights @ columns.components_)
    assert len(columns.history_) == 6


def test_the_two_directions_are_not_mixed(stack: SimpleNamespace) -> None:
    """Each way of arriving needs its own estimator; fit begins anew."""
    patterns = np.random.default_rng(0).poisson(5.0, (20, 30)).astype(float)
    model = OnlineNMF(2).partial_fit(patterns)
    with pytest.raises(ValueError, match="holds patterns"):
        model.partial_fit_energies(patterns[:, :1], 1.0)
    model = OnlineNMF(2).partial_fit_energies(patterns[:, :4], np.arange(4.0))
    with pytest.raises(ValueError, match="grows by energies"):
        model.partial_fit(patterns)
    assert model.fit(patterns).components_.shape == (2, 30)
