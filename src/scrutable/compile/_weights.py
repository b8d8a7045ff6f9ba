"""Weights on a residual stream whose every coordinate has a meaning: one for each value of a label, one for a number.

At the start position every variable holds something known beforehand, whatever the input: nothing in the embedding,
the default of a head that wrote there. Whoever reads that position (a head where nothing is selected) takes it off
again, so that only what is meant arrives. ReLU units are silent there.

The encodings are those of Tracr (Lindner et al., 2023, arXiv:2301.05062): one-hot codes, scores of selectors on query
and key codes, a start token that gives `1 / (1 + n)`, thresholds for numbers. Scores and defaults are arranged anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.compile._plan import Attend, Map, Plan, Score, Variable


@final
@dataclass(eq=False)
class Stream:
    """Which coordinates of the residual stream hold which variable, and what is at the start position so far."""

    places: dict[Variable, slice]
    width: int
    start: int = 0
    at_start: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.at_start = np.zeros(self.width)
        self.at_start[self.start] = 1.0

    @staticmethod
    def of(variables: Iterable[Variable], *, spare: int = 0) -> Stream:
        """Coordinates for the start token, then for each variable, then some that nothing reads."""
        places, width = {}, 1
        for variable in variables:
            places[variable] = slice(width, width + variable.size)
            width += variable.size
        return Stream(places, width + spare)

    def rows(self, variable: Variable, values: np.ndarray) -> np.ndarray:
        """A matrix `(width, columns)` that is `values` where the variable is held."""
        matrix = np.zeros((self.width, values.shape[1]))
        matrix[self.places[variable]] = values
        return matrix

    def codes(self, variable: Variable) -> np.ndarray:
        """What each value of a variable looks like in the stream: `(values, width)`."""
        values = np.asarray(variable.values, dtype=float)
        matrix = np.zeros((len(values), self.width))
        matrix[:, self.places[variable]] = np.eye(len(values)) if variable.label else values[:, None]
        return matrix

    def silent_at_start(self, matrix: np.ndarray) -> np.ndarray:
        """The matrix, what it reads at the start position taken off."""
        matrix = matrix.copy()
        matrix[self.start] -= self.at_start @ matrix
        return matrix


@final
@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """`query` and `key` `(width, scores)`, `query_bias` `(scores,)`, `value` `(width, k)`, `out` `(k, width)`."""

    query: np.ndarray
    query_bias: np.ndarray
    key: np.ndarray
    value: np.ndarray
    out: np.ndarray

    @property
    def size(self) -> int:
        """The least size that holds it."""
        return max(self.query.shape[1], self.value.shape[1])


@final
@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """ReLU units: `into` `(width, units)`, `bias` `(units,)`, `out` `(units, width)`."""

    into: np.ndarray
    bias: np.ndarray
    out: np.ndarray


def head_for(attend: Attend, stream: Stream, plan: Plan, *, step: float) -> Head:
    """The head of an act of attention.

    With `m` conditions a selected key scores at least `m * gap - spread`, one that misses a condition at most
    `(m - 1) * gap`. The start position lies between them, `step` from either, or (for a width) beside the selected.

    Arguments:
        step: the least difference between scores that counts, in nats.
    """
    spread = step * (plan.position.size - 1) if attend.first else 0.0
    gap = spread + 2 * step
    always = np.zeros((stream.width, 1))  # scores of keys that are the same for every query
    always[stream.start] = gap * len(attend.scores) - (0.0 if attend.kind == "width" else spread + step)
    if attend.first:
        always[stream.places[plan.position], 0] = -step * np.arange(plan.position.size)
    pairs = [_condition(score, stream, plan.position, gap) for score in attend.scores]
    query = np.hstack([*(pair[0] for pair in pairs), np.zeros((stream.width, 1))])
    key = np.hstack([*(pair[1] for pair in pairs), always])
    bias = np.zeros(query.shape[1])
    bias[-1] = 1.0
    query = stream.silent_at_start(query)
    query[stream.start] -= bias
    if not plan.causal:  # the start position sees only itself
        alone = np.zeros((stream.width, 1))
        alone[stream.start] = 1.0
        query, key, bias = np.hstack([query, alone]), np.hstack([key, gap * alone]), np.append(bias, 0.0)
    return Head(query, bias, key, *_moved(attend, stream))


def _condition(score: Score, stream: Stream, position: Variable, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Query and key whose product is `gap` where the condition holds and 0 where not.

    One coordinate for each kind of query, or for each kind of key if those are fewer.
    """
    queries, keys = score.query or position, score.key or position
    table = np.broadcast_to(score.table, (queries.size, keys.size))
    rows, row = np.unique(table, axis=0, return_inverse=True)
    columns, column = np.unique(table, axis=1, return_inverse=True)
    if len(rows) <= columns.shape[1]:
        query, key = np.eye(len(rows))[row.reshape(-1)], rows.T
    else:
        query, key = columns, np.eye(columns.shape[1])[column.reshape(-1)]
    return stream.rows(queries, query), stream.silent_at_start(stream.rows(keys, gap * key))


