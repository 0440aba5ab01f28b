"""A detector on disk: weights as safetensors, and beside them a card that says what they are."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from analysis.detection.calibration import Calibration
from analysis.detection.errors import WeightsError
from analysis.detection.network import Architecture, Network
from analysis.detection.preparation import WORKING_PIXEL

FORMAT = "beampilot-detector/2"
"""Kind of file, which changes when older programs could not read it."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """What makes a confidence of what the network says, and which ones count.

    Attributes:
        threshold: Confidence from which detections are shown.
        slopes: Of the calibration of each class.
        offsets: Of the same.
    """

    threshold: float
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]

    @property
    def calibration(self) -> Calibration:
        """The calibration as arrays."""
        return Calibration(
            *(torch.tensor(values, dtype=torch.float64).numpy() for values in (self.slopes, self.offsets))
        )


@dataclass(frozen=True, slots=True)
class Card:
    """What a detector is, and what it was made from.

    Attributes:
        classes: Names of the classes.
        architecture: Sizes of the network, as `Architecture` takes them.
        quick: What confidences mean after a single look at an image.
        thorough: The same after a look at its mirror images, too, which makes surer.
        working_pixel: Size of pixels at which it works, nm.
        training: What it was trained on, and how.
        metrics: How well it does, and on what.
        licence: Of the weights.
        sha256: Of the weights' file.
        format: Kind of file.
    """

    classes: tuple[str, ...]
    architecture: dict[str, Any]
    quick: Confidence
    thorough: Confidence
    working_pixel: float = WORKING_PIXEL
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    licence: str = "BSD-3-Clause"
    sha256: str = ""
    format: str = FORMAT

    def confidence(self, *, thorough: bool) -> Confidence:
        """What confidences mean, after one kind of look or the other."""
        return self.thorough if thorough else self.quick


def make_confidence(calibration: Calibration, threshold: float) -> Confidence:
    """Make a confidence of a calibration's arrays."""
    return Confidence(threshold, tuple(calibration.slopes.tolist()), tuple(calibration.offsets.tolist()))


def make_card(
    network: Network, classes: tuple[str, ...], quick: Confidence, thorough: Confidence | None = None, **more: Any
) -> Card:
    """Write a card for a network.

    Args:
        network: The network.
        classes: Names of its classes.
        quick: What confidences mean after a single look.
        thorough: The same after a thorough one; as after a single one when None.
        **more: Further attributes of the card.
    """
    sizes = json.loads(json.dumps(asdict(network.architecture)))
    return Card(classes, sizes, quick, quick if thorough is None else thorough, **more)


def card_path(path: Path) -> Path:
    """Where the card of a file of weights is."""
    return path.with_suffix(".json")


def write_detector(path: Path, network: Network, card: Card) -> None:
    """Write weights, in half the precision, and card; each file is replaced whole, the card last.

    Args:
        path: Of the weights; the card goes beside it.
        network: Not yet fused, so that it can be trained further.
        card: What to say of it.
    """
    content = save({name: _small(value) for name, value in network.state_dict().items()}, {"format": FORMAT})
    facts = asdict(card) | {"sha256": hashlib.sha256(content).hexdigest()}
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)
    _replace(card_path(path), (json.dumps(facts, indent=1) + "\n").encode())


def read_detector(path: Path) -> tuple[Network, Card]:
    """Read a network and its card.

    Raises:
        WeightsError: A file is missing, damaged, or belongs to another one or another version.
    """
    card = read_card(card_path(path))
    try:
        content = path.read_bytes()
        tensors = load(content)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path} cannot be read as weights: {error}") from error
    if hashlib.sha256(content).hexdigest() != card.sha256:
        raise WeightsError(f"{path} is not the file that {card_path(path).name} describes; copy both together")
    try:
        sizes: dict[str, Any] = {**card.architecture, "depths": tuple(card.architecture["depths"])}
        network = Network(Architecture(**sizes))
        network.load_state_dict({name: _large(value) for name, value in tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} does not fit the network that its card describes: {error}") from error
    return network.eval(), card


def read_card(path: Path) -> Card:
    """Read a card.

    Raises:
        WeightsError: It is missing, damaged, or of another version.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        known = facts["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read as a detector's card: {error}") from error
    if known != FORMAT:
        raise WeightsError(f"{path} is of format {known}; this program reads {FORMAT}: train the detector again")
    try:
        looks = {name: _confidence(facts[name]) for name in ("quick", "thorough")}
        card = Card(**facts | {"classes": tuple(facts["classes"])} | looks)
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read as a detector's card: {error}") from error
    if card.working_pixel != WORKING_PIXEL:
        raise WeightsError(f"{path} works at pixels of {card.working_pixel} nm; this program at {WORKING_PIXEL} nm")
    return card


def _confidence(facts: dict[str, Any]) -> Confidence:
    return Confidence(facts["threshold"], tuple(facts["slopes"]), tuple(facts["offsets"]))


def _small(value: Tensor) -> Tensor:
    """Convolutions in half the precision; the few other numbers as they are."""
    return (value.half() if value.ndim > 1 else value).contiguous()


def _large(value: Tensor) -> Tensor:
    return value.float() if value.dtype == torch.float16 else value


def _replace(path: Path, content: bytes) -> None:
    """Replace a file whole."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
