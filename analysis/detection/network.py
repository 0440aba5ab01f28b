"""The network: a small residual backbone, a feature pyramid to a quarter of the resolution, and a decoupled head.

Clusters on the (7×7) surface are all about as large as a half-cell, so one level of the pyramid is enough; its cells
are less than half as wide as the smallest distance between two clusters. It is anchor-free (Tian et al., FCOS, ICCV
2019): each cell near the middle of a cluster tells its class and its box. As in the YOLO family (Redmon et al., CVPR
2016, section 2), each cell also tells whether it sees a cluster at all, its objectness; classes are probabilities given
that it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval

STRIDE = 4
"""Pixels from cell to cell of the output."""
MULTIPLE = 16
"""Both sides of an image must be a multiple of this."""
LIMIT = 4.0
"""Heights in units of the corrugation that count at most, to either side."""
PRIOR = 0.01
"""Objectness at the start (Lin et al. 2017, section 3.3)."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """Sizes of the network.

    Attributes:
        classes: Number of classes.
        width: Channels at half the resolution; doubled at each further halving.
        depths: Residual blocks at a quarter, an eighth and a sixteenth of the resolution.
        head: Channels of the pyramid and the head.
    """

    classes: int
    width: int = 16
    depths: tuple[int, int, int] = (1, 1, 1)
    head: int = 32


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation and, where wanted, a rectifier."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, active: bool = True) -> None:
        layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if active else []))


class Residual(nn.Module):
    """Two convolutions beside a short cut (He et al., CVPR 2016, figure 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNorm(channels, channels)
        self.second = ConvNorm(channels, channels, active=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map features to features of the same shape."""
        return torch.relu_(self.second(self.first(x)).add_(x))


class Network(nn.Module):
    """Normalised images to class logits and boxes, for each cell."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        w, head = architecture.width, architecture.head
        self.stem = ConvNorm(1, w, stride=2)
        widths = (w, 2 * w, 4 * w, 8 * w)
        self.stages = nn.ModuleList(
            nn.Sequential(ConvNorm(inputs, outputs, stride=2), *(Residual(outputs) for _ in range(depth)))
            for inputs, outputs, depth in zip(widths, widths[1:], architecture.depths, strict=False)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(width, head, 1) for width in widths[1:])
        self.class_branch = ConvNorm(head, head)
        self.box_branch = ConvNorm(head, head)
        self.class_logits = nn.Conv2d(head, architecture.classes, 1)
        self.objectness = nn.Conv2d(head, 1, 1)
        self.box_numbers = nn.Conv2d(head, 4, 1)
        with torch.no_grad():
            self.class_logits.weight.mul_(0.1)
            self.objectness.weight.mul_(0.1)
        _set(self.class_logits, torch.zeros(architecture.classes))
        _set(self.objectness, torch.logit(torch.tensor([PRIOR])))
        # Boxes start about as large as a half-cell.
        _set(self.box_numbers, torch.tensor([0.0, 0.0, 1.0, 1.0]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Look at images.

        Args:
            x: Images in units of their corrugation, shape (n, 1, y, x), y and x multiples of `MULTIPLE`.

        Returns:
            Class logits (n, classes, y/4, x/4), and boxes (n, 5, y/4, x/4): distance of the centre from the cell's in x
            and y, and logarithm of width and height, all in cells, and the logit of the objectness.
        """
        # Heights are softly limited: steps and adsorbates tower above what is to be told apart.
        features = self.stem(x / (1.0 + x.abs() / LIMIT))
        levels = []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        top = self.laterals[-1](levels[-1])
        for lateral, level in zip(reversed(self.laterals[:-1]), reversed(levels[:-1]), strict=True):
            top = lateral(level).add_(interpolate(top, scale_factor=2.0, mode="nearest"))
        seen = self.class_branch(top)
        numbers = torch.cat([self.box_numbers(self.box_branch(top)), self.objectness(seen)], dim=1)
        return self.class_logits(seen), numbers


def _set(layer: nn.Conv2d, bias: Tensor) -> None:
    """Set the biases of a convolution."""
    layer.bias = nn.Parameter(bias)


def fused(network: Network) -> Network:
    """Copy a trained network with each batch normalisation folded into its convolution, for inference alone."""
    copy = Network(network.architecture)
    copy.load_state_dict(network.state_dict())
    copy.eval()
    for module in copy.modules():
        if isinstance(module, ConvNorm):
            layers: Any = module
            layers[0] = fuse_conv_bn_eval(layers[0], layers[1])
            layers[1] = nn.Identity()
    moved: Any = copy  # torch's stubs know no memory format of modules
    return moved.to(memory_format=torch.channels_last).requires_grad_(requires_grad=False)


def cell_centres(rows: int, columns: int) -> Tensor:
    """Centre (x, y) of each cell, px, shape (rows · columns, 2), row by row."""
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return STRIDE * (torch.stack([x, y], dim=-1).reshape(-1, 2) + 0.5)


def decode(numbers: Tensor, centres: Tensor) -> Tensor:
    """Turn what the network says of boxes into corners.

    Args:
        numbers: Distance of the centre in x and y, logarithm of width and height, all in cells, and more, (…, ≥ 4).
        centres: Centre of the cell, px, (…, 2).

    Returns:
        x0 y0 x1 y1, px, (…, 4).
    """
    middle = centres + STRIDE * numbers[..., :2]
    # No cluster is larger than e⁴ cells; without the limit one wild logit would overflow.
    half = 0.5 * STRIDE * torch.exp(numbers[..., 2:4].clamp(max=4.0))
    return torch.cat([middle - half, middle + half], dim=-1)
