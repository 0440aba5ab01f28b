"""What cells are to say, and the loss of boxes."""

from __future__ import annotations

import pytest
import torch

from analysis.detection.assignment import assign, giou_loss, total_loss
from analysis.detection.losses import binary_cross_entropy
from analysis.detection.network import decode


def test_cells_near_the_middle_tell_of_a_cluster() -> None:
    """A cluster centred on a cell has that cell and its four neighbours; those around them are free."""
    targets = assign([torch.tensor([[12.0, 12.0, 24.0, 24.0]])], [torch.tensor([1])], 8, 8, 3)
    grid = targets.positive[0].reshape(8, 8)
    assert grid.sum() == 5
    assert grid[4, 4]
    assert grid[3, 4]
    assert targets.classes[0, 4 * 8 + 4].tolist() == [0.0, 1.0, 0.0]
    counted = targets.counted[0].reshape(8, 8)
    assert not counted[3, 3]
    assert counted[4, 2]
    assert counted[0, 0]
    assert targets.classes.sum() == 5


def test_each_cell_tells_of_the_nearest_cluster() -> None:
    """Two clusters in neighbouring half-cells share no cell."""
    boxes = torch.tensor([[6.0, 6.0, 18.0, 18.0], [13.8, 6.0, 25.8, 18.0]])
    targets = assign([boxes], [torch.tensor([0, 1])], 8, 8, 2)
    assert targets.classes.sum(dim=2).max() == 1.0
    assert targets.classes.sum(dim=(0, 1)).min() >= 2


def test_clusters_of_no_class_free_their_cells() -> None:
    """Nothing is asked where they are."""
    targets = assign([torch.tensor([[12.0, 12.0, 24.0, 24.0]])], [torch.tensor([-1])], 8, 8, 2)
    assert not targets.positive.any()
    assert targets.counted.sum() == 64 - 9
    assert not targets.classes.any()


def test_images_without_clusters_are_all_background() -> None:
    """They count in full."""
    targets = assign([torch.zeros(0, 4)], [torch.zeros(0, dtype=torch.int64)], 4, 4, 2)
    assert targets.counted.all()
    assert not targets.positive.any()


def test_the_right_answer_costs_nothing() -> None:
    """Sure and right classes and exact boxes have no loss; wrong ones have."""
    box = torch.tensor([[12.0, 12.0, 24.0, 24.0]])
    targets = assign([box], [torch.tensor([1])], 8, 8, 2)
    logits = (40.0 * targets.classes - 20.0).transpose(1, 2).reshape(1, 2, 8, 8)
    numbers = torch.zeros(1, 5, 8, 8)
    numbers[:, 2:4] = torch.log(torch.tensor(3.0))
    numbers[:, 4] = (40.0 * targets.positive.float() - 20.0).reshape(1, 8, 8)
    for row, column in torch.nonzero(targets.positive[0].reshape(8, 8)).tolist():
        numbers[0, :2, row, column] = (18.0 - 4.0 * (torch.tensor([column, row]) + 0.5)) / 4.0
    seen, classes, boxes = total_loss(logits, numbers, targets, binary_cross_entropy)
    assert seen.item() == pytest.approx(0.0, abs=1e-5)
    assert classes.item() == pytest.approx(0.0, abs=1e-5)
    assert boxes.item() == pytest.approx(0.0, abs=1e-5)
    numbers[:, :4] += 0.5
    numbers[:, 4] *= -1.0
    seen, classes, boxes = total_loss(-logits, numbers, targets, binary_cross_entropy)
    assert seen.item() > 10.0
    assert classes.item() > 10.0
    assert boxes.item() > 0.1


def test_generalised_overlap() -> None:
    """Equal, half shifted and far boxes, by the formula."""
    one = torch.tensor([[0.0, 0.0, 2.0, 2.0]]).repeat(3, 1)
    other = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0], [4.0, 0.0, 6.0, 2.0]])
    assert giou_loss(one, other).tolist() == pytest.approx([0.0, 1.0 - 2 / 6, 1.0 + 4 / 12])


def test_boxes_can_be_learned() -> None:
    """Descending the loss brings a box to its target from outside."""
    numbers = torch.tensor([[2.0, -2.0, 0.0, 0.0]], requires_grad=True)
    target = torch.tensor([[2.0, 3.0, 14.0, 12.0]])
    optimizer = torch.optim.Adam([numbers], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        giou_loss(decode(numbers, torch.tensor([[6.0, 6.0]])), target).sum().backward()
        optimizer.step()
    assert decode(numbers, torch.tensor([[6.0, 6.0]])).detach()[0].tolist() == pytest.approx([2, 3, 14, 12], abs=0.3)
