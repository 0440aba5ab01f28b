"""The training itself: steps, evaluations, and a state from which it goes on exactly where it was killed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from analysis.detection.assignment import assign, total_loss
from analysis.detection.errors import TrainingError
from analysis.detection.inference import look
from analysis.detection.losses import make_loss
from analysis.detection.metrics import Evaluation, evaluate
from analysis.detection.network import STRIDE, Network, fused
from analysis.detection.training.augmentation import augment
from analysis.detection.training.average import Average
from analysis.detection.training.recipe import Recipe
from analysis.detection.training.samples import Sample, count_classes
from analysis.detection.training.state import (
    optimizer_tensors,
    part,
    read_state,
    restore_optimizer,
    write_atomically,
)

STATE = "state.safetensors"
"""Name of the file that holds the state of a training."""
SAVE_EVERY = 30.0
"""The state is kept at least so often, s: no more is lost when the process dies."""
Report = Callable[[list[dict[str, float]]], None]
"""Told the figures of all evaluations so far, after each."""


@dataclass(slots=True)
class Trained:
    """What a training gave.

    Attributes:
        network: The weights that did best on the validation images.
        recipe: What it was made of.
        counts: Clusters of each class that it learned from.
        history: Figures of each evaluation.
        best: Number of the evaluation that `network` is of.
    """

    network: Network
    recipe: Recipe
    counts: list[int]
    history: list[dict[str, float]] = field(default_factory=list)
    best: int = -1


def train(
    recipe: Recipe,
    training: Sequence[Sample],
    validation: Sequence[Sample],
    *,
    folder: Path | None = None,
    start: Network | None = None,
    device: str | None = None,
    report: Report | None = None,
    advance: Callable[[int], None] | None = None,
) -> Trained:
    """Train a network.

    Args:
        recipe: What the training is made of.
        training: What it learns from.
        validation: What decides which weights are kept, and when to stop.
        folder: Where its state is kept, after each evaluation and every half minute; a state that is there already is
            taken up.
        start: A trained network to start from.
        device: Where it runs; a GPU where there is one, when None.
        report: Told the figures of all evaluations so far, after each.
        advance: Told the number of steps done after each step.

    Raises:
        TrainingError: There is nothing to learn, the loss diverged, or the state is of another training.
    """
    run = _Run(recipe, training, start, device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if folder is not None and (folder / STATE).exists():
        run.restore(folder / STATE)
    saved = time.monotonic()
    while not run.ended:
        run.take_step()
        if advance is not None:
            advance(run.step)
        judged = run.step % recipe.evaluate_every == 0 or run.step == recipe.steps
        if judged:
            run.judge(validation)
        if folder is not None and (judged or time.monotonic() - saved > SAVE_EVERY):
            run.save(folder / STATE)
            saved = time.monotonic()
        if judged and report is not None:
            report(run.history)
    return run.result()


class _Run:
    """A training under way."""

    def __init__(self, recipe: Recipe, training: Sequence[Sample], start: Network | None, device: str) -> None:
        self.recipe, self.training, self.device = recipe, training, device
        self.counts = count_classes(training, len(recipe.classes)).tolist()
        if not sum(self.counts):
            raise TrainingError("the training images hold no cluster of the classes to be learned")
        # Everything else is drawn from generators of its own, one for each step.
        with torch.random.fork_rng():
            torch.manual_seed(recipe.seed)
            self.network = Network(recipe.architecture)
        if start is not None:
            self.network.load_state_dict(start.state_dict())
        moved: Any = self.network.train()  # torch's stubs know no memory format of modules
        moved.to(device, memory_format=torch.channels_last)
        self.average = Average(self.network, recipe.average)
        self.best_network = Average(self.network, recipe.average).network
        self.optimizer = torch.optim.AdamW(_groups(self.network, recipe.weight_decay), lr=recipe.learning_rate)
        self.loss = make_loss(recipe.loss, self.counts, recipe.beta)
        self.step, self.best, self.history = 0, -1, []
        self.sums, self.seconds = np.zeros(3), 0.0

    @property
    def ended(self) -> bool:
        """Whether all steps are done or the evaluations no longer improve."""
        waited = len(self.history) - 1 - self.best
        return self.step >= self.recipe.steps or 0 < self.recipe.patience <= waited

    def take_step(self) -> None:
        """Learn from one batch."""
        began = time.perf_counter()
        recipe, step = self.recipe, self.step
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate(step, recipe.warm_up, recipe.steps)
        examples = [
            augment(self.training[number], recipe.augmentation, np.random.default_rng([recipe.seed, step, place]))
            for place, number in enumerate(self._batch(step))
        ]
        values = torch.stack([one.values for one in examples]).to(self.device, memory_format=torch.channels_last)
        with torch.autocast(values.device.type, torch.bfloat16, enabled=recipe.half):
            logits, numbers = self.network(values)
        cells = recipe.augmentation.size // STRIDE
        boxes, labels = [one.boxes for one in examples], [one.labels for one in examples]
        targets = assign(boxes, labels, cells, cells, len(recipe.classes)).to(self.device)
        parts = total_loss(logits, numbers, targets, self.loss)
        loss = parts[0] + recipe.class_weight * parts[1] + parts[2]
        if not math.isfinite(loss.item()):
            raise TrainingError(f"the loss became {loss.item()} at step {step}; lower the learning rate")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.network, self.step)
        self.sums += [one.item() for one in parts]
        self.seconds += time.perf_counter() - began

    def _batch(self, step: int) -> list[int]:
        """Numbers of the samples of a step: each sample once per epoch, in another order each time."""
        n, drawn = len(self.training), []
        for place in range(step * self.recipe.batch, (step + 1) * self.recipe.batch):
            epoch, index = divmod(place, n)
            drawn.append(int(np.random.default_rng([self.recipe.seed, epoch, 1 << 20]).permutation(n)[index]))
        return drawn

    def judge(self, validation: Sequence[Sample]) -> None:
        """Evaluate the average, and keep it where it is the best so far."""
        since = self.step - (int(self.history[-1]["step"]) if self.history else 0)
        figures = {
            "step": float(self.step),
            "object_loss": float(self.sums[0]) / since,
            "class_loss": float(self.sums[1]) / since,
            "box_loss": float(self.sums[2]) / since,
            "seconds": self.seconds,
        }
        figures |= summary(judge(self.average.network, validation, self.recipe.classes))
        self.sums = np.zeros(3)
        self.history.append(figures)
        if self.best < 0 or figures["map50"] >= self.history[self.best]["map50"]:
            self.best = len(self.history) - 1
            self.best_network.load_state_dict(self.average.network.state_dict())

    def save(self, path: Path) -> None:
        """Write everything that goes on."""
        tensors = optimizer_tensors(self.optimizer)
        for name in ("network", "average", "best"):
            tensors |= {f"{name}.{key}": value for key, value in self._network(name).state_dict().items()}
        facts = {"recipe": self.recipe.facts(), "counts": self.counts, "history": self.history, "best": self.best}
        facts |= {"step": self.step, "seconds": self.seconds, "sums": self.sums.tolist()}
        write_atomically(path, tensors, facts)

    def restore(self, path: Path) -> None:
        """Take up a state.

        Raises:
            TrainingError: It is damaged or of another training.
        """
        tensors, facts = read_state(path)
        if facts["recipe"] != self.recipe.facts() or facts["counts"] != self.counts:
            raise TrainingError(f"{path} is the state of another training; choose another folder, or delete it")
        for name in ("network", "average", "best"):
            self._network(name).load_state_dict(part(tensors, name))
        restore_optimizer(self.optimizer, tensors)
        self.step, self.best, self.history = facts["step"], facts["best"], facts["history"]
        self.seconds, self.sums = facts["seconds"], np.array(facts["sums"])

    def _network(self, name: str) -> Network:
        return {"network": self.network, "average": self.average.network, "best": self.best_network}[name]

    def result(self) -> Trained:
        """What came of it."""
        return Trained(self.best_network, self.recipe, self.counts, self.history, self.best)


def rate(step: int, warm_up: int, steps: int) -> float:
    """Learning rate of a step relative to the largest: a straight rise, then a cosine down to 1 %."""
    rise = (step + 1) / max(warm_up, 1)
    fall = 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(step / max(steps, 1), 1.0)))
    return min(rise, 1.0) * fall


def judge(network: Network, samples: Sequence[Sample], classes: tuple[str, ...]) -> Evaluation:
    """Evaluate a network on samples, at the threshold that suits them best."""
    ready = fused(network)
    found = [look(ready, sample.image, classes) for sample in samples]
    return evaluate(found, [sample.truth for sample in samples], classes)


def summary(evaluation: Evaluation) -> dict[str, float]:
    """The figures of an evaluation that a history keeps."""
    named = {"map50": evaluation.map50, "map50_95": evaluation.map50_95, "threshold": evaluation.threshold}
    named |= {"precision": evaluation.mean_precision, "recall": evaluation.mean_recall}
    for name, value in zip(evaluation.classes, evaluation.ap[:, 0], strict=True):
        named[f"ap50_{name}"] = float(value)
    return {name: 0.0 if math.isnan(value) else value for name, value in named.items()}


def _groups(network: Network, decay: float) -> list[dict[str, Any]]:
    """Parameters of the optimiser: weights decay, biases and normalisations do not."""
    decayed: list[Tensor] = []
    free: list[Tensor] = []
    for value in network.parameters():
        (decayed if value.ndim > 1 else free).append(value)
    return [{"params": decayed, "weight_decay": decay}, {"params": free, "weight_decay": 0.0}]
