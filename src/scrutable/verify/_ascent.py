"""Counter-examples by ascent: inputs changed step by step so that network and program come further apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.errors import UserError
from scrutable.verify._agreement import answers_to
from scrutable.verify._base import Case
from scrutable.verify._inputs import Box
from scrutable.work import flat_rows

STARTS, STEPS = 64, 20
FIRST_STEP, SHRINK = 0.1, 0.8
NUDGE = 1e-4
MOST_ENTRIES = 32
GREEDY_STARTS, GREEDY_ROUNDS, PROPOSALS = 16, 6, 96


def gradient_ascent(case: Case, data: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The inputs met on the way up the distance between network and program, batch by batch, inside the domain.

    From rows of the data where they are furthest apart and from fresh ones, by steps along the sign of the gradient
    that get smaller (A. Madry et al., Towards deep learning models resistant to adversarial attacks, ICLR 2018,
    arXiv:1706.06083). The network's gradient is exact, the program's by central differences. Real inputs of networks
    that have a gradient only; else there are no batches.
    """
    box = Box(case.network.inputs, case.find.inputs)
    if box.dtype.kind != "f" or not len(data):
        return
    apart = distance(case, data)
    far = data[np.argsort(-apart, kind="stable")[: STARTS // 2]] if apart is not None else data[: STARTS // 2]
    x = np.concatenate([far, box.draw(STARTS - len(far), rng)])
    step, width = FIRST_STEP, box.hi - box.lo
    for _ in range(STEPS):
        try:
            slope = _slope(case, box, x)
        except UserError:
            return
        if slope is None:
            return
        x = box.nearest(x + step * width * np.sign(slope))
        step *= SHRINK
        yield x


def _slope(case: Case, box: Box, x: np.ndarray) -> np.ndarray | None:
    """The gradient of the distance at each row; None where the program has no answer."""
    answers, _ = answers_to(case.hypothesis.program, x)
    raw = case.network.raw(x)
    towards = None if answers is None else _direction(case, raw, answers)
    if towards is None:
        return None
    slope = case.network.gradient(x, towards)
    if case.network.outputs.classes is None and flat_rows(x).shape[1] <= MOST_ENTRIES:
        slope = slope - _program_slope(case, box, x, flat_rows(towards))
    return slope


def _direction(case: Case, raw: np.ndarray, answers: np.ndarray) -> np.ndarray | None:
    """Weights of the raw outputs along which the network leaves the program's answers; None when shapes differ.

    For numbers the output that is furthest off, away from the program; for labels the score of the strongest other
    label, against that of the program's label, where that is closest to changing.
    """
    flat = _numbers(case, raw)
    said = np.asarray(answers, float).reshape(len(raw), -1)
    if said.shape != flat.shape[:2]:
        return None
    rows = np.arange(len(raw))
    weights = np.zeros(flat.shape)
    if case.network.outputs.classes is None:
        gap = flat - said
        worst = np.abs(gap).argmax(axis=1)
        weights[rows, worst] = np.where(gap[rows, worst] < 0, -1.0, 1.0)
        return weights.reshape(raw.shape)
    label = _labels(said, flat.shape[2])
    lead = _lead(flat, label)
    worst = lead.max(axis=2).argmax(axis=1)
    rival = lead[rows, worst].argmax(axis=1)
    weights[rows, worst, rival] = 1.0
    weights[rows, worst, label[rows, worst]] -= 1.0
    return weights.reshape(raw.shape)


def _numbers(case: Case, raw: np.ndarray) -> np.ndarray:
    """Raw outputs as `(n, outputs)`, or `(n, outputs, classes)` for labels."""
    k = case.network.outputs.classes
    return raw.reshape(len(raw), -1) if k is None else raw.reshape(len(raw), -1, k)


def _labels(said: np.ndarray, classes: int) -> np.ndarray:
    return np.clip(np.nan_to_num(said), 0, classes - 1).astype(np.int64)


def _lead(scores: np.ndarray, label: np.ndarray) -> np.ndarray:
    """By how much each other label's score is above that of `label`; minus infinity for the label itself."""
    own = np.take_along_axis(scores, label[..., None], axis=2)
    lead = scores - own
    np.put_along_axis(lead, label[..., None], -np.inf, axis=2)
    return lead


def _program_slope(case: Case, box: Box, x: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """The gradient of `towards` times the program's answers, by central differences."""
    slope = np.zeros(flat_rows(x).shape)
    width = flat_rows(np.where(box.whole, 1.0, NUDGE * (box.hi - box.lo))[None])[0]
    for entry in range(len(width)):
        ends = []
        for side in (width[entry], -width[entry]):
            moved = flat_rows(x).copy()
            moved[:, entry] += side
            inside = box.nearest(moved.reshape(x.shape))
            answers, _ = answers_to(case.hypothesis.program, inside)
            if answers is None:
                return np.zeros(x.shape)
            value = (towards * np.asarray(answers, float).reshape(len(x), -1)).sum(axis=1)
            ends.append((flat_rows(inside)[:, entry], value))
        (high, above), (low, below) = ends
        slope[:, entry] = np.where(high > low, above - below, 0.0) / np.where(high > low, high - low, 1.0)
    return slope.reshape(x.shape)


def distance(case: Case, x: np.ndarray) -> np.ndarray | None:
    """How near the network is to leaving the program's answer on each row, or how far it has left it: `(n,)`.

    For numbers the largest difference between raw output and answer, for labels the largest lead of another label.
    None when the program has no answer, or one of another shape.
    """
    answers, valid = answers_to(case.hypothesis.program, x)
    if answers is None:
        return None
    raw = _numbers(case, case.network.raw(x))
    said = np.asarray(answers, float).reshape(len(x), -1)
    if said.shape != raw.shape[:2] or not said.size:
        return None
    if raw.ndim == 3:
        apart = _lead(raw, _labels(said, raw.shape[2])).max(axis=2).max(axis=1)
    else:
        apart = np.abs(raw - said).max(axis=1)
    return np.where(valid, np.nan_to_num(apart, nan=np.inf, neginf=-np.inf), np.inf)


def greedy_ascent(case: Case, data: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Whole-number inputs changed one entry at a time, each time by the change that brings the network nearest to
    leaving the program's answer. Every change tried is in a batch.

    Starts where the network is nearest already, at rows of the data. None for real inputs.
    """
    box = Box(case.network.inputs, case.find.inputs)
    apart = distance(case, data) if box.dtype.kind != "f" and len(data) else None
    if apart is None or not flat_rows(data).shape[1]:
        return
    x = data[np.argsort(-apart, kind="stable")[:GREEDY_STARTS]]
    for _ in range(GREEDY_ROUNDS):
        tried = _single_changes(box, x, rng)
        apart = distance(case, tried.reshape(-1, *x.shape[1:]))
        yield tried.reshape(-1, *x.shape[1:])
        if apart is None:
            return
        x = tried[np.arange(len(x)), apart.reshape(len(x), -1).argmax(axis=1)]


def _single_changes(box: Box, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each row the row itself and up to 96 others that differ from it in one entry: `(n, 97, ...)`."""
    flat = flat_rows(x)
    n, entries = flat.shape
    drawn = np.repeat(flat[:, None], PROPOSALS + 1, axis=1)
    fresh = flat_rows(box.draw(n * PROPOSALS, rng)).reshape(n, PROPOSALS, entries)
    near = flat[:, None] + rng.choice([-1, 1], size=(n, PROPOSALS, entries))
    new = np.where(rng.random((n, PROPOSALS, 1)) < 0.5, near, fresh)
    new = flat_rows(box.nearest(new.reshape(-1, *x.shape[1:]))).reshape(new.shape)
    places = np.stack([rng.permutation(max(entries, PROPOSALS))[:PROPOSALS] % entries for _ in range(n)])
    rows, columns = np.arange(n)[:, None], np.arange(1, PROPOSALS + 1)[None]
    drawn[rows, columns, places] = new[rows, columns - 1, places]
    return drawn.reshape(n, PROPOSALS + 1, *x.shape[1:])
