"""Stacks against the truth that they come with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.errors import SimulatorError
from simulators.peem.emission import WINDOWS, emitted
from simulators.peem.presets import DIFFICULTIES, ENERGIES, PRESETS, SHAPE, preset
from simulators.peem.sample import Sample
from simulators.peem.scene import Conditions, Scene
from simulators.peem.stack import Stack, simulate_stack

SMALL = (40, 46)


def even(shape: tuple[int, int], *fractions: float) -> Sample:
    """A sample that is the same everywhere."""
    maps = np.ones((3, *shape)) * np.array(fractions)[:, None, None]
    return Sample(("CuO", "Cu2O", "In"), maps, np.ones(shape))


def expected(stack: Stack, dose: float) -> np.ndarray:
    """Frames without noise, drift and dark counts, as the truth has it, shape (energy, y, x)."""
    truth = stack.truth
    mixed = np.tensordot(truth.spectra.T, truth.abundances, axes=1) * truth.emission * truth.illumination
    reference = (truth.emission * truth.illumination).mean()
    return dose / reference * truth.i0[:, None, None] * mixed


@pytest.mark.parametrize("name", PRESETS)
def test_frames_are_what_the_truth_says(name: str) -> None:
    """Without drift: χ² per pixel and frame is 1, and the dose is the mean count."""
    made = preset(name, drift=0.0, dark_rate=0.0)
    energies = made.energies(24)
    stack = simulate_stack(made.sample(SMALL, 5), energies, made.conditions, 5)
    model = expected(stack, made.conditions.dose)
    assert stack.frames.shape == (24, *SMALL)
    assert stack.frames.dtype == np.uint16
    chi_square = ((stack.frames - model) ** 2 / model).mean()
    assert chi_square == pytest.approx(1.0, abs=5.0 * np.sqrt(2.0 / model.size))
    assert (stack.frames / stack.truth.i0[:, None, None]).mean() == pytest.approx(made.conditions.dose, rel=0.03)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(PRESETS), st.sampled_from(DIFFICULTIES), st.sampled_from([3, 4]))
def test_truth_is_consistent(seed: int, name: str, difficulty: str, components: int) -> None:
    """Abundances are fractions, spectra have mean 1 over the window, relative maps have mean 1."""
    truth = preset(name, difficulty, components).stack((12, 14), seed).truth
    assert len(truth.components) == components == len(truth.spectra) == len(truth.standards)
    assert truth.abundances.min() >= 0.0
    np.testing.assert_allclose(truth.abundances.sum(axis=0), 1.0, atol=1e-12)
    np.testing.assert_allclose(truth.spectra.mean(axis=1), 1.0, atol=0.02)
    assert truth.spectra.min() > 0.0
    assert truth.illumination.mean() == pytest.approx(1.0)
    assert truth.emission.mean() == pytest.approx(1.0)
    assert truth.energies.shape == truth.i0.shape == (ENERGIES,)


def test_a_seed_is_an_experiment() -> None:
    """The same again to the last count; another sample and other noise with another seed."""
    made = preset("cu")
    one, same, other = (made.stack(SMALL, seed, made.energies(6)) for seed in (8, 8, 9))
    for attribute in ("frames", "i0", "dark", "flat"):
        np.testing.assert_array_equal(getattr(one, attribute), getattr(same, attribute))
        assert not np.array_equal(getattr(one, attribute), getattr(other, attribute))


def test_drift_registers_back() -> None:
    """Displaced by minus the truth's drift, the frames are those of a sample that does not drift."""
    made = preset("cu", dose=1e4, drift=2.0, shading=0.0, dark_rate=0.0, fluctuation=0.0)
    sample, energies = made.sample((64, 72), 3), np.full(8, 931.5)
    conditions = replace(made.conditions, frame_time=60.0)
    moving = simulate_stack(sample, energies, conditions, 3)
    assert np.abs(moving.truth.displacements).max() > 1.0
    steady = expected(moving, conditions.dose)
    inner = (slice(16, -16), slice(16, -16))
    ky, kx = np.fft.fftfreq(64)[:, None], np.fft.fftfreq(72)[None, :]
    for frame, (dy, dx), model in zip(moving.frames, moving.truth.displacements, steady, strict=True):
        back = np.fft.ifft2(np.fft.fft2(frame) * np.exp(2j * np.pi * (ky * dy + kx * dx))).real
        unmoved = np.corrcoef(frame[inner].ravel(), model[inner].ravel())[0, 1]
        assert np.corrcoef(back[inner].ravel(), model[inner].ravel())[0, 1] > max(0.999, unmoved - 1e-3)
        assert (back[inner] / model[inner]).mean() == pytest.approx(1.0, abs=0.01)


