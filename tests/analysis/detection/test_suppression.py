"""Each cluster once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from analysis.detection.suppression import CANDIDATES, candidates, joint_logits, suppress

BOXES = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [2, 0, 12, 10]], float)


def test_of_boxes_that_overlap_the_surest_stays() -> None:
    """The fourth overlaps the second, which is gone already, and the first, too."""
    assert suppress(BOXES, np.zeros(4, int)).tolist() == [0, 2]


def test_classes_do_not_rival_unless_asked() -> None:
    """By class, or each place once."""
    labels = np.array([0, 1, 0, 1])
    assert suppress(BOXES, labels).tolist() == [0, 1, 2]
    assert suppress(BOXES).tolist() == [0, 2]


def test_a_box_that_went_removes_no_other() -> None:
    """The third overlaps only the second, which the first removed."""
    chain = np.array([[0, 0, 10, 10], [3, 0, 13, 10], [6, 0, 16, 10]], float)
    assert suppress(chain, overlap=0.5).tolist() == [0, 2]


def test_no_boxes() -> None:
    """Nothing stays nothing."""
    assert suppress(np.zeros((0, 4))).tolist() == []


def test_candidates_are_the_surest_and_in_order() -> None:
    """Cells and classes are told apart, negligible ones left out, and no more than can be compared."""
    logits = torch.full((2, 3, 4), -9.0)
    logits[1, 2, 3], logits[0, 0, 1] = 3.0, 1.0
    logits[1, 1, 2], logits[0, 1, 0] = 2.9, 0.9  # beside surer ones
    sure = torch.zeros(5, 3, 4)
    sure[4] = 50.0
    boxes, labels, values = candidates(logits, sure)
    assert labels.tolist() == [1, 0]
    assert values.tolist() == pytest.approx([3.0, 1.0])
    assert boxes.tolist() == [[12, 8, 16, 12], [4, 0, 8, 4]]
    boxes, _, values = candidates(torch.randn(6, 64, 64), torch.zeros(5, 64, 64))
    assert len(boxes) == CANDIDATES
    assert (np.diff(values) <= 0).all()


def test_the_confidence_is_the_product() -> None:
    """Of objectness and class, from wherever both lie, without overflow."""
    a, b = torch.tensor([-90.0, -3.0, 0.0, 2.0, 95.0]), torch.tensor([40.0, 1.0, 0.0, -5.0, 95.0])
    product = torch.sigmoid(a.double()) * torch.sigmoid(b.double())
    assert torch.allclose(torch.sigmoid(joint_logits(a, b).double()), product, rtol=1e-5, atol=0.0)
