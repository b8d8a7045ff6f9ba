"""Recurrent networks of one form: h_t = f([h_{t-1}, x_t]), y_t = g(h_t), h_0 = 0, where f and g are ReLU perceptrons.

The form is that of Michaud et al. (2024), arXiv:2402.05110. Inputs are raw numbers, outputs are numbers to be rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from scrutable.network import Recurrent


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a network.

    Arguments:
        hidden: numbers in the state. width: of the hidden layers of f and g.
        f_depth, g_depth: linear layers, 1 to 3, with a ReLU between two of them.
    """

    hidden: int
    width: int
    f_depth: int = 2
    g_depth: int = 2


@final
class Cell(nn.Module):
    """One step: `(state, x_t) -> (state, y_t)`, on `(n, hidden)` and `(n, channels)`; `y_t` is `(n, outputs)`."""

    def __init__(self, shape: Shape, channels: int, outputs: int) -> None:
        super().__init__()
        self.f = _perceptron(shape.hidden + channels, shape.hidden, shape.width, shape.f_depth)
        self.g = _perceptron(shape.hidden, outputs, shape.width, shape.g_depth)

    def forward(self, state: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
        """The state after one input, and the output then."""
        after = self.f(torch.cat([state, x_t], dim=-1))
        return after, self.g(after)


def _perceptron(inputs: int, outputs: int, width: int, depth: int) -> nn.Sequential:
    sizes = (inputs, *(width,) * (depth - 1), outputs)
    layers: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def recurrent(cell: Cell) -> Recurrent:
    """The network that a cell makes, starting from zeros."""
    return Recurrent(cell, torch.zeros(linears(cell.f)[-1].out_features))


def linears(layers: nn.Sequential) -> list[nn.Linear]:
    """Its linear layers in order."""
    return [layer for layer in layers if isinstance(layer, nn.Linear)]


def remember(cell: Cell, rng: torch.Generator, *, turn: float) -> None:
    """Set f so that the state comes through unchanged (`turn` 0) or turned at random (1), whatever its signs.

    Long memory is hard to learn from the usual small weights. With h as W' relu(W h), where W holds a rotation and its
    negative, nothing is lost. Input weights and whatever else there is room for stay as they were.
    """
    layers = linears(cell.f)
    hidden = layers[-1].out_features
    with torch.no_grad():
        back = _rotation(hidden, rng)
        there = back if turn == 0 else _rotation(hidden, rng)
        if len(layers) == 1:
            layers[0].weight[:, :hidden] = back.T @ there
        elif len(layers) == 2:
            rows = min(hidden, layers[0].out_features // 2)
            layers[0].weight[: 2 * rows, :hidden] = torch.cat([there[:rows], -there[:rows]])
            layers[1].weight[:, : 2 * rows] = torch.cat([back[:rows], -back[:rows]]).T
            layers[1].weight[:, 2 * rows :] *= 0.3


def _rotation(size: int, rng: torch.Generator) -> Tensor:
    return torch.linalg.qr(torch.randn(size, size, generator=rng)).Q


def fold(cell: Cell, *, inwards: float, outwards: float) -> None:
    """Make a cell that was fed `x / inwards` and gave `y / outwards` work on the numbers themselves."""
    first, last = linears(cell.f)[0], linears(cell.g)[-1]
    hidden = linears(cell.f)[-1].out_features
    with torch.no_grad():
        first.weight[:, hidden:] /= inwards
        last.weight.mul_(outwards)
        last.bias.mul_(outwards)