def test_light_decays_and_is_topped_up() -> None:
    """The monitor sees an exponential decay with a step at each refill, and so do the frames."""
    conditions = Conditions(
        beam_lifetime=100.0, top_up=30.0, fluctuation=0.0, transmission=0.0, dark_rate=0.0, drift=0.0
    )
    stack = simulate_stack(even((30, 30), 0.2, 0.3, 0.5), np.full(36, 940.0), conditions, 1)
    ratios = stack.i0[1:] / stack.i0[:-1]
    refills = np.arange(11, 35, 12)
    np.testing.assert_allclose(np.delete(ratios, refills), np.exp(-2.5 / 100.0), rtol=6e-3)
    np.testing.assert_allclose(ratios[refills], np.exp(27.5 / 100.0), rtol=6e-3)
    light = stack.frames.mean(axis=(1, 2))
    np.testing.assert_allclose(light / stack.i0, (light / stack.i0).mean(), rtol=0.02)


def test_dark_and_flat_take_the_instrument_out() -> None:
    """What is left of an even sample is even."""
    conditions = Conditions(dose=2000.0, dark_rate=50.0, drift=0.0)
    stack = simulate_stack(even(SMALL, 0.5, 0.3, 0.2), np.linspace(925, 945, 10), conditions, 4)
    assert stack.dark.mean() == pytest.approx(100.0, rel=0.01)
    corrected = (stack.frames - stack.dark) / stack.flat
    spread = corrected.std(axis=(1, 2)) / corrected.mean(axis=(1, 2))
    assert spread.max() < 0.04
    assert (stack.frames.std(axis=(1, 2)) / stack.frames.mean(axis=(1, 2))).min() > 0.08


def test_an_energy_offset_shifts_the_spectra() -> None:
    """The monochromator reads 0.6 eV less than the light has."""
    energies = np.linspace(926.0, 944.0, 50)
    shifted, plain = (
        Scene.draw(even((4, 4), 0.5, 0.3, 0.2), Conditions(energy_offset=offset), 0) for offset in (0.6, 0.0)
    )
    np.testing.assert_array_equal(shifted.spectra(energies), plain.spectra(energies + 0.6))


@pytest.mark.parametrize("edge", WINDOWS)
def test_the_substrate_has_no_edge(edge: str) -> None:
    """Its spectrum is smooth; the oxides' rise at theirs."""
    energies = np.linspace(*WINDOWS[edge], 200)
    names = {"Cu": ("CuO", "In"), "Mn": ("MnO", "In"), "Ti": ("Ti2O3", "In")}[edge]
    oxide, metal = emitted(edge, names, energies)
    assert np.abs(np.diff(metal, 2)).max() < 1e-4
    assert oxide.max() / oxide[0] > 1.15


def test_a_stack_of_the_full_size_by_default() -> None:
    """More than 300,000 spectra of 120 energies."""
    assert SHAPE[0] * SHAPE[1] == 307200
    assert ENERGIES == 120
    assert preset().sample().shape == SHAPE


def test_mistakes_are_named() -> None:
    """Each says what is allowed."""
    sample = even((4, 4), 0.5, 0.3, 0.2)
    with pytest.raises(SimulatorError, match="row of finite"):
        simulate_stack(sample, [930.0, np.nan])
    with pytest.raises(SimulatorError, match="row of finite"):
        simulate_stack(sample, [])
    with pytest.raises(SimulatorError, match="no component 'CuO' at the Mn edge"):
        simulate_stack(sample, [640.0], Conditions(edge="Mn"))
    with pytest.raises(SimulatorError, match="choose one of Cu, Mn, Ti"):
        simulate_stack(sample, [640.0], Conditions(edge="Fe"))
    with pytest.raises(SimulatorError, match="dose"):
        Conditions(dose=0.0)
    with pytest.raises(SimulatorError, match="drift"):
        Conditions(drift=-1.0)
    for wrong, words in (
        ({"name": "fe"}, "choose one of cu, mn, ti"),
        ({"difficulty": "absurd"}, "easy, default, hard"),
        ({"components": 7}, "3 or 4"),
        ({"dosis": 3.0}, "unknown conditions dosis"),
    ):
        with pytest.raises(SimulatorError, match=words):
            preset(**wrong)
