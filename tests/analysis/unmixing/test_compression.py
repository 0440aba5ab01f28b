"""Stacks in the few dimensions that hold their signal."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.unmixing.compression import compress, compress_blocks, second_moments


def draw(n: int, m: int, rank: int, dtype: type = np.float64) -> np.ndarray:
    """Spectra of a given rank."""
    rng = np.random.default_rng(0)
    return (rng.uniform(size=(n, rank)) @ rng.uniform(size=(rank, m))).astype(dtype)


@pytest.mark.parametrize("n", [500, 20])
def test_data_of_low_rank_are_kept_exactly(n: int) -> None:
    """More spectra than energies and fewer come back from as many dimensions as they have."""
    X = draw(n, 40, 3)
    data = compress(X, 3)
    assert data.shape == (n, 40)
    np.testing.assert_allclose(data.coordinates.T @ data.basis, X, atol=1e-6)
    np.testing.assert_allclose(data.basis @ data.basis.T, np.eye(3), atol=1e-10)


@pytest.mark.parametrize("n", [500, 20])
def test_values_are_the_squared_singular_values(n: int) -> None:
    """What was left out can be read from them."""
    X = np.random.default_rng(1).normal(size=(n, 40))
    data = compress(X, 4)
    singular = np.linalg.svd(X, compute_uv=False)
    np.testing.assert_allclose(data.values, singular**2, rtol=1e-8)
    lost = np.square(X - data.coordinates.T @ data.basis).sum()
    np.testing.assert_allclose(lost, data.values[4:].sum(), rtol=1e-8)


def test_products_are_those_of_the_data() -> None:
    """Compressed data multiply as the data do."""
    X = draw(300, 40, 5, np.float32)
    data = compress(X, 5)
    rng = np.random.default_rng(2)
    H, W = rng.uniform(size=(3, 40)), rng.uniform(size=(3, 300)).astype(np.float32)
    np.testing.assert_allclose(data.times_components(H), H @ X.T, rtol=1e-4)
    np.testing.assert_allclose(data.times_weights(W), W @ X, rtol=1e-4)


def test_factors_on_energies_and_pixels_scale_the_data() -> None:
    """Compressing with factors is compressing scaled data."""
    X = draw(300, 40, 5)
    rng = np.random.default_rng(3)
    columns, rows = rng.uniform(0.5, 2.0, 40), rng.uniform(0.5, 2.0, 300)
    data = compress(X, 5, columns, rows)
    np.testing.assert_allclose(data.coordinates.T @ data.basis, X * columns * rows[:, None], atol=1e-6)
    np.testing.assert_allclose(
        second_moments(X, columns, rows), (X * columns * rows[:, None]).T @ (X * columns * rows[:, None])
    )


def test_blocks_give_what_the_whole_gives() -> None:
    """Spectra that come in blocks of any size lead to the same dimensions."""
    X = draw(900, 40, 4, np.float32)
    columns = np.linspace(0.5, 1.5, 40)
    whole = compress(X, 4, columns)
    parts = compress_blocks(lambda: iter(np.split(X, [100, 350])), 900, 4, columns)
    np.testing.assert_allclose(parts.coordinates.T @ parts.basis, whole.coordinates.T @ whole.basis, atol=1e-3)
    np.testing.assert_allclose(parts.values[:4], whole.values[:4], rtol=1e-4)
