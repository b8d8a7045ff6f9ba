"""Random Boolean functions with a known short formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrutable.synthesis.boolean._node import (
    CountTest,
    Node,
    choice,
    conjunction,
    count,
    disjunction,
    literal,
    parity,
    variable,
)


def read_once(variables: Sequence[int], rng: np.random.Generator) -> Node:
    """A random tree of and, or, xor in which every variable occurs once."""
    if len(variables) == 1:
        return literal(variables[0], positive=bool(rng.random() < 0.6))
    order = rng.permutation(variables)
    cuts = np.sort(rng.choice(np.arange(1, len(order)), size=min(len(order) - 1, rng.integers(1, 3)), replace=False))
    join = (conjunction, disjunction, parity)[rng.choice(3, p=(0.4, 0.4, 0.2))]
    return join([read_once(part.tolist(), rng) for part in np.split(order, cuts)])


def sum_of_products(n: int, terms: int, rng: np.random.Generator) -> Node:
    """Some conjunctions of two to four literals each, joined by or."""
    return disjunction(
        conjunction(
            literal(int(k), positive=bool(rng.random() < 0.5))
            for k in rng.choice(n, size=rng.integers(2, 5), replace=False)
        )
        for _ in range(terms)
    )


def multiplexer(selectors: Sequence[int], data: Sequence[int]) -> Node:
    """The data bit whose number the selectors spell."""
    if not selectors:
        return variable(data[0])
    half = len(data) // 2
    first, *rest = selectors
    return choice(variable(first), multiplexer(rest, data[half:]), multiplexer(rest, data[:half]))


def counted(n: int, kind: str, *values: int, weights: Sequence[int] | None = None) -> Node:
    """A question about how many of the first `n` variables hold."""
    return count([variable(k) for k in range(n)], CountTest(tuple(weights or (1,) * n), kind, values))


def xor_chain(n: int, rng: np.random.Generator) -> Node:
    """The parity of some variables and of a conjunction of the others."""
    order = rng.permutation(n).tolist()
    cut = int(rng.integers(2, n - 1))
    return parity([*map(variable, order[:cut]), conjunction(map(variable, order[cut:]))])