def _moved(attend: Attend, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """What a head reads at each key, and how it writes it: a code for each value of a label, else one number."""
    output, view = attend.output, attend.value
    if view is None:
        read, default = np.zeros((stream.width, 1)), np.ones(1)
    elif view.values is None:
        read, default = stream.rows(view.variable, np.ones((1, 1))), np.array([attend.default], dtype=float)
    elif output.label:
        read = stream.rows(view.variable, _one_hot(view.values, output))
        default = _one_hot([attend.default], output)[0]
    else:
        read = stream.rows(view.variable, np.asarray(view.values, dtype=float)[:, None])
        default = np.array([attend.default], dtype=float)
    value = stream.silent_at_start(read)
    value[stream.start] += default
    return value, stream.rows(output, np.eye(output.size)).T


def _one_hot(values: Iterable[object], variable: Variable) -> np.ndarray:
    assert variable.values is not None
    return np.eye(variable.size)[[variable.values.index(value) for value in values]]  # type: ignore[arg-type]


def units_for(map_: Map, stream: Stream) -> Units:
    """The ReLU units of a map: one for each combination that matters, or two for each threshold of a number."""
    first = map_.inputs[0]
    into, bias, out = _combined(map_, stream) if first.label else _stepped(map_, stream)
    into = into.copy()
    into[stream.start] -= stream.at_start @ into + bias + 1.0
    return Units(into, bias, out)


def _combined(map_: Map, stream: Stream) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A unit for each combination of the smaller inputs and each value of the output: it is 1 where they meet."""
    codes = stream.codes(map_.output)
    order = sorted(range(len(map_.inputs)), key=lambda i: map_.inputs[i].size)
    inputs = [map_.inputs[i] for i in order]
    table = map_.table.transpose(order)
    into, out = [], []
    for place in np.ndindex(*table.shape[:-1]):
        for value in np.unique(table[place]):
            if not codes[value].any():
                continue
            weights = np.zeros(stream.width)
            for variable, index in zip(inputs, place, strict=False):
                weights[stream.places[variable].start + index] = 1.0
            weights[stream.places[inputs[-1]]] = table[place] == value
            into.append(weights)
            out.append(codes[value])
    count = len(into)
    shape = (count, stream.width)
    bias = np.full(count, 1.0 - len(inputs))
    return np.reshape(into, shape).T, bias, np.reshape(out, shape)


def _stepped(map_: Map, stream: Stream) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first output always, and a step to the next one half way between each two values of the number."""
    (number,) = map_.inputs
    values, codes = np.asarray(number.values, dtype=float), stream.codes(map_.output)[map_.table]
    where = np.flatnonzero(np.any(codes[1:] != codes[:-1], axis=1))
    middles, slopes = (values[where] + values[where + 1]) / 2, 2 / (values[where + 1] - values[where])
    into = np.zeros((stream.width, 1 + 2 * len(where)))
    into[stream.places[number], 1:] = np.repeat(slopes, 2)
    bias = np.concatenate([[1.0], np.repeat(-slopes * middles, 2) + np.tile([0.5, -0.5], len(where))])
    changes = codes[where + 1] - codes[where]
    out = np.vstack([codes[:1], *(part for change in changes for part in (change[None], -change[None]))])
    return into, bias, out
