"""Images that can be trusted, and others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.detection.quality import across, find_flaw, line_correlations
from simulators.stm import preset
from simulators.stm.recording import RecordingStyle, record


@pytest.fixture(scope="module")
def sound() -> list[NDArray[np.float32]]:
    """Images taken with one tip each."""
    twin = preset("default", changes=0.0, flicker=0.0)
    return [image.height for image in twin.images(range(9000, 9006), (128, 128))]


def test_sound_images_pass(sound: list[NDArray[np.float32]]) -> None:
    """Noise, tilt, steps and clusters are no flaws."""
    assert [find_flaw(image).text for image in sound] == [""] * len(sound)


def test_blank_images() -> None:
    """Constant, missing, or not whole."""
    assert find_flaw(np.full((64, 64), 3.0)).kind == "blank"
    assert find_flaw(np.full((64, 64), np.nan)).kind == "blank"
    half = np.random.default_rng(0).normal(size=(64, 64))
    half[40:] = np.nan
    assert find_flaw(half).text == "blank: 24 of 64 lines are missing"


@pytest.mark.parametrize("seed", range(5))
def test_a_feedback_that_lost_the_surface(seed: int) -> None:
    """Only noise, offsets, tilt and the mains are left."""
    image = record(np.zeros((128, 128)), 1.5, RecordingStyle(), np.random.default_rng(seed))
    assert find_flaw(image).kind == "noise"


def test_a_tip_that_jumps(sound: list[NDArray[np.float32]]) -> None:
    """Its line is told, from 0."""
    jumped = sound[0].copy()
    jumped[70:] += 8.0
    found = find_flaw(jumped)
    assert (found.kind, found.line) == ("tip change", 70)
    assert "line 70" in found.text


def test_a_tip_that_shows_another_place(sound: list[NDArray[np.float32]]) -> None:
    """As when another end takes over: what follows is displaced, and the lines have nothing in common."""
    lines = []
    for image in sound:
        moved = image.copy()
        moved[50:] = np.roll(moved[50:], 9, axis=1)
        lines.append(find_flaw(moved).line)
    assert set(lines) <= {-1, 49, 50, 51}
    assert lines.count(-1) < len(sound), "not all changes leave a break, but some do"


def test_correlation_of_lines() -> None:
    """1 for equal lines, -1 for opposite ones, 0 for a constant one."""
    wave = np.sin(np.arange(40.0))
    wave -= wave.mean()
    image = np.stack([wave, 2.0 * wave + 5.0, -wave, np.zeros(40)])
    np.testing.assert_allclose(line_correlations(image), [1.0, -1.0, 0.0], atol=1e-12)


def test_a_disturbed_line_is_no_change() -> None:
    """The lines around it are alike; those on either side of a change are not."""
    rng = np.random.default_rng(3)
    wave = np.sin(np.arange(60.0))
    image = np.stack([wave] * 12) + 0.01 * rng.normal(size=(12, 60))
    image[4] = rng.normal(size=60)
    assert across(image).min() > 0.9
    image[8:] = np.cos(np.arange(60.0))
    assert int(np.argmin(across(image))) == 7
    assert across(image)[7] < 0.3
