"""Inputs where something changes: answers, conditions of the program, signs of the network's hidden units.

All are found by bisection between two inputs that differ in it, and both ends of what is left are given. Only for real
inputs that are no sequences; else there are none.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scrutable.errors import ProgramError
from scrutable.network import Activation, after_each
from scrutable.program import BOOL, spelled_out
from scrutable.verify._agreement import answers_to
from scrutable.verify._base import Case
from scrutable.verify._inputs import Box
from scrutable.work import flat_rows

PAIRS, CROSSINGS, HALVINGS = 512, 512, 20

Marks = Callable[[np.ndarray], np.ndarray]
"""For inputs `(n, ...)` some values `(n, k)` that change where something changes."""


def boundaries(case: Case, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Inputs on both sides of where answers change, the program's or the network's, and of the program's conditions.

    Answers count where they are labels, bits or whole numbers.
    """
    if not _suits(case, data):
        return data[:0]
    found = [_crossings(case, data, _conditions(case), rng)]
    if case.network.outputs.dtype.kind != "f":
        found.append(_crossings(case, data, lambda x: _answers(case, x), rng))
        found.append(_crossings(case, data, lambda x: flat_rows(case.network.predict(x)), rng))
    return np.concatenate(found)


def corners(case: Case, data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Inputs on both sides of where hidden units of the network change sign.

    Between these a piecewise linear network is linear, so what a program misses of it shows there. None unless the
    network is a chain of layers.
    """
    layers = case.network.layers if _suits(case, data) else None
    if layers is None or not any(isinstance(layer, Activation) for layer in layers):
        return data[:0]

    def signs(x: np.ndarray) -> np.ndarray:
        values = zip(layers, after_each(layers, x), strict=False)
        return np.concatenate([v > 0 for layer, v in values if isinstance(layer, Activation)], axis=1)

    return _crossings(case, data, signs, rng)


def _suits(case: Case, data: np.ndarray) -> bool:
    domain = case.network.inputs
    return domain.dtype.kind == "f" and not domain.is_sequence and len(data) > 0


def _answers(case: Case, x: np.ndarray) -> np.ndarray:
    answers, _ = answers_to(case.hypothesis.program, x)
    return np.zeros((len(x), 0)) if answers is None else flat_rows(answers)


def _conditions(case: Case) -> Marks:
    """The truth of everything in the program that is true or false."""
    program = spelled_out(case.hypothesis.program)
    names = [name for name, type_ in program.variables.items() if type_ == BOOL]

    def marks(x: np.ndarray) -> np.ndarray:
        try:
            values = program.run(x) if names else {}
        except ProgramError:
            return np.zeros((len(x), 0))
        return np.stack([values[name] for name in names], axis=1) if names else np.zeros((len(x), 0))

    return marks


def _crossings(case: Case, data: np.ndarray, marks: Marks, rng: np.random.Generator) -> np.ndarray:
    """Both ends of short segments between which a mark changes."""
    box = Box(case.network.inputs, case.find.inputs)
    left, right = data[:PAIRS], data[rng.permutation(len(data))[:PAIRS]]
    rows, columns = np.nonzero(_changed(marks(left), marks(right)))
    chosen = rng.permutation(len(rows))[:CROSSINGS]
    rows, columns = rows[chosen], columns[chosen]
    left, right, at_left = left[rows], right[rows], marks(left)[rows]
    for _ in range(HALVINGS if len(rows) else 0):
        middle = box.nearest((left + right) / 2)
        changed = _changed(marks(middle), at_left)
        if not changed.shape[1]:
            break
        moved = changed[np.arange(len(rows)), columns].reshape(-1, *[1] * (left.ndim - 1))
        left, right = np.where(moved, left, middle), np.where(moved, middle, right)
    return np.concatenate([left, right])


def _changed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where marks differ; nowhere when there are none for one of them."""
    return a != b if a.shape == b.shape else np.zeros((len(a), 0), bool)
