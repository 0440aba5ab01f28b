"""Which cells of the network's output are to tell of which cluster, and the loss of what they say."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from analysis.detection.losses import Loss, binary_cross_entropy
from analysis.detection.network import STRIDE, cell_centres, decode

NEAR = 1.0
"""Cells whose centre is at most this far from a cluster's, in cells, tell of it (Tian et al. 2019, center sampling)."""
AROUND = 1.75
"""Cells that are farther, but not beyond this, may say what they like: the cluster does cover them."""
BOX_WEIGHT = 0.2
"""Weight of the loss of the boxes beside that of the classes: small, because boxes are learned easily, and a loss of
the classes that is small itself must not drown in it."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What each cell of some images is to say.

    Attributes:
        classes: 1 for the class of the cluster that a cell tells of, else 0, (n, cells, classes).
        counted: Whether a cell's classes count at all, (n, cells).
        positive: Whether a cell tells of a cluster, (n, cells).
        boxes: Box of that cluster, px, (n, cells, 4).
    """

    classes: Tensor
    counted: Tensor
    positive: Tensor
    boxes: Tensor

    def to(self, device: str) -> Targets:
        """The same on another device."""
        return Targets(*(part.to(device) for part in (self.classes, self.counted, self.positive, self.boxes)))


def assign(boxes: list[Tensor], labels: list[Tensor], rows: int, columns: int, classes: int) -> Targets:
    """Say what each cell is to say.

    Args:
        boxes: x0 y0 x1 y1 of the clusters of each image, px, (clusters, 4) each.
        labels: Their classes, (clusters,) each; around those of class -1 no cell counts.
        rows: Rows of cells.
        columns: Columns of cells.
        classes: Number of classes.
    """
    centres, n, cells = cell_centres(rows, columns), len(boxes), rows * columns
    targets = Targets(
        torch.zeros(n, cells, classes),
        torch.ones(n, cells, dtype=torch.bool),
        torch.zeros(n, cells, dtype=torch.bool),
        torch.zeros(n, cells, 4),
    )
    for index, (some, kinds) in enumerate(zip(boxes, labels, strict=True)):
        if not len(some):
            continue
        distance = torch.cdist(centres, 0.5 * (some[:, :2] + some[:, 2:])) / STRIDE
        nearest, which = distance.min(dim=1)
        kind = kinds[which]
        positive = (nearest <= NEAR) & (kind >= 0)
        targets.positive[index] = positive
        targets.counted[index] = positive | (nearest > AROUND)
        targets.boxes[index] = some[which]
        targets.classes[index, positive, kind[positive]] = 1.0
    return targets


def total_loss(logits: Tensor, numbers: Tensor, targets: Targets, loss: Loss) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of the objectness, the classes and the boxes, each per cell that tells of a cluster.

    The objectness always has cross-entropy; only cells that tell of a cluster are asked for its class.

    Args:
        logits: Of the classes, (n, classes, rows, columns).
        numbers: Of the boxes and the objectness, (n, 5, rows, columns).
        targets: What should have been said.
        loss: Of the classification.

    Returns:
        Loss of the objectness, loss of the classes, and weighted loss of the boxes.
    """
    here, number = targets.positive, targets.positive.sum().clamp(min=1)
    classes = loss(logits.float().flatten(2).transpose(1, 2)[here], targets.classes[here]).sum() / number
    said = numbers.float().flatten(2).transpose(1, 2)
    seen = binary_cross_entropy(said[..., 4][targets.counted], here[targets.counted].to(said)).sum() / number
    boxes = decode(said, cell_centres(*logits.shape[2:]).to(said.device))[here]
    return seen, classes, BOX_WEIGHT * giou_loss(boxes, targets.boxes[here]).sum() / number


def giou_loss(boxes: Tensor, truth: Tensor) -> Tensor:
    """1 - GIoU of pairs of boxes (Rezatofighi et al., CVPR 2019, algorithm 1).

    Args:
        boxes: x0 y0 x1 y1, (n, 4), none empty.
        truth: The same of those that they should be.

    Returns:
        From 0 for equal boxes to 2, (n,).
    """
    low, high = torch.maximum(boxes[:, :2], truth[:, :2]), torch.minimum(boxes[:, 2:], truth[:, 2:])
    shared = (high - low).clamp(min=0.0).prod(dim=1)
    union = _areas(boxes) + _areas(truth) - shared
    hull = torch.maximum(boxes[:, 2:], truth[:, 2:]) - torch.minimum(boxes[:, :2], truth[:, :2])
    enclosing = hull.prod(dim=1)
    return 1.0 - shared / union + (enclosing - union) / enclosing


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
