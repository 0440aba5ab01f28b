"""Losses of the classification: each compares logits with 0 or 1 per class, and returns one value per logit.

Notation: x a logit, p = 1 / (1 + exp(-x)), y the target, p_t = p where y = 1 and 1 - p where y = 0. Only
cells that tell of a cluster are asked for its class: that there is one is the objectness, whose loss is always the
cross-entropy. A box's confidence is the product of both probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from analysis.detection.errors import ConfigurationError

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes logits (…, classes) and targets of the same shape, and returns the loss of each, the same shape."""


def binary_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy, -y ln p - (1 - y) ln(1 - p).

    Args:
        logits: Any shape.
        targets: 0 or 1, the same shape.

    Returns:
        Loss of each logit, ≥ 0, the same shape.
    """
    return -targets * logsigmoid(logits) - (1.0 - targets) * logsigmoid(-logits)


def focal(logits: Tensor, targets: Tensor, gamma: float = 2.0, alpha: float | None = 0.25) -> Tensor:
    """Focal loss, -α_t (1 - p_t)^γ ln p_t (Lin et al., ICCV 2017, arXiv:1708.02002, equation 5).

    Args:
        logits: Any shape.
        targets: 0 or 1, the same shape.
        gamma: Focusing exponent γ ≥ 0; 0 makes it cross-entropy.
        alpha: Weight of y = 1, and 1 - α that of y = 0; None for no weights.

    Returns:
        Loss of each logit, ≥ 0, the same shape.
    """
    signed = torch.where(targets > 0.5, logits, -logits)
    loss = -(torch.sigmoid(-signed) ** gamma) * logsigmoid(signed)
    return loss if alpha is None else torch.where(targets > 0.5, alpha, 1.0 - alpha) * loss


def asymmetric(
    logits: Tensor, targets: Tensor, gamma_negative: float = 4.0, gamma_positive: float = 1.0, margin: float = 0.05
) -> Tensor:
    """Asymmetric loss (Ben-Baruch et al., ICCV 2021, arXiv:2009.14119, equations 4 to 7).

    -y (1 - p)^γ₊ ln p - (1 - y) p_m^γ₋ ln(1 - p_m) with p_m = max(p - m, 0): negatives that are found easily count for
    little, and those below the margin for nothing.

    Args:
        logits: Any shape.
        targets: 0 or 1, the same shape.
        gamma_negative: Focusing exponent γ₋ of negatives, ≥ 0.
        gamma_positive: Focusing exponent γ₊ of positives, ≥ 0.
        margin: Shift m of the probability of negatives, 0 to 1.

    Returns:
        Loss of each logit, ≥ 0, the same shape.
    """
    positive = -(torch.sigmoid(-logits) ** gamma_positive) * logsigmoid(logits)
    if margin > 0.0:
        shifted = (torch.sigmoid(logits) - margin).clamp(min=0.0)
        negative = -(shifted**gamma_negative) * torch.log1p(-shifted)
    else:
        # log1p(-p) would be infinite where p rounds to 1.
        negative = -(torch.sigmoid(logits) ** gamma_negative) * logsigmoid(-logits)
    return targets * positive + (1.0 - targets) * negative


def effective_number_weights(counts: Sequence[int], beta: float = 0.999) -> Tensor:
    """Weights of classes by the effective number of their examples (Cui et al., CVPR 2019, arXiv:1901.05555).

    w_c ∝ (1 - β) / (1 - β^n_c) (equations 2 and 8), scaled to sum to the number of classes; classes without an example
    have weight 0 and are left out of that number.

    Args:
        counts: Examples n_c of each class.
        beta: 0 (all classes alike) to just below 1 (by the inverse of the frequency).

    Returns:
        Weights, shape (classes,), float32.

    Raises:
        ConfigurationError: β is out of range, or no class has an example.
    """
    if not 0.0 <= beta < 1.0:
        raise ConfigurationError(f"beta is {beta}; it must be at least 0 and below 1")
    n = torch.tensor(list(counts), dtype=torch.float64)
    present = n > 0
    if not bool(present.any()):
        raise ConfigurationError("no class has an example, so that none can be weighed")
    # expm1 and log1p keep the limit β → 1, the inverse frequency, exact.
    effective = -torch.expm1(n * torch.log1p(torch.tensor(-(1.0 - beta), dtype=torch.float64))) if beta else n.sign()
    weights = torch.where(present, 1.0 / effective.where(present, torch.ones_like(n)), 0.0)
    return (weights * present.sum() / weights.sum()).float()


@dataclass(frozen=True, slots=True)
class ClassBalanced:
    """Another loss, times the weight of the class of the example (Cui et al., equation 8).

    All terms of a location that shows a cluster are weighed by the cluster's class, as in the paper's sigmoid loss;
    background belongs to no class and has weight 1, the mean weight.

    Attributes:
        loss: What is weighed.
        weights: Weight of each class, shape (classes,).
    """

    loss: Loss
    weights: Tensor

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Loss of each logit, shape (…, classes)."""
        weights = self.weights.to(logits)
        inside = targets.sum(dim=-1, keepdim=True)
        return self.loss(logits, targets) * ((targets * weights).sum(dim=-1, keepdim=True) + (1.0 - inside))


LOSSES: dict[str, tuple[Loss, bool]] = {
    "bce": (binary_cross_entropy, False),
    "focal": (focal, False),
    "asymmetric": (asymmetric, False),
    "class-balanced": (binary_cross_entropy, True),
    "cb-focal": (focal, True),
    "cb-asymmetric": (asymmetric, True),
}
"""Each loss by its name, and whether it is balanced by class."""


def make_loss(name: str, counts: Sequence[int], beta: float = 0.999) -> Loss:
    """Make a loss by name.

    Args:
        name: One of `LOSSES`.
        counts: Examples of each class, which the class-balanced losses need.
        beta: Of the effective number.

    Raises:
        ConfigurationError: There is no such loss, or the counts or β do not do.
    """
    if name not in LOSSES:
        raise ConfigurationError(f"no loss {name!r}; known are {', '.join(LOSSES)}")
    loss, balanced = LOSSES[name]
    return ClassBalanced(loss, effective_number_weights(counts, beta)) if balanced else loss
