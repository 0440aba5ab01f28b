"""From prepared images to detections, with a given network."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from analysis.detection.network import MULTIPLE
from analysis.detection.preparation import Prepared
from analysis.detection.results import Detections
from analysis.detection.suppression import OVERLAP, candidates, suppress

MIRRORED = ((), (-1,), (-2,), (-2, -1))
"""Axes along which a thorough look mirrors an image: all that map its square cells onto each other, but turns by 90°,
which would turn lines into columns."""


def batched(values: Tensor) -> Tensor:
    """An image (y, x) as a batch of one whose sides the network can halve, (1, 1, y', x'); 0, the median, beyond."""
    rows, columns = values.shape
    below, right = -rows % MULTIPLE, -columns % MULTIPLE
    batch = pad(values, (0, right, 0, below))[None, None]
    return batch.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def look(
    network: nn.Module,
    image: Prepared,
    classes: tuple[str, ...],
    overlap: float = OVERLAP,
    *,
    thorough: bool = False,
) -> Detections:
    """Find clusters in a prepared image; scores are what the network says, not calibrated.

    Args:
        network: In its state of inference.
        image: The image.
        classes: Names of the network's classes.
        overlap: Intersection over union above which two boxes of a class tell of the same cluster.
        thorough: Whether the mean is taken over the image and its mirror images, which takes four times as long.

    Returns:
        All detections whose score is not negligible, in pixels of the image as it was given.
    """
    batch = batched(image.values).to(next(network.parameters()).device)
    logits, numbers = _averaged(network, batch) if thorough else network(batch)
    boxes, labels, values = candidates(logits[0].float(), numbers[0].float())
    rows, columns = image.values.shape
    inside = ((boxes[:, :2] + boxes[:, 2:]) * 0.5 < (columns, rows)).all(axis=1)
    boxes, labels, values = boxes[inside].clip(0, [columns, rows, columns, rows]), labels[inside], values[inside]
    stays = suppress(boxes, labels, overlap)
    scores = torch.sigmoid(torch.from_numpy(values[stays])).numpy()
    return Detections(image.to_image(boxes[stays]).astype("float32"), labels[stays], scores, classes)


def _averaged(network: nn.Module, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of what the network says of an image and of its mirror images (test-time augmentation)."""
    told = [_mirrored(network, batch, axes) for axes in MIRRORED]
    logits, numbers = (torch.stack(parts).mean(dim=0) for parts in zip(*told, strict=True))
    return logits, numbers


def _mirrored(network: nn.Module, batch: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """What the network says of a mirrored image, mirrored back."""
    logits, numbers = network(batch.flip(axes))
    numbers = numbers.flip(axes)
    for axis in axes:  # the middle of a box lies on the other side of the cell's, too
        numbers[:, -1 - axis] *= -1.0
    return logits.flip(axes), numbers
