"""What a network's outputs can be guessed with when nothing interesting is known about it.

Agreement means little on a network that says nearly always the same. Scores are therefore counted from a baseline of
the network's own: the best constant, and for a program that remembers, or that reads several inputs, also the best
table from the current element, or from any single input.
"""

from __future__ import annotations

import numpy as np

from scrutable.guard._base import GuardCase, Rows
from scrutable.program import Call, Expr, Program, Scan, walk
from scrutable.work import flat_rows

NEARLY_CONSTANT = 0.99
_MIXING = frozenset(
    {"shift", "sum", "count", "counts", "select", "aggregate", "pick", "width", "last", "length", "position"}
)


def skill(agreement: float, base: float) -> float:
    """The part of the way from the baseline to perfect agreement, from 0 to 1; 0 on a nearly constant network."""
    return 0.0 if base >= NEARLY_CONSTANT else max(0.0, (agreement - base) / (1 - base))


def baseline(case: GuardCase, find: Rows, test: Rows) -> float:
    """The whole-input agreement on `test` of the best simple guess learnt on `find`.

    How simple depends on the program found: a table from the current element is an honest explanation and not a guess
    when the program itself is one.
    """
    guesses = [most_frequent(find.outputs)]
    shares = [share_right(np.broadcast_to(guess, test.outputs.shape), test.outputs) for guess in guesses]
    if case.network.each_step:
        shares.append(share_right(_by_key(_no_key(find), find.outputs, _no_key(test)), test.outputs))
        if remembers(case.hypothesis.program):
            shares.append(share_right(_by_key(_keys(find), find.outputs, _keys(test)), test.outputs))
    elif test.inputs.ndim == 2 and len(case.hypothesis.program.inputs) > 1:
        for column in range(test.inputs.shape[1]):
            said = _by_key(find.inputs[:, column], find.outputs, test.inputs[:, column])
            shares.append(share_right(said, test.outputs))
    return max(shares)


def remembers(program: Program) -> bool:
    """Whether the program carries anything from one position of a sequence to another."""
    if any(isinstance(s, Scan) and s.states for s in program.statements):
        return True
    return any(isinstance(node, Call) and node.op in _MIXING for expr in _expressions(program) for node in walk(expr))


def _expressions(program: Program) -> list[Expr]:
    found: list[Expr] = []
    for statement in program.statements:
        if isinstance(statement, Scan):
            found += [expr for _, expr in statement.over] + [let.expr for let in statement.body]
        else:
            found.append(statement.expr)
    return found


def share_right(said: np.ndarray, outputs: np.ndarray) -> float:
    """The share of rows whose outputs are all as said."""
    return float(flat_rows(said == outputs).all(axis=1).mean()) if len(outputs) else 0.0


def most_frequent(values: np.ndarray) -> np.ndarray:
    """The most frequent row."""
    rows, counts = np.unique(flat_rows(values), axis=0, return_counts=True)
    return rows[counts.argmax()].reshape(values.shape[1:])


def _no_key(rows: Rows) -> np.ndarray:
    return np.zeros(rows.inputs.shape[:2])


def _keys(rows: Rows) -> np.ndarray:
    """One number for each step of each sequence, equal where the step's inputs are equal."""
    x = np.asarray(rows.inputs, float)
    if x.ndim == 2:
        return x
    weights = np.sqrt(np.arange(2.0, 2.0 + x.shape[2]))
    return np.round(x @ weights, 9)


def _by_key(keys: np.ndarray, outputs: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """For each of `wanted` the most frequent output that went with the same key; the first of all for unseen keys."""
    items = outputs.reshape(*keys.shape, -1).reshape(keys.size, -1)
    table = {key: most_frequent(items[keys.reshape(-1) == key]) for key in np.unique(keys)[:1024]}
    default = most_frequent(items)
    said = np.stack([table.get(key, default) for key in wanted.reshape(-1)])
    return said.reshape(*wanted.shape, *outputs.shape[keys.ndim :])
