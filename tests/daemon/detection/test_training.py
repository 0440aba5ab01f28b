"""Training from folders and twins, and what is kept of it."""

from __future__ import annotations

import csv
import errno
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from analysis.detection import Detector
from analysis.detection.training import Augmentation, Recipe, Sample, make_samples
from daemon.detection.training import STATE, WEIGHTS, draw_samples, train_detector
from daemon.errors import DiskFull, ScanError

CLASSES = ("low", "high")
RECIPE = Recipe(
    CLASSES, steps=6, batch=2, evaluate_every=2, warm_up=2, width=4, augmentation=Augmentation(size=48), seed=1
)


@dataclass(frozen=True, slots=True)
class Bumps:
    """A labelled image."""

    height: NDArray[np.float64]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    nm_per_pixel: float = 0.2
    classes: tuple[str, ...] = CLASSES


def bumps(seed: int) -> Bumps:
    """Four bumps of two heights."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64] + 0.5
    height = 0.1 * rng.normal(size=(64, 64))
    centres = np.array([[16, 16], [46, 18], [18, 46], [44, 44]]) + rng.uniform(-3, 3, (4, 2))
    labels = rng.integers(0, 2, 4)
    for (cx, cy), label in zip(centres, labels, strict=True):
        height += (1 + label) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 9)
    return Bumps(height, np.hstack([centres - 5, centres + 5]), labels)


class Scenario:
    """A twin of bumps."""

    def images(self, seeds: Iterable[int], *, scale: float = 1.0) -> Iterator[Bumps]:
        """Draw images."""
        return (replace(bumps(seed), height=scale * bumps(seed).height) for seed in seeds)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Prepared images."""
    torch.set_num_threads(1)
    return list(make_samples(map(bumps, range(8)), CLASSES))


def test_everything_is_kept(samples: list[Sample], tmp_path: Path) -> None:
    """Weights with their card, figures, state; and the weights load."""
    parts: list[tuple[str, float]] = []
    train_detector(
        RECIPE, samples[:6], samples[6:], tmp_path, data={"folder": "x"}, advance=lambda *said: parts.append(said)
    )
    assert parts[-1] == ("training", 1.0)
    assert {entry.name for entry in tmp_path.iterdir()} == {WEIGHTS, "detector.json", "metrics.csv", STATE}
    with (tmp_path / "metrics.csv").open() as opened:
        rows = list(csv.DictReader(opened))
    assert [row["step"] for row in rows] == ["2", "4", "6"]
    assert 0.0 <= float(rows[-1]["map50"]) <= 1.0
    card = json.loads((tmp_path / "detector.json").read_text())
    assert card["training"]["data"] == {"folder": "x"}
    assert card["training"]["recipe"]["seed"] == 1
    assert sum(card["training"]["clusters"].values()) == 24
    assert card["metrics"]["validation"]["images"] == 2
    loaded = Detector.load(tmp_path / WEIGHTS)
    assert loaded.classes == CLASSES
    assert len(loaded.detect(bumps(99).height, 0.2, score=0.0)) >= 0


def test_an_interrupted_training_goes_on(samples: list[Sample], tmp_path: Path) -> None:
    """The table of figures has no gap and nothing twice, and the weights are the same."""

    class Interrupted(Exception):  # noqa: N818
        pass

    def stop(_: str, part: float) -> None:
        if part > 0.8:
            raise Interrupted

    train_detector(RECIPE, samples[:6], samples[6:], tmp_path / "whole")
    with pytest.raises(Interrupted):
        train_detector(RECIPE, samples[:6], samples[6:], tmp_path / "parts", advance=stop)
    assert not (tmp_path / "parts" / WEIGHTS).exists()
    train_detector(RECIPE, samples[:6], samples[6:], tmp_path / "parts")
    whole, parts = (
        [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(lines)]
        for lines in ((tmp_path / part / "metrics.csv").read_text().splitlines() for part in ("whole", "parts"))
    )
    assert whole == parts
    assert (tmp_path / "whole" / WEIGHTS).read_bytes() == (tmp_path / "parts" / WEIGHTS).read_bytes()


def test_a_full_disk_is_told(samples: list[Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a line that says where; what was kept before stays."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match=str(tmp_path)):
        train_detector(RECIPE, samples[:6], samples[6:], tmp_path)
    assert not list((tmp_path / "state").iterdir())


def test_it_starts_from_a_detector(samples: list[Sample], tmp_path: Path) -> None:
    """Of the same classes only."""
    first = train_detector(RECIPE, samples[:6], samples[6:], tmp_path / "first")
    train_detector(replace(RECIPE, seed=2), samples[:6], samples[6:], tmp_path / "second", start=first)
    with pytest.raises(ScanError, match="low, high"):
        train_detector(replace(RECIPE, classes=("high", "low")), samples[:6], samples[6:], tmp_path / "x", start=first)


def test_another_training_in_the_folder_is_told(samples: list[Sample], tmp_path: Path) -> None:
    """Nothing of it is lost."""
    train_detector(RECIPE, samples[:6], samples[6:], tmp_path)
    before = (tmp_path / WEIGHTS).read_bytes()
    with pytest.raises(ScanError, match="another training"):
        train_detector(replace(RECIPE, loss="focal"), samples[:6], samples[6:], tmp_path)
    assert (tmp_path / WEIGHTS).read_bytes() == before


def test_images_of_a_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name of its scenario; what it refuses is told."""
    scenarios: dict[str, Any] = {"bumps": Scenario(), "mute": object()}
    monkeypatch.setattr("daemon.study.load_scenario", scenarios.__getitem__)
    drawn = draw_samples("bumps", [3, 4], {"scale": 2.0}, ("high",))
    assert [sample.truth.labels.tolist() for sample in drawn] == [
        [0 if label else -1 for label in bumps(seed).labels] for seed in (3, 4)
    ]
    with pytest.raises(ScanError, match="colour"):
        draw_samples("bumps", [3], {"colour": 1}, CLASSES)
    with pytest.raises(ScanError, match="no labelled images"):
        draw_samples("mute", [3], {}, CLASSES)


def test_tensorboard_has_the_same_figures(samples: list[Sample], tmp_path: Path) -> None:
    """Where it is installed."""
    pytest.importorskip("tensorboard", reason="TensorBoard is an extra")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train_detector(RECIPE, samples[:6], samples[6:], tmp_path, board=True)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("map50")] == [2, 4, 6]
