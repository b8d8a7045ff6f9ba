"""Untrained networks in which edge-popup finds a part for nearly anything. What it does is the doing of the mask."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from scrutable.bench._training import mlp
from scrutable.network import Domain

HIDDEN = (64, 64)
GAIN, BIASES = 4.0, 1.0


def signed(x: np.ndarray, outputs: Domain, rng: np.random.Generator) -> nn.Sequential:
    """A ReLU network whose weights have one size in each layer and random signs, the best that Ramanujan et al. tried
    (2020, arXiv 1911.13299). The size is such that half of the weights keep the size of signals.

    Inputs `x`, `(n, k)`, are standardised by the first layer; biases are drawn.
    """
    module = mlp((x.shape[1], *HIDDEN, outputs.classes or 1), "relu")
    layers = [each for each in module if isinstance(each, nn.Linear)]
    with torch.no_grad():
        for layer in layers:
            rows, columns = layer.weight.shape
            weight = rng.choice([-1.0, 1.0], size=(rows, columns)) * np.sqrt(GAIN / columns)
            bias = np.zeros(rows) if layer is layers[-1] else rng.normal(0, BIASES, rows)
            if layer is layers[0]:
                weight = weight * np.sqrt(2) / x.std(axis=0)
                bias = bias - weight @ x.mean(axis=0)
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    return module
