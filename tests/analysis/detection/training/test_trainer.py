"""Training: it learns, repeats itself, and goes on after a kill as if nothing had happened."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.detection.errors import ConfigurationError, TrainingError
from analysis.detection.training import Augmentation, Recipe, Sample, Trained, make_samples, train, trainer
from analysis.detection.training.samples import count_classes
from analysis.detection.training.trainer import STATE, judge, rate

CLASSES = ("small", "large")
RECIPE = Recipe(
    CLASSES, steps=12, batch=2, evaluate_every=4, warm_up=4, width=4, augmentation=Augmentation(size=64), seed=3
)


@pytest.fixture(scope="module")
def samples(images: list[Any]) -> list[Sample]:
    """The images, prepared."""
    torch.set_num_threads(1)
    return list(make_samples(images, CLASSES))


def weights(trained: Trained) -> torch.Tensor:
    """All weights in a row."""
    return torch.cat([value.double().flatten() for value in trained.network.state_dict().values()])


def plain(history: Iterable[dict[str, float]]) -> list[dict[str, float]]:
    """A history without times."""
    return [{name: value for name, value in one.items() if name != "seconds"} for one in history]


def test_it_learns(samples: list[Sample]) -> None:
    """A small network finds most blobs of images that it has not seen."""
    recipe = replace(RECIPE, steps=150, batch=4, evaluate_every=75, learning_rate=1e-2, width=8)
    trained = train(recipe, samples[:8], samples[8:10])
    untrained = judge(train(replace(recipe, steps=1), samples[:8], samples[8:10]).network, samples[10:], CLASSES)
    assert untrained.map50 < 0.2
    assert judge(trained.network, samples[10:], CLASSES).map50 > 0.7
    losses = [one["class_loss"] for one in trained.history]
    assert losses[1] < losses[0]


def test_the_seed_repeats_it(samples: list[Sample]) -> None:
    """The same seed gives the same weights to the last bit, another one others."""
    one, same = (train(RECIPE, samples[:6], samples[6:8]) for _ in range(2))
    assert torch.equal(weights(one), weights(same))
    other = train(replace(RECIPE, seed=4), samples[:6], samples[6:8])
    assert not torch.equal(weights(one), weights(other))


def interrupted(samples: list[Sample], folder: Path, last: int) -> None:
    """Train until a step, and die without warning."""

    def advance(step: int) -> None:
        if step == last:
            os.kill(os.getpid(), signal.SIGKILL)

    torch.set_num_threads(1)
    train(RECIPE, samples[:6], samples[6:8], folder=folder, advance=advance)


@pytest.mark.parametrize(("every", "last", "first"), [(60.0, 10, 9), (0.0, 7, 7)])
def test_it_goes_on_exactly_after_a_kill(
    samples: list[Sample], tmp_path: Path, every: float, last: int, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after an evaluation or between two, it ends with the same weights and history as without."""
    monkeypatch.setattr(trainer, "SAVE_EVERY", every)
    whole = train(RECIPE, samples[:6], samples[6:8])
    child = multiprocessing.get_context("fork").Process(target=interrupted, args=(samples, tmp_path, last))
    child.start()
    child.join(50)
    assert child.exitcode == -signal.SIGKILL
    assert (tmp_path / STATE).exists()
    steps: list[int] = []
    again = train(RECIPE, samples[:6], samples[6:8], folder=tmp_path, advance=steps.append)
    assert steps == list(range(first, 13))
    assert torch.equal(weights(whole), weights(again))
    assert plain(whole.history) == plain(again.history)


def test_a_finished_training_is_not_repeated(samples: list[Sample], tmp_path: Path) -> None:
    """Its result is read from its state."""
    first = train(RECIPE, samples[:6], samples[6:8], folder=tmp_path)
    steps: list[int] = []
    second = train(RECIPE, samples[:6], samples[6:8], folder=tmp_path, advance=steps.append)
    assert not steps
    assert torch.equal(weights(first), weights(second))


def test_the_state_of_another_training_is_refused(samples: list[Sample], tmp_path: Path) -> None:
    """As is a damaged one."""
    short = replace(RECIPE, steps=4)
    train(short, samples[:4], samples[6:7], folder=tmp_path)
    with pytest.raises(TrainingError, match="another training"):
        train(replace(short, seed=9), samples[:4], samples[6:7], folder=tmp_path)
    state = tmp_path / STATE
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="damaged"):
        train(short, samples[:4], samples[6:7], folder=tmp_path)


def test_it_stops_early(samples: list[Sample]) -> None:
    """Without improvement it waits as often as it is told."""
    recipe = replace(RECIPE, steps=40, evaluate_every=2, patience=3, learning_rate=1e-9)
    trained = train(recipe, samples[:4], samples[6:8])
    assert len(trained.history) - 1 - trained.best == 3 or len(trained.history) == 20
    assert trained.history[trained.best]["map50"] == max(one["map50"] for one in trained.history)


def test_it_starts_from_other_weights(samples: list[Sample]) -> None:
    """Fine-tuning begins where the weights are, not at the beginning."""
    first = train(replace(RECIPE, steps=4), samples[:4], samples[6:7])
    tuned = train(replace(RECIPE, steps=1, learning_rate=1e-9), samples[:4], samples[6:7], start=first.network)
    mine, theirs = (dict(one.network.named_parameters()) for one in (tuned, first))
    assert all(torch.allclose(mine[name], theirs[name], atol=1e-6) for name in mine)


def test_nothing_to_learn_is_refused(samples: list[Sample]) -> None:
    """No image, and images without clusters of the classes."""
    with pytest.raises(TrainingError, match="no cluster"):
        train(RECIPE, [], samples[:1])
    with pytest.raises(TrainingError, match="no cluster"):
        train(replace(RECIPE, classes=("Pb1", "Pb2")), [Sample(samples[0].image, type(samples[0].truth)())], [])


def test_a_loss_that_diverges_is_told(samples: list[Sample]) -> None:
    """Values that are no numbers end the training with advice."""
    broken = Sample(replace(samples[0].image, values=torch.full((96, 96), float("nan"))), samples[0].truth)
    with pytest.raises(TrainingError, match="learning rate"):
        train(RECIPE, [broken], samples[:1])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"loss": "hinge"}, "bce"),
        ({"classes": ()}, "class"),
        ({"classes": ("a", "a")}, "once"),
        ({"steps": 0}, "at least 1"),
        ({"augmentation": Augmentation(size=50)}, "multiple"),
    ],
)
def test_a_wrong_recipe_is_refused(wrong: dict[str, Any], said: str) -> None:
    """Before anything is computed."""
    with pytest.raises(ConfigurationError, match=said):
        replace(RECIPE, **wrong)


def test_the_rate_rises_and_falls() -> None:
    """Straight to 1, and along a cosine to 1 %."""
    rates = np.array([rate(step, 10, 1000) for step in range(1000)])
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert int(rates.argmax()) == 9
    assert rates[500] == pytest.approx(0.505, abs=0.01)
    assert rates[-1] == pytest.approx(0.01, abs=1e-4)


def test_counts_leave_out_what_is_not_asked_for(samples: list[Sample]) -> None:
    """Six blobs in each image, less those of no class."""
    assert count_classes(samples, 2).sum() == 6 * len(samples)
