"""Small networks of every kind that a proposer may meet, made of plain functions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.network import Bits, Category, Columns, Image, Integers, Network, Reals, Recurrent, Tokens


def networks() -> Iterator[tuple[str, Network]]:
    """What each is in words, and the network: numbers, bits, labels, several outputs, sequences, blocks, an image."""
    pair = Columns(["a", "b"], lo=0, hi=7, integer=True)
    reals = Columns(["u", "v"], lo=-2.0, hi=2.0)
    yield "whole numbers", Network(lambda x: np.abs(x[:, 0] - x[:, 1]).astype(float), inputs=pair, outputs=Integers())
    yield "a truth", Network(lambda x: (x[:, 0] > x[:, 1]).astype(float), inputs=pair, outputs=Integers(0, 1))
    yield "real numbers", Network(lambda x: x[:, 0] * x[:, 1] + 1.5, inputs=reals, outputs=Reals())
    yield "bits", Network(_adder, inputs=Bits(channels=3), outputs=Bits(channels=2))
    yield "labels", Network(_labels, inputs=reals, outputs=Category(3))
    yield "a recurrence", Network(Recurrent(_parity, np.zeros(1)), inputs=Bits(length=6), outputs=Bits(length=6))
    yield "tokens", Network(_last_two, inputs=Tokens(4, length=5), outputs=Category(4, length=5))
    yield "many columns", Network(_heaviest, inputs=Columns([f"c{i}" for i in range(12)], lo=0, hi=1), outputs=Reals())
    yield "an image", Network(lambda x: x.reshape(len(x), -1).mean(axis=1), inputs=Image(1, 4, 4), outputs=Reals())


def _adder(x: np.ndarray) -> np.ndarray:
    total = x.sum(axis=1)
    return np.stack([total % 2, total // 2], axis=1).astype(float)


def _labels(x: np.ndarray) -> np.ndarray:
    return np.stack([x[:, 0], x[:, 1], np.zeros(len(x))], axis=1)


def _parity(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    after = (state + x_t.reshape(state.shape)) % 2
    return after, after[:, 0]


def _last_two(x: np.ndarray) -> np.ndarray:
    before = np.concatenate([np.zeros((len(x), 1), dtype=int), x[:, :-1]], axis=1)
    return np.eye(4)[np.maximum(x, before).astype(int)]


def _heaviest(x: np.ndarray) -> np.ndarray:
    return x @ np.linspace(1, 2, 12)
