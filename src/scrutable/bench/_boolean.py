"""Planted Boolean functions, written as text for `Rule`, drawn at random from several kinds.

What is drawn reads every one of its inputs, is neither nearly always true nor nearly always false, and a term of a DNF
is never idle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scrutable.bench._rule import Rule
from scrutable.work import generator

NEGATED = 0.35
RAREST = 0.1
TRIES = 1000


def names(n: int) -> tuple[str, ...]:
    """x0, x1, ..."""
    return tuple(f"x{i}" for i in range(n))


def assignments(n: int) -> dict[str, np.ndarray]:
    """Every assignment of n Boolean columns, `(2**n,)` each; the first changes fastest."""
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    return dict(zip(names(n), bits.T, strict=True))


def planted(kind: str, n: int, seed: int) -> str:
    """The text of a function of `n` inputs of that kind, one of `KINDS`. Cost: a few truth tables.

    Raises:
        RuntimeError: a thousand draws and none was fit to be planted.
    """
    rng = generator(seed, "bench", kind, n)
    for _ in range(TRIES):
        text = KINDS[kind](n, rng)
        if fit(text, n):
            return text
    raise RuntimeError(f"no {kind} function of {n} inputs was fit to be planted")


def fit(text: str, n: int) -> bool:
    """Whether the function depends on each of its inputs, and is true on at least a tenth of them and not on all."""
    truth = Rule(text)(assignments(n)).astype(bool)
    return RAREST <= truth.mean() <= 1 - RAREST and all(depends(truth, i) for i in range(n))


def depends(truth: np.ndarray, i: int) -> bool:
    """Whether a truth table `(2**n,)` in the order of `assignments` changes with input `i`."""
    flipped = np.arange(len(truth)) ^ (1 << i)
    return bool((truth != truth[flipped]).any())


def literal(name: str, rng: np.random.Generator) -> str:
    """The name, or its negation about one time in three."""
    return f"not {name}" if rng.random() < NEGATED else name


def read_once(n: int, rng: np.random.Generator) -> str:
    """A tree of and/or that reads each input once."""

    def tree(leaves: Sequence[str], op: str) -> str:
        if len(leaves) == 1:
            return literal(leaves[0], rng)
        parts = min(len(leaves), int(rng.integers(2, 4)))
        cuts = np.sort(rng.choice(np.arange(1, len(leaves)), size=parts - 1, replace=False)).tolist()
        pieces = [leaves[a:b] for a, b in zip([0, *cuts], [*cuts, len(leaves)], strict=True)]
        other = "or" if op == "and" else "and"
        return "(" + f" {op} ".join(tree(piece, other) for piece in pieces) + ")"

    return tree(rng.permutation(names(n)).tolist(), str(rng.choice(["and", "or"])))


def dnf(n: int, rng: np.random.Generator, *, terms: int = 3) -> str:
    """An or of terms of two or three literals, each needed."""
    chosen = []
    for _ in range(terms):
        size = int(rng.integers(2, 4))
        chosen.append([literal(name, rng) for name in rng.choice(names(n), size=size, replace=False)])
    texts = [f"({' and '.join(term)})" for term in chosen]
    tables = [Rule(text)(assignments(n)).astype(bool) for text in texts]
    for i in range(terms):
        others = np.any([table for j, table in enumerate(tables) if j != i], axis=0)
        if not (tables[i] & ~others).any():
            return "False"
    return " or ".join(texts)


def long_dnf(n: int, rng: np.random.Generator) -> str:
    """A DNF of four terms."""
    return dnf(n, rng, terms=4)


def threshold(n: int, rng: np.random.Generator) -> str:
    """A weighted vote."""
    weights = rng.integers(1, 4, n)
    parts = [name if w == 1 else f"{w} * {name}" for name, w in zip(names(n), weights, strict=True)]
    return f"{' + '.join(parts)} >= {int(rng.integers(2, weights.sum()))}"


def symmetric(n: int, rng: np.random.Generator) -> str:
    """A condition on how many inputs are true."""
    total = " + ".join(names(n))
    low = int(rng.integers(1, n))
    return str(
        rng.choice(
            [
                f"{total} == {low}",
                f"{low} <= {total} <= {min(n, low + 1)}",
                f"({total}) % 2 == {int(rng.integers(0, 2))}",
                f"({total}) % 3 == {int(rng.integers(0, 3))}",
                f"{total} >= {low}",
            ]
        )
    )


def parity(n: int, rng: np.random.Generator) -> str:
    """Whether an odd number of inputs is true."""
    del rng
    return " ^ ".join(names(n))


def majority(n: int, rng: np.random.Generator) -> str:
    """Whether more than half of the inputs are true."""
    del rng
    return f"{' + '.join(names(n))} >= {n // 2 + 1}"


def multiplexer(n: int, rng: np.random.Generator) -> str:
    """Address inputs choose one of the others; n is 3, 6 or 11."""
    address = {3: 1, 6: 2, 11: 3}[n]
    order = rng.permutation(names(n)).tolist()
    selectors, data = order[:address], order[address:]

    def choose(depth: int, rest: Sequence[str]) -> str:
        if depth == address:
            return rest[0]
        half = len(rest) // 2
        return f"({choose(depth + 1, rest[:half])} if {selectors[depth]} else {choose(depth + 1, rest[half:])})"

    return choose(0, data)


def xor_mixture(n: int, rng: np.random.Generator) -> str:
    """Two read-once functions, or an input and one, joined by an exclusive or."""
    order = rng.permutation(names(n)).tolist()
    cut = int(rng.integers(1, n))
    return " ^ ".join(f"({_renamed(read_once(len(part), rng), part)})" for part in (order[:cut], order[cut:]))


def conditional(n: int, rng: np.random.Generator) -> str:
    """One read-once function if another holds, else a third."""
    order = rng.permutation(names(n)).tolist()
    first, second = np.sort(rng.choice(np.arange(1, n), size=2, replace=False)).tolist()
    parts = (order[:first], order[first:second], order[second:])
    test, yes, no = (f"({_renamed(read_once(len(part), rng), part)})" for part in parts)
    return f"{yes} if {test} else {no}"


def _renamed(text: str, onto: Sequence[str]) -> str:
    """A text over x0, x1, ... reading the names `onto` in their place."""
    for i in reversed(range(len(onto))):
        text = text.replace(f"x{i}", f"<{i}>")
    for i, name in enumerate(onto):
        text = text.replace(f"<{i}>", name)
    return text


KINDS: dict[str, Callable[[int, np.random.Generator], str]] = {
    "read-once": read_once,
    "dnf": dnf,
    "long dnf": long_dnf,
    "threshold": threshold,
    "symmetric": symmetric,
    "parity": parity,
    "majority": majority,
    "multiplexer": multiplexer,
    "xor": xor_mixture,
    "conditional": conditional,
}
