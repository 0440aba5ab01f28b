"""The store of a growing stack against the stack itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.unmixing.columns import BUFFER, Bins, ColumnStore

Floats = NDArray[np.float64]


def low_rank(seed: int, m: int = 60, shape: tuple[int, int] = (30, 40), rank: int = 3) -> Floats:
    """Noiseless frames (m, y, x) of a few components."""
    rng = np.random.default_rng(seed)
    maps = rng.uniform(0.1, 1.0, (rank, *shape))
    return 50.0 * np.tensordot(rng.uniform(0.1, 1.0, (m, rank)), maps, axes=1)


def stored(frames: Floats, energies: Floats, **options: object) -> ColumnStore:
    """A store with these frames."""
    store = ColumnStore(frames.shape[1:], 8, **options)
    for frame, energy in zip(frames, energies, strict=True):
        store.append(frame.astype(np.float32).ravel(), float(energy))
    return store


def rebuilt(store: ColumnStore) -> Floats:
    """Frames (m, n) that the store stands for."""
    data = store.compressed(full=True)
    return (data.coordinates.T @ (data.basis / store.scale())).T


def test_frames_of_few_components_are_kept_whole() -> None:
    """However many come, in however little memory."""
    frames = low_rank(0)
    store = stored(frames, np.arange(60.0))
    expected = frames.reshape(60, -1)
    np.testing.assert_allclose(rebuilt(store), expected, atol=2e-3 * expected.max())


def test_memory_does_not_grow_with_the_number_of_energies() -> None:
    """But for a few numbers per energy; it is that of a fixed number of frames."""
    frames = low_rank(1, m=120, shape=(200, 240))
    few, many = stored(frames[:40], np.arange(40.0)), stored(frames, np.arange(120.0))
    assert many.nbytes - few.nbytes < 120 * 8 * (8 + BUFFER) + 1
    assert many.nbytes < 1.3 * 4 * (8 + BUFFER) * frames[0].size


def test_noise_is_what_is_lost() -> None:
    """The values beyond those kept add up to the noise that was left out."""
    rng = np.random.default_rng(2)
    frames = low_rank(2, shape=(60, 70))
    counts = rng.poisson(frames)
    store = stored(counts.astype(float), np.arange(60.0))
    data, scale = store.compressed(full=True), store.scale()
    total = float((scale[:, None] ** 2 * counts.reshape(60, -1) ** 2.0).sum())
    assert data.values.sum() == pytest.approx(total, rel=1e-5)
    noise = float((scale**2 * counts.reshape(60, -1).sum(axis=1)).sum())
    assert data.values[3:].sum() == pytest.approx(noise * (1 - 3 / 60), rel=0.02)
    signal = frames.reshape(60, -1)
    assert np.linalg.norm(rebuilt(store) - signal) < 0.5 * np.linalg.norm(counts.reshape(60, -1) - signal)


def test_frames_of_one_energy_are_averaged() -> None:
    """Whether the first of them is still there as it was or has been compressed."""
    frames = low_rank(3)
    energies = np.arange(60.0)
    store = stored(np.concatenate([frames, frames[[5, 5, 58]] + 6.0]), np.concatenate([energies, [5.0, 5.0, 58.0]]))
    assert len(store) == 60
    expected = frames.reshape(60, -1).copy()
    expected[5] += 4.0
    expected[58] += 3.0
    np.testing.assert_allclose(rebuilt(store), expected, atol=0.01 * expected.max())
    assert store.weights[[4, 5, 58]].tolist() == [1.0, 3.0, 2.0]


@given(factor=st.floats(0.8, 0.999))
@settings(max_examples=10, deadline=None)
def test_old_frames_weigh_less(factor: float) -> None:
    """Each by the factor to the power of its age."""
    store = stored(low_rank(4, m=20), np.arange(20.0), poisson=False, forgetting=factor)
    np.testing.assert_allclose(store.weights, factor ** np.arange(19, -1, -1))
    ratio = store.scale() / store.scale()[-1]
    np.testing.assert_allclose(ratio**2, store.weights)


@given(rows=st.integers(1, 200), columns=st.integers(1, 200))
@settings(max_examples=25, deadline=None)
def test_bins_keep_the_mean(rows: int, columns: int) -> None:
    """Each small pixel is the mean of its own; all of them cover the image."""
    image = np.random.default_rng(rows).uniform(size=(rows, columns))
    bins = Bins((rows, columns), most=500)
    small = bins(image.ravel()).reshape(bins.shape)
    size = -(-rows // bins.shape[0])
    assert small[0, 0] == pytest.approx(image[:size, :size].mean())
    assert small.size <= 1.5 * 500
    assert Bins((500,), most=500)(np.arange(500.0)).tolist() == list(range(500))
