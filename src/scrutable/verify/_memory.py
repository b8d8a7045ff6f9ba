"""What a program carries from one step of a sequence to the next.

The memory after step t is every state after step t, the values a `shift` will still look back at, and the running
total of every whole-sequence sum. Together with the inputs after t it settles all later outputs, so a program whose
memory after t is another input's answers like the program run on that input up to t and on its own from t + 1 on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrutable.program import Call, Expr, Let, Program, Scan, walk

_TOTALS = frozenset({"sum", "count"})
_MIXING = frozenset({"counts", "select", "aggregate", "pick", "width"})
_TIMED = frozenset({"position", "length"})


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a program, as a recipe.

    Arguments:
        states: names of states. lags: (sequence, how many past elements of it are kept). totals: sequences summed up.
        timed: whether the program reads the number of the step; it is then part of the memory.
        problem: why the program is not one that runs step by step, or an empty string.
    """

    program: Program
    states: tuple[str, ...]
    lags: tuple[tuple[Expr, int], ...]
    totals: tuple[Expr, ...]
    timed: bool = False
    problem: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is carried from step to step."""
        return not (self.states or self.lags or self.totals)

    def values(self, x: np.ndarray) -> np.ndarray:
        """The memory after every step for inputs `x`, `(n, length, k)` as floats, one column for each number kept."""
        extended, names = _extended(self.program, (*(e for e, _ in self.lags), *self.totals))
        run = extended.run(x)
        columns = [_columns(run[name]) for name in self.states]
        for name, (_, count) in zip(names, self.lags, strict=False):
            columns += [_delayed(_columns(run[name]), back) for back in range(count)]
        columns += [np.cumsum(_columns(run[name]), axis=1) for name in names[len(self.lags) :]]
        if self.timed:
            columns.append(np.broadcast_to(np.arange(x.shape[1], dtype=float)[:, None], (*x.shape[:2], 1)))
        return np.concatenate(columns, axis=2)


def memory_of(program: Program) -> Memory:
    """What `program` carries from step to step."""
    states, lags, totals, timed, problem = [], {}, {}, False, ""
    for statement in program.statements:
        if isinstance(statement, Scan):
            states += [state.name for state in statement.states]
        for node in (node for expr in _sequence_exprs(statement) for node in walk(expr) if isinstance(node, Call)):
            if node.op == "shift" and node.params[0] > 0:
                kept = node.args[0]
                lags[kept] = max(lags.get(kept, 0), int(node.params[0]))
            elif node.op == "shift" and node.params[0] < 0:
                problem = "the program looks ahead"
            elif node.op in _TOTALS:
                totals[node.args[0]] = None
            elif node.op in _TIMED:
                timed = True
            elif node.op in _MIXING:
                problem = f"the program mixes positions by {node.op} and does not run step by step"
    return Memory(program, tuple(states), tuple(lags.items()), tuple(totals), timed, problem)


def _sequence_exprs(statement: Let | Scan) -> Iterator[Expr]:
    """Expressions over whole sequences; what is inside a scan sees one step at a time."""
    if isinstance(statement, Let):
        yield statement.expr
    else:
        yield from (expr for _, expr in statement.over)


def _extended(program: Program, exprs: tuple[Expr, ...]) -> tuple[Program, list[str]]:
    """The program with a named variable for each expression."""
    taken = {*program.variables, *(entry.name for entry in program.inputs)}
    names = [f"kept_{index}" for index in range(len(exprs) + len(taken))]
    names = [name for name in names if name not in taken][: len(exprs)]
    lets = tuple(Let(name, expr) for name, expr in zip(names, exprs, strict=True))
    return Program(program.name, program.inputs, (*program.statements, *lets), program.outputs), names


def _columns(values: Any) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    return values.reshape(*values.shape[:2], -1) if values.size else values.reshape(*values.shape[:2], 1)


def _delayed(values: np.ndarray, back: int) -> np.ndarray:
    out = np.zeros_like(values)
    out[:, back:] = values[:, : values.shape[1] - back]
    return out


def recombined(base: np.ndarray, source: np.ndarray, steps: np.ndarray, back: int = 0) -> np.ndarray:
    """Sequences that follow `source` up to and including step `steps - back`, then `base` from `steps + 1` on.

    Arguments:
        base, source: `(n, L, ...)`. steps: `(n,)`, none below `back`.

    Returns:
        `(n, L - back, ...)`.
    """
    length = base.shape[1] - back
    early = np.arange(length) <= (steps - back)[:, None]
    return np.where(early.reshape(*early.shape, *[1] * (base.ndim - 2)), source[:, :length], base[:, back:])
