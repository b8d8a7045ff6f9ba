"""Does the network make the distinctions that the program's memory makes?

Interchange cannot refuse a program that tells apart more than the network does: swapping values with the same future
changes nothing on either side. So every two inputs whose memories differ but have the same future are shown to a
two-way choice: from the network's state of the one, which of the two memories is it?
"""

from __future__ import annotations

import numpy as np

from scrutable.hypothesis import Result, wilson
from scrutable.verify._base import silent
from scrutable.verify._inputs import Box
from scrutable.verify._pairs import Trace, Trial
from scrutable.verify._regression import Codes, Regression, fit_regression
from scrutable.work import generator

NAME = "distinctions"
SUFFIXES = 16
ROWS = 384
LEAST, ENOUGH = 0.9, 35


def distinctions(trial: Trial, traced: Trace, states: np.ndarray, codes: Codes) -> Result:
    """See the module.

    Arguments:
        traced: rows never used. states, codes: the rows that encodings were fitted on.
    """
    rng = generator(trial.case.seed, "distinctions")
    last, chosen = traced.length - 1, []
    thirds = np.array_split(rng.permutation(len(traced.inputs)), 3)
    for step, rows in zip((last // 3, 2 * last // 3, last), thirds, strict=True):
        pairs = _same_future(trial, traced, rows[:ROWS], step, rng)
        chosen.append((pairs, np.full(len(pairs), step)))
    pairs, steps = (np.concatenate(parts) for parts in zip(*chosen, strict=True))
    if len(pairs) < ENOUGH:
        reason = "values of the program's memory that differ have different futures, so interchange has tested them"
        return silent(NAME, "causal", reason)
    right = _told_apart(_Decoder(states, codes), traced, pairs, steps)
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


def _same_future(trial: Trial, traced: Trace, rows: np.ndarray, step: int, rng: np.random.Generator) -> np.ndarray:
    """Disjoint pairs of rows whose memories after `step` differ though no suffix tried tells them apart: `(m, 2)`."""
    codes = traced.codes[rows, step]
    futures = _futures(trial, traced.inputs[rows, : step + 1], traced, rng)
    _, future = np.unique(futures, axis=0, return_inverse=True)
    _, value = np.unique(codes, axis=0, return_inverse=True)
    future, value, found = future.reshape(-1), value.reshape(-1), []
    for label in np.unique(future):
        here = np.flatnonzero(future == label)
        here = here[np.argsort(value[here], kind="stable")]
        half = len(here) // 2
        left, right = here[:half], here[len(here) - half :]
        differ = value[left] != value[right]
        found.append(np.stack([rows[left[differ]], rows[right[differ]]], axis=1))
    return np.concatenate(found)


def _futures(trial: Trial, prefixes: np.ndarray, traced: Trace, rng: np.random.Generator) -> np.ndarray:
    """The program's answers after each prefix is continued by the same suffixes: `(n, everything)`."""
    box = Box(trial.case.network.inputs, traced.inputs)
    suffixes = box.draw(SUFFIXES, rng)
    suffixes[0], suffixes[1] = box.fill(np.zeros(box.shape)), box.fill(np.full(box.shape, 1 - 1e-9))
    n, done, answers = len(prefixes), prefixes.shape[1], []
    for number, suffix in enumerate(suffixes):
        length = len(suffix) if trial.case.network.each_step else 1 + number % len(suffix)
        words = np.concatenate([prefixes, np.repeat(suffix[None, :length], n, axis=0)], axis=1)
        said = np.asarray(trial.program(words), dtype=float)
        answers.append((said[:, done:] if trial.case.network.each_step else said).reshape(n, -1))
    return np.concatenate(answers, axis=1)


class _Decoder:
    """Expected states for memory values, and the metric to compare with."""

    def __init__(self, states: np.ndarray, codes: Codes) -> None:
        self._regression: Regression = fit_regression(states, codes)
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
