"""Ways to unmix."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from analysis.unmixing.compression import compress
from analysis.unmixing.recipes import METHODS, Method, Recipe, Start, dimension_shares, follow, maps_of, variation_of

SHAPE = (30, 40)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """An image of two kinds of grains on a substrate, shape (pixels, energies), and the spectra."""
    rng = np.random.default_rng(0)
    axis = np.arange(60)
    H = np.array([1.0 + np.exp(-0.5 * (axis - c) ** 2 / 9.0) for c in (20, 36)] + [1.0 - 0.01 * axis])
    H /= H.mean(axis=1, keepdims=True)
    y, x = np.mgrid[:30, :40]
    cover = [1.0 / (1.0 + np.exp(np.hypot(y - 15, x - c) - 8.0)) for c in (10, 28)]
    W = np.array([cover[0], cover[1], 1.0 - cover[0] - cover[1]]).reshape(3, -1).T
    return rng.poisson(200.0 * W @ H).astype(float), H


@pytest.mark.parametrize("start", get_args(Start))
@pytest.mark.parametrize("method", METHODS)
def test_every_recipe_gives_spectra_strongest_first(
    data: tuple[np.ndarray, np.ndarray], method: Method, start: Start
) -> None:
    """Of unit sum, not negative, on scaled data as on plain ones."""
    X, _ = data
    scale = np.linspace(0.8, 1.2, 60)
    compressed = compress(X, 9, scale)
    H = follow(Recipe(3, "none", method, start, 0.1), compressed, scale, SHAPE)
    np.testing.assert_allclose(H.sum(axis=1), 1.0)
    assert (H >= 0.0).all()
    strength = maps_of(compressed, H, scale).sum(axis=1)
    assert (np.diff(strength) <= 0.0).all()


def test_corners_find_the_grains(data: tuple[np.ndarray, np.ndarray]) -> None:
    """Spectra and maps."""
    X, truth = data
    compressed = compress(X, 9)
    H = follow(Recipe(3, "none", "corners"), compressed, np.ones(60), SHAPE)
    assert np.corrcoef(truth, H)[:3, 3:].max(axis=1).min() > 0.99
    maps = maps_of(compressed, H, np.ones(60))
    np.testing.assert_allclose(maps.sum(axis=0), X.sum(axis=1), rtol=0.05)


def test_dimensions_of_noise_have_no_share(data: tuple[np.ndarray, np.ndarray]) -> None:
    """Three components make two further dimensions, and noise makes none."""
    X, _ = data
    scale = 1.0 / np.sqrt(X.mean(axis=0))
    shares = dimension_shares(compress(X, 60, scale))
    assert (shares > 0.03).tolist() == [True, True, *[False] * 6]
    assert shares.sum() == pytest.approx(1.0)
    noise = np.random.default_rng(1).poisson(100.0, (2000, 60)).astype(float)
    assert not dimension_shares(compress(noise, 60)).any()


def test_variation_is_what_differs_between_pixels(data: tuple[np.ndarray, np.ndarray]) -> None:
    """Next to none where all pixels are alike but for their brightness."""
    X, _ = data
    alike = np.random.default_rng(2).poisson(np.outer(np.linspace(50, 150, 1200), np.linspace(0.5, 1.5, 60)))
    assert variation_of(compress(alike.astype(float), 60)) < 0.2 * variation_of(compress(X, 60))
