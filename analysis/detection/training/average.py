"""Moving averages of the weights, which generalise better than the last ones."""

from __future__ import annotations

import copy

import torch

from analysis.detection.network import Network


class Average:
    """Exponential moving average of a network's weights and statistics (Polyak & Juditsky 1992).

    Args:
        network: What is averaged.
        half_life: Steps after which a step counts half.
    """

    def __init__(self, network: Network, half_life: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(requires_grad=False)
        self._decay = 0.5 ** (1.0 / half_life)

    @torch.no_grad()
    def update(self, network: Network, step: int) -> None:
        """Take in the weights after a step, the first being 1; early ones are forgotten sooner."""
        keep = min(self._decay, step / (step + 10.0))
        for mean, value in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1.0 - keep)
            else:
                mean.copy_(value)
