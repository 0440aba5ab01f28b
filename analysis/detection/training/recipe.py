"""What a training is made of."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from analysis.detection.errors import ConfigurationError
from analysis.detection.losses import LOSSES
from analysis.detection.network import MULTIPLE, Architecture
from analysis.detection.training.augmentation import Augmentation


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a training is made of; with the same images, it determines every number of the result.

    Attributes:
        classes: Names of the classes.
        loss: Of the classification, one of `analysis.detection.losses.LOSSES`.
        beta: Of the effective number, for the class-balanced losses.
        class_weight: Of the loss of the classes beside that of the objectness.
        steps: Steps at most.
        batch: Cut-outs per step.
        learning_rate: Largest learning rate; rises over the first steps, then falls to 1 % along a cosine.
        warm_up: Steps over which it rises.
        weight_decay: Of AdamW (Loshchilov & Hutter, ICLR 2019).
        average: Half-life of the moving average of the weights, steps.
        evaluate_every: Steps between evaluations on the validation images.
        patience: Evaluations without a better one after which the training ends; 0 for none.
        seed: Of all that is drawn.
        width: Channels of the network's first layer.
        half: Whether the network computes in bfloat16, where that is faster.
        augmentation: How images are varied.
    """

    classes: tuple[str, ...]
    loss: str = "bce"
    beta: float = 0.999
    class_weight: float = 5.0
    steps: int = 1500
    batch: int = 8
    learning_rate: float = 1e-2
    warm_up: int = 100
    weight_decay: float = 0.02
    average: float = 50.0
    evaluate_every: int = 100
    patience: int = 0
    seed: int = 0
    width: int = 16
    half: bool = True
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Check what would fail late."""
        if self.loss not in LOSSES:
            raise ConfigurationError(f"no loss {self.loss!r}; known are {', '.join(LOSSES)}")
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ConfigurationError("name at least one class, and each once")
        if min(self.steps, self.batch, self.evaluate_every) < 1:
            raise ConfigurationError("steps, batch and evaluate_every must be at least 1")
        if self.augmentation.size < MULTIPLE or self.augmentation.size % MULTIPLE:
            raise ConfigurationError(f"the size of cut-outs must be a multiple of {MULTIPLE}")

    @property
    def architecture(self) -> Architecture:
        """The network."""
        return Architecture(len(self.classes), self.width)

    def facts(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        return json.loads(json.dumps(asdict(self)))


def few_images(classes: tuple[str, ...]) -> Recipe:
    """The recipe for some dozens of labelled images."""
    return Recipe(classes, steps=4200, evaluate_every=300)


def many_images(classes: tuple[str, ...]) -> Recipe:
    """The recipe for a thousand images of a twin and more."""
    return Recipe(classes, steps=16000, evaluate_every=2000)
