"""What a network answers, as a variable computed from those that its output reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrutable.program import BOOL, Expr, Seq, call
from scrutable.propose._attention_classes import WITHIN, settled_by, spread
from scrutable.propose._attention_combined import Combined, combined, names_of
from scrutable.propose._attention_graph import Blurred
from scrutable.propose._attention_means import tidy

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk

CLEAR = 0.3
"""A combination of values that no word brings together has an answer where its score is ahead by this share of what it
is where it is far ahead."""
BLURRED = WITHIN / 4
"""Real answers are one number where they differ by less than this share of what they vary by."""


def output_of(walk: Walk) -> str:
    """The variable that the network gives.

    Raises:
        NotRead: some part of the network is none of the things read here.
    """
    name = _output(walk)
    if walk.last is not None:
        walk.parts[walk.last] = {name}
    return name


def _output(walk: Walk) -> str:
    reader = ("output", "input")
    raw = walk.flat(walk.reading.raw())
    heard = walk.heard(reader, np.eye(raw.shape[-1]))
    names, outputs = names_of(heard), walk.reading.network.outputs
    answers = np.concatenate([y.reshape(-1) for y in walk.reading.answers()])
    if outputs.kind == "Reals":
        return _number(walk, names, raw.reshape(-1))
    labels = outputs.kind in ("Category", "Tokens")
    constant = walk.reading.bias(reader)[-1][0, -1]
    if walk.outcomes is not None and len([each for each in heard if each.names]) == 1:
        constant = constant + sum(each.numbers.mean(0) for each in heard if not each.names)
        more = Combined(walk.outcomes.columns, walk.outcomes.numbers + constant)
    else:
        more = combined(heard, walk.store.labels, constant)
    usual = np.quantile(_clearness(raw), 0.95)
    return walk.computed(
        names,
        answers.astype(np.int64),
        "output",
        truth=labels,
        more=more if labels else None,
        said=lambda new: np.where(_clearness(new) > CLEAR * usual, new.argmax(-1), -1),
    )


def _number(walk: Walk, names: list[str], raw: np.ndarray) -> str:
    """A real output: a sum of variables, each times a number, or else one number for each combination, of symbol and
    place as well where that is needed."""
    columns = [walk.store.labels[name].astype(np.float64) for name in names]
    matrix = np.stack([*columns, np.ones_like(raw)], axis=1)
    weights = np.linalg.lstsq(matrix, raw, rcond=None)[0]
    if np.abs(matrix @ weights - raw).max() < WITHIN * spread(raw[:, None]):
        total: Expr | None = None
        for name, weight in zip(names, weights[:-1], strict=True):
            part: Expr = walk.store.var(name)
            if abs(weight) < 1e-4:
                continue
            if part.type == Seq(BOOL):
                part = call("if", part, 1, 0)
            part = part if abs(weight - 1) < 1e-3 else call("mul", part, tidy(weight))
            total = part if total is None else call("add", total, part)
        if total is not None:
            total = total if abs(weights[-1]) < 1e-3 else call("add", total, tidy(weights[-1]))
            return walk.store.add("output", total, site=None)
    places = [walk.store.source.name, walk.store.places()]
    for parents in (names, list(dict.fromkeys([*names, *places]))):
        means, group, off = settled_by([walk.store.labels[each] for each in parents], raw[:, None])
        if off.max() < BLURRED * spread(raw[:, None]):
            return walk.computed(parents, np.round(means[group, 0], 4), "output", truth=False)
    raise Blurred(f"output is not a function of what it reads: {', '.join(names)}")


def _clearness(raw: np.ndarray) -> np.ndarray:
    """By how much the highest score is above the next, `(n,)`."""
    if raw.shape[-1] < 2:
        return np.zeros(len(raw))
    best = np.sort(raw, axis=-1)
    return best[:, -1] - best[:, -2]
