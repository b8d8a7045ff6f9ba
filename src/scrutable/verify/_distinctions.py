"""Does the network make the distinctions that the program's memory makes?

Interchange cannot refuse a program that tells apart more than the network does: swapping values with the same future
changes nothing on either side. So every two inputs whose memories differ but have the same future are shown to a
two-way choice: from the network's state of the one, which of the two memories is it?
"""

from __future__ import annotations

import numpy as np

from scrutable.hypothesis import Result, silent, wilson
from scrutable.verify._classes import Classes
from scrutable.verify._pairs import Trace
from scrutable.verify._regression import Codes, Features, Regression, fit_regression
from scrutable.verify._rows import lookup, relabelled

NAME = "distinctions"
ROWS = 384
LEAST, ENOUGH = 0.9, 35


def at_three_steps(traced: Trace, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows, each once, and a step for each, `(n,)`: a third of the way, two thirds, the end."""
    last = traced.length - 1
    thirds = [rows[:ROWS] for rows in np.array_split(rng.permutation(len(traced.inputs)), 3)]
    return np.concatenate(thirds), np.repeat([last // 3, 2 * last // 3, last], [len(each) for each in thirds])


def distinctions(
    traced: Trace, asked: tuple[np.ndarray, np.ndarray], classes: Classes, fitted: tuple[np.ndarray, Codes]
) -> Result:
    """See the module.

    Arguments:
        traced: rows never used. asked: some of them, and steps; see `at_three_steps`. fitted: the states and program
            values that encodings were fitted on.
    """
    pairs, steps = _same_future(classes, traced, *asked)
    if len(pairs) < ENOUGH:
        reason = "values of the program's memory that differ have different futures, so interchange has tested them"
        return silent(NAME, "causal", reason)
    right = _told_apart(_Decoder(*fitted), traced, pairs, steps)
    interval = wilson(int(right.sum()), len(right))
    passed = interval.low >= LEAST
    words = (
        f"of two memories with the same future, the network's state tells in {int(right.sum())} of {len(right)} cases"
    )
    return Result(
        name=NAME,
        kind="causal",
        status="pass" if passed else "fail",
        value=float(right.mean()),
        n=len(right),
        interval=interval,
        method="two-way choice, by linear decoding, between memories that differ but have the same future; chance is "
        "0.5; disjoint pairs at three steps; Wilson interval",
        reason=f"{words} which one it holds" + ("" if passed else ": the program remembers what the network does not"),
    )


def _same_future(classes: Classes, traced: Trace, rows: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Disjoint pairs of the rows, `(m, 2)`, and their steps, `(m,)`: the same step and future, different memories."""
    known = lookup(classes.values, traced.memory[rows, steps])
    rows, steps, known = rows[known >= 0], steps[known >= 0], known[known >= 0]
    group, value = steps * (len(classes.values) + 1) + classes.future[known], relabelled(traced.codes[rows, steps])
    found = [np.zeros((0, 2), int)]
    for label in np.unique(group):
        here = np.flatnonzero(group == label)
        here = here[np.argsort(value[here], kind="stable")]
        half = len(here) // 2
        pairs = np.stack([here[:half], here[len(here) - half :]], axis=1)
        found.append(pairs[value[pairs[:, 0]] != value[pairs[:, 1]]])
    pairs = np.concatenate(found)
    return rows[pairs], steps[pairs[:, 0]]


class _Decoder:
    """Expected states for memory values, and the metric to compare with."""

    def __init__(self, states: np.ndarray, codes: Codes) -> None:
        self._regression: Regression = fit_regression(states, codes, Features.linear(codes))
        classes, members = np.unique(codes.values, axis=0, return_inverse=True)
        members = members.reshape(-1)
        self._means: dict[bytes, np.ndarray] = {}
        predicted = self._regression.predict(codes)
        if len(classes) * 4 <= len(states):
            sums = np.zeros((len(classes), states.shape[1]))
            np.add.at(sums, members, states)
            means = sums / np.bincount(members)[:, None]
            predicted = means[members]
            self._means = {row.tobytes(): mean for row, mean in zip(classes + 0.0, means, strict=True)}
        residual = states - predicted
        covariance = residual.T @ residual / len(states)
        ridge = 1e-3 * np.trace(states.T @ states / len(states)) / states.shape[1] + 1e-12
        self.metric = np.linalg.inv(covariance + ridge * np.eye(states.shape[1]))

    def expected(self, codes: Codes) -> np.ndarray:
        """`(m, d)`: class means, and the regression for values never seen."""
        out = self._regression.predict(codes)
        for row, key in enumerate(np.ascontiguousarray(codes.values + 0.0)):
            out[row] = self._means.get(key.tobytes(), out[row])
        return out


def _told_apart(decoder: _Decoder, traced: Trace, pairs: np.ndarray, steps: np.ndarray) -> np.ndarray:
    here, own = traced.at(pairs[:, 0], steps)
    _, others = traced.at(pairs[:, 1], steps)
    near, far = here - decoder.expected(own), here - decoder.expected(Codes(others.values, own.outputs, own.groups))
    return np.einsum("pi,ij,pj->p", near, decoder.metric, near) < np.einsum("pi,ij,pj->p", far, decoder.metric, far)
