"""The network: shapes, folding of normalisations, and boxes from numbers."""

from __future__ import annotations

import pytest
import torch

from analysis.detection.network import STRIDE, Architecture, Network, cell_centres, decode, fused


@pytest.fixture(scope="module")
def network() -> Network:
    """A small network whose normalisations have seen something."""
    torch.manual_seed(0)
    made = Network(Architecture(3, width=4, head=8))
    made.train()
    for _ in range(3):
        made(torch.randn(4, 1, 64, 64))
    return made


def test_shapes(network: Network) -> None:
    """One cell for every four pixels."""
    logits, numbers = network.eval()(torch.randn(2, 1, 48, 80))
    assert logits.shape == (2, 3, 12, 20)
    assert numbers.shape == (2, 5, 12, 20)


def test_folding_changes_nothing(network: Network) -> None:
    """The network for inference says the same."""
    x = torch.randn(1, 1, 64, 64)
    for ours, theirs in zip(fused(network)(x), network.eval()(x), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in fused(network).modules())


def test_a_new_network_finds_nothing() -> None:
    """The objectness begins at the prior probability, about."""
    torch.manual_seed(1)
    _, numbers = Network(Architecture(3)).eval()(torch.randn(1, 1, 64, 64))
    assert torch.sigmoid(numbers[:, 4]).mean().item() == pytest.approx(0.01, abs=0.005)


def test_the_package_s_network_is_small() -> None:
    """Weights in half the precision stay below 3 MB with room to spare."""
    assert 2 * sum(value.numel() for value in Network(Architecture(6)).parameters()) < 1.5e6


def test_boxes_from_numbers() -> None:
    """Nothing said is a box of one cell in the cell's middle."""
    centres = cell_centres(2, 3)
    assert centres.tolist() == [[2, 2], [6, 2], [10, 2], [2, 6], [6, 6], [10, 6]]
    numbers = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.5, -0.25, 0.6931472, 1.3862944]])
    boxes = decode(numbers, centres[:2])
    assert boxes[0].tolist() == [0, 0, STRIDE, STRIDE]
    assert boxes[1].tolist() == pytest.approx([8 - 4, 1 - 8, 8 + 4, 1 + 8], abs=1e-4)


def test_wild_numbers_stay_finite() -> None:
    """No logit makes a box without end."""
    assert torch.isfinite(decode(torch.full((1, 4), 1e4), torch.zeros(1, 2))).all()
