"""From what the network says to boxes: the surest, and each cluster once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import max_pool2d

from analysis.detection.boxes import iou
from analysis.detection.network import cell_centres, decode

LEAST_SCORE = 0.01
"""Scores below this are never looked at."""
OVERLAP = 0.45
"""Boxes of one class that overlap by more tell of the same cluster."""
CANDIDATES = 1000
"""Most boxes of one image that are compared with each other."""


def candidates(logits: Tensor, numbers: Tensor) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]:
    """Take the boxes of one image whose score is not negligible, the surest first.

    Only cells that are surer of a class than the eight around them count (Zhou et al., arXiv:1904.07850, section 4):
    those of one cluster touch, and those of two never do.

    Args:
        logits: Of the classes, (classes, rows, columns).
        numbers: Of the boxes and the objectness, (5, rows, columns).

    Returns:
        Boxes (n, 4), px; classes (n,); logits of objectness times class (n,).
    """
    classes, rows, columns = logits.shape
    least = float(np.log(LEAST_SCORE / (1.0 - LEAST_SCORE)))
    # The product of two probabilities is below either, so most cells need not be looked at.
    seen = torch.nonzero(numbers[4].reshape(-1) > least).squeeze(1)
    joint = torch.full((classes, rows * columns), -torch.inf, device=logits.device)
    joint[:, seen] = joint_logits(logits.reshape(classes, -1)[:, seen], numbers[4].reshape(-1)[seen])
    joint = joint.reshape(classes, rows, columns)
    peaks = (joint == max_pool2d(joint, 3, 1, 1)) & (joint > least)
    flat = joint.permute(1, 2, 0).reshape(-1)
    some = torch.nonzero(peaks.permute(1, 2, 0).reshape(-1)).squeeze(1)
    values, order = flat[some].sort(descending=True, stable=True)
    some, values = some[order[:CANDIDATES]], values[:CANDIDATES]
    cells, labels = some // classes, some % classes
    chosen = numbers.reshape(5, -1).T[cells]
    boxes = decode(chosen, cell_centres(rows, columns).to(chosen.device)[cells])
    return boxes.cpu().numpy(), labels.cpu().numpy(), values.cpu().numpy()


def joint_logits(logits: Tensor, objectness: Tensor) -> Tensor:
    """Logit of the product of two probabilities, from their logits: a + b - ln(1 + eᵃ + eᵇ)."""
    both = torch.logaddexp(logits, objectness)
    return logits + objectness - torch.logaddexp(both, torch.zeros_like(both))


def suppress(
    boxes: NDArray[np.floating], labels: NDArray[np.int64] | None = None, overlap: float = OVERLAP
) -> NDArray[np.intp]:
    """Keep the surest of boxes that overlap (greedy non-maximum suppression), class by class.

    Args:
        boxes: The surest first, (n, 4).
        labels: Class of each, (n,); None lets every box rival every other.
        overlap: Intersection over union above which a box goes.

    Returns:
        Numbers of those that stay, rising.
    """
    if labels is not None:
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        kept = [group[suppress(boxes[group], None, overlap)] for group in groups]
        return np.sort(np.concatenate([np.zeros(0, np.intp), *kept]))
    rivals = iou(boxes, boxes) > overlap
    stays = np.ones(len(boxes), bool)
    # Few boxes have a rival after them.
    for index in np.flatnonzero(np.triu(rivals, 1).any(axis=1)):
        if stays[index]:
            stays[index + 1 :] &= ~rivals[index, index + 1 :]
    return np.flatnonzero(stays)
