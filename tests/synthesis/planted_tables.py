"""Random functions of each family that a detector looks for, with tables of examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scrutable.synthesis import Table

Rows = np.ndarray
Function = Callable[[Rows], np.ndarray]


@dataclass(frozen=True)
class Planted:
    """A function of `(n, k)` rows, and where its inputs lie."""

    function: Function
    width: int
    low: int
    high: int

    def rows(self, rng: np.random.Generator, n: int) -> Rows:
        return rng.integers(self.low, self.high + 1, (n, self.width))

    def table(self, rng: np.random.Generator, n: int = 1500) -> Table:
        x = self.rows(rng, n)
        return table(x, self.function(x))


def table(x: Rows, y: np.ndarray) -> Table:
    """Columns `a`, `b` and so on; truths stay truths."""
    return Table(columns(x), y if y.dtype.kind in "bf" else y.astype(np.int64))


def columns(x: Rows) -> dict[str, np.ndarray]:
    names = [chr(97 + j) if x.shape[1] <= 26 else f"x{j}" for j in range(x.shape[1])]
    return {name: x[:, j] for j, name in enumerate(names)}


def weights(rng: np.random.Generator, k: int, most: int = 4) -> np.ndarray:
    w = rng.integers(1, most + 1, k) * rng.choice([-1, 1], k)
    return w // np.gcd.reduce(w)


def affine(rng: np.random.Generator) -> Planted:
    k, c = int(rng.integers(1, 7)), int(rng.integers(-9, 10))
    w = weights(rng, k, 9)
    return Planted(lambda x: x @ w + c, k, -9, 9)


def rounded_down(rng: np.random.Generator) -> Planted:
    k, d, c = int(rng.integers(1, 5)), int(rng.integers(2, 11)), int(rng.integers(0, 5))
    w = weights(rng, k, 3)
    return Planted(lambda x: (x @ w + c) // d, k, 0, 30)


def monomial(rng: np.random.Generator) -> Planted:
    powers, c = rng.integers(1, 3, int(rng.integers(1, 4))), int(rng.choice([-3, -1, 1, 2, 5]))
    return Planted(lambda x: c * np.prod(x**powers, axis=1), len(powers), -5, 7)


def polynomial(rng: np.random.Generator) -> Planted:
    k = int(rng.integers(1, 4))
    terms = [(rng.integers(0, 3, k), int(rng.integers(1, 5)) * int(rng.choice([-1, 1]))) for _ in range(3)]

    def function(x: Rows) -> np.ndarray:
        return np.sum([c * np.prod(x**p, axis=1) for p, c in terms], axis=0) + x[:, 0] * (x[:, 0] + 1) // 2

    return Planted(function, k, -4, 8)


def separable(rng: np.random.Generator) -> Planted:
    f, g = rng.integers(1, 40, (2, 9))
    join = [np.add, np.multiply, np.maximum, np.minimum][int(rng.integers(4))]
    return Planted(lambda x: join(f[x[:, 0]], g[x[:, 1]]), 2, 0, 8)


def exclusive(rng: np.random.Generator) -> Planted:
    f, g = rng.permuted(np.tile(np.arange(9) > 4, (2, 1)), axis=1)
    return Planted(lambda x: f[x[:, 0]] ^ g[x[:, 1]], 2, 0, 8)


def threshold(rng: np.random.Generator) -> Planted:
    k = int(rng.integers(2, 6))
    w = weights(rng, k, 3)
    c = int(round(float(w.sum()) * 4.5)) + int(rng.integers(-3, 4))
    return Planted(lambda x: x @ w >= c, k, 0, 9)


def remainder(rng: np.random.Generator) -> Planted:
    k, m = int(rng.integers(1, 4)), int(rng.choice([2, 3, 5, 6, 7, 10, 12, 31]))
    w, c = rng.integers(1, m, k), int(rng.integers(0, m))
    w[0] = 1
    return Planted(lambda x: (x @ w + c) % m, k, 0, 40)


def periodic(rng: np.random.Generator) -> Planted:
    m = int(rng.integers(3, 8))
    w, values = weights(rng, 2, 3), rng.permutation(m) * 2 + rng.integers(0, 2)
    return Planted(lambda x: values[(x @ w) % m], 2, 0, 40)


def lookup(rng: np.random.Generator) -> Planted:
    cells = rng.integers(0, 6, (4, 4))
    i, j = rng.choice(5, 2, replace=False)
    return Planted(lambda x: cells[x[:, i], x[:, j]], 5, 0, 3)


def argmax(rng: np.random.Generator) -> Planted:
    k = int(rng.integers(3, 7))
    sign, shift = int(rng.choice([-1, 1])), rng.integers(0, 4, k)
    return Planted(lambda x: (sign * x + shift).argmax(axis=1), k, 0, 15)


def weighing(rng: np.random.Generator) -> Planted:
    k, labels = int(rng.integers(2, 4)), int(rng.integers(3, 5))
    w, c = rng.integers(-2, 3, (labels, k)), rng.integers(-4, 5, labels)
    w[0] = 0
    return Planted(lambda x: (x @ w.T + c).argmax(axis=1), k, -9, 9)


def count(rng: np.random.Generator) -> Planted:
    k, v = int(rng.integers(3, 6)), int(rng.integers(0, 4))
    holds = [lambda x: x == v, lambda x: x > min(v, 2)][int(rng.integers(2))]
    final = [lambda s: s, lambda s: s % 2, lambda s: s >= 2, lambda s: np.maximum(s, 2)][int(rng.integers(4))]
    return Planted(lambda x: final(holds(x).sum(axis=1)), k, 0, 3)


def extremum(rng: np.random.Generator) -> Planted:
    k = int(rng.integers(2, 4))
    pieces = [(rng.integers(-2, 3, k), int(rng.integers(-3, 4))) for _ in range(3)]
    best = [np.max, np.min][int(rng.integers(2))]
    return Planted(lambda x: best([x @ w + c for w, c in pieces], axis=0), k, -9, 9)


def hinge(rng: np.random.Generator) -> Planted:
    w, c = weights(rng, 3, 6), int(rng.integers(-5, 6))
    return Planted(lambda x: np.maximum(x @ w + c, 0), 3, -9, 9)


def combination(rng: np.random.Generator) -> Planted:
    k = int(rng.integers(2, 5))
    options: list[Callable[[Rows, int, int, int], np.ndarray]] = [
        lambda x, i, j, c: np.maximum(x[:, i], x[:, j]),
        lambda x, i, j, c: np.abs(x[:, i] - x[:, j]),
        lambda x, i, j, c: x[:, i] < x[:, j],
        lambda x, i, j, c: x[:, i] > c,
        lambda x, i, j, c: x[:, i] % (2 + c % 4),
        lambda x, i, j, c: x[:, i],
    ]
    terms = []
    for _ in range(3):
        i, j = rng.choice(k, 2, replace=False).tolist()
        option, c, w = (
            options[int(rng.integers(len(options)))],
            int(rng.integers(2, 7)),
            int(rng.choice([-2, -1, 1, 3])),
        )
        terms.append((option, i, j, c, w))
    return Planted(lambda x: np.sum([w * option(x, i, j, c) for option, i, j, c, w in terms], axis=0), k, 0, 9)


def composed(rng: np.random.Generator) -> Planted:
    options: list[Function] = [
        lambda x: np.maximum(x[:, 0], x[:, 1]) * x[:, 2] + x[:, 3],
        lambda x: np.abs(x[:, 0] - x[:, 1]) + np.minimum(x[:, 2], x[:, 3]),
        lambda x: np.where(x[:, 0] > x[:, 1], x[:, 2] + x[:, 3], 0),
        lambda x: (x[:, 0] + x[:, 1]) * (x[:, 2] - x[:, 3]),
        lambda x: (x[:, 0] * x[:, 1] + x[:, 2]) % 7 + 0 * x[:, 3],
        lambda x: np.clip(x[:, 0] + x[:, 1] - x[:, 2], -3, 5),
        lambda x: x.max(axis=1) - x.min(axis=1),
        lambda x: (x[:, 0] + x[:, 1] == x[:, 2]) | (x[:, 3] > 5),
    ]
    return Planted(options[int(rng.integers(len(options)))], 4, 0, 9)


FAMILIES: dict[str, tuple[str, Callable[[np.random.Generator], Planted]]] = {
    "affine": ("affine", affine),
    "rounded down": ("affine", rounded_down),
    "monomial": ("polynomial", monomial),
    "polynomial": ("polynomial", polynomial),
    "separable": ("separable", separable),
    "exclusive or": ("separable", exclusive),
    "threshold": ("threshold", threshold),
    "remainder": ("modular", remainder),
    "periodic": ("modular", periodic),
    "lookup": ("lookup", lookup),
    "argmax": ("argmax", argmax),
    "weighing": ("weighing", weighing),
    "count": ("count", count),
    "extremum": ("extremum", extremum),
    "hinge": ("extremum", hinge),
    "combination": ("combination", combination),
    "composed": ("composed", composed),
}
"""For each family, the detector that must find it."""
