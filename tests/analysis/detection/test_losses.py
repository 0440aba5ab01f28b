"""Losses against closed forms, limits and each other."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from analysis.detection.errors import ConfigurationError
from analysis.detection.losses import (
    LOSSES,
    ClassBalanced,
    asymmetric,
    binary_cross_entropy,
    effective_number_weights,
    focal,
    make_loss,
)


@pytest.fixture
def logits() -> Tensor:
    """Logits from sure no to sure yes."""
    return torch.linspace(-8.0, 8.0, 33, dtype=torch.float64, requires_grad=True)


def test_cross_entropy_is_that_of_torch(logits: Tensor) -> None:
    """Cross-entropy agrees with torch, value by value."""
    for y in (0.0, 1.0):
        targets = torch.full_like(logits, y)
        ours = binary_cross_entropy(logits, targets)
        assert torch.allclose(ours, binary_cross_entropy_with_logits(logits, targets, reduction="none"))


def test_cross_entropy_has_the_gradient_p_minus_y(logits: Tensor) -> None:
    """Its gradient is p - y."""
    binary_cross_entropy(logits, torch.ones_like(logits)).sum().backward()
    assert torch.allclose(logits.grad, torch.sigmoid(logits.detach()) - 1.0)


def test_focal_in_closed_form() -> None:
    """Focal loss by the numbers of its equation."""
    p = 0.9
    x = torch.tensor([math.log(p / (1 - p))], dtype=torch.float64)
    assert focal(x, torch.ones(1)).item() == pytest.approx(-0.25 * 0.1**2 * math.log(0.9))
    assert focal(x, torch.zeros(1)).item() == pytest.approx(-0.75 * 0.9**2 * math.log(0.1))


def test_focal_without_focus_is_cross_entropy(logits: Tensor) -> None:
    """γ = 0 leaves cross-entropy, halved where α is a half."""
    targets = (torch.arange(len(logits)) % 2).double()
    assert torch.allclose(focal(logits, targets, 0.0, None), binary_cross_entropy(logits, targets))
    assert torch.allclose(2.0 * focal(logits, targets, 0.0, 0.5), binary_cross_entropy(logits, targets))


def test_asymmetric_in_closed_form() -> None:
    """Asymmetric loss by the numbers of its equation."""
    p = 0.6
    x = torch.tensor([math.log(p / (1 - p))], dtype=torch.float64)
    assert asymmetric(x, torch.ones(1)).item() == pytest.approx(-0.4 * math.log(0.6))
    assert asymmetric(x, torch.zeros(1)).item() == pytest.approx(-(0.55**4) * math.log(0.45))


def test_asymmetric_forgets_negatives_below_the_margin() -> None:
    """Negatives that are surer than the margin have neither loss nor gradient."""
    x = torch.logit(torch.tensor([0.01, 0.049, 0.051], dtype=torch.float64)).requires_grad_()
    loss = asymmetric(x, torch.zeros(3), gamma_negative=1.0)
    loss.sum().backward()
    assert loss[:2].tolist() == [0.0, 0.0]
    assert loss[2] > 0.0
    assert x.grad is not None
    assert x.grad[:2].tolist() == [0.0, 0.0]


def test_asymmetric_without_margin_and_focus_is_cross_entropy(logits: Tensor) -> None:
    """Its limits are cross-entropy and, with equal exponents, the focal loss."""
    targets = (torch.arange(len(logits)) % 2).double()
    assert torch.allclose(asymmetric(logits, targets, 0.0, 0.0, 0.0), binary_cross_entropy(logits, targets))
    alike = asymmetric(logits, targets, 2.0, 2.0, 0.0)
    assert torch.allclose(alike, focal(logits, targets, 2.0, None))


@pytest.mark.parametrize("name", LOSSES)
def test_extreme_logits_stay_finite(name: str) -> None:
    """No logit, however far out, gives a loss or gradient that is not a number."""
    x = torch.tensor([[-1e4, 1e4], [1e4, -1e4], [0.0, 0.0]], requires_grad=True)
    y = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    loss = make_loss(name, [10, 1000])(x, y)
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert (loss >= 0.0).all()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


def test_weights_by_effective_number() -> None:
    """The weights follow the formula and sum to the number of classes."""
    beta, counts = 0.9, [1, 2, 50]
    raw = [(1 - beta) / (1 - beta**n) for n in counts]
    assert effective_number_weights(counts, beta).tolist() == pytest.approx([3 * w / sum(raw) for w in raw])


def test_weights_reach_both_limits() -> None:
    """β = 0 weighs all alike, β → 1 by the inverse of the frequency."""
    assert effective_number_weights([3, 700], 0.0).tolist() == [1.0, 1.0]
    inverse = effective_number_weights([10, 30], 1.0 - 1e-12).tolist()
    assert inverse == pytest.approx([1.5, 0.5], rel=1e-5)


def test_a_class_without_examples_has_no_weight() -> None:
    """What never occurs takes no weight from the others."""
    assert effective_number_weights([5, 0, 5], 0.99).tolist() == [1.0, 0.0, 1.0]


def test_a_balanced_loss_weighs_clusters_and_leaves_background() -> None:
    """A location counts by the class it shows; background counts 1."""
    loss = ClassBalanced(binary_cross_entropy, torch.tensor([0.5, 1.5]))
    x = torch.zeros(3, 2)
    y = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    assert torch.allclose(loss(x, y), math.log(2.0) * torch.tensor([[0.5, 0.5], [1.5, 1.5], [1.0, 1.0]]))


@pytest.mark.parametrize(
    ("name", "counts", "beta", "said"),
    [
        ("hinge", [1], 0.9, "bce"),
        ("cb-focal", [1], 1.0, "below 1"),
        ("cb-focal", [1], -0.1, "at least 0"),
        ("class-balanced", [0, 0], 0.9, "no class"),
    ],
)
def test_what_cannot_be_is_refused(name: str, counts: list[int], beta: float, said: str) -> None:
    """Wrong names and numbers say what would be right."""
    with pytest.raises(ConfigurationError, match=said):
        make_loss(name, counts, beta)
