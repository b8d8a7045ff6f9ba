"""Choosing the examples that the enumeration works on, and checking what it finds on all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scrutable.errors import ScrutableError, UserError
from scrutable.program import Const, Expr, Input, Let, Program, variables
from scrutable.synthesis._score import type_of
from scrutable.synthesis.enumeration._layout import WORD
from scrutable.work import generator

TOLERANCE = 1e-6
"""Reals count as equal within this share of the larger of the two and of one."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Distinct rows of leaves and targets.

    Arguments:
        leaves, targets: columns `(n,)` of int64, bool or float64.
        impossible: targets that give two answers for one row of leaves, so that no expression can exist.
    """

    leaves: dict[str, np.ndarray]
    targets: dict[str, np.ndarray]
    impossible: frozenset[str]

    @staticmethod
    def of(leaves: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> Examples:
        """Repeated rows taken once.

        Raises:
            UserError: no leaves, no rows, or columns that are not one-dimensional numbers of one length.
        """
        columns = {("leaf", name): np.asarray(each) for name, each in leaves.items()}
        columns |= {("target", name): np.asarray(each) for name, each in targets.items()}
        _check(columns, len(leaves))
        columns = {key: _canonical(each) for key, each in columns.items()}
        first, _ = _first_rows(list(columns.values()))
        inputs = [columns["leaf", name] for name in leaves]
        bad = []
        for name in targets:
            wanted = columns["target", name]
            if wanted.dtype.kind != "f" and _first_rows([*inputs, wanted])[1] > _first_rows(inputs)[1]:
                bad.append(name)
        rows = {key: each[first] for key, each in columns.items()}
        return Examples(
            {name: rows["leaf", name] for name in leaves},
            {name: rows["target", name] for name in targets},
            frozenset(bad),
        )

    @property
    def count(self) -> int:
        """How many distinct rows there are."""
        return len(next(iter(self.leaves.values())))

    def choose(self, count: int, failing: list[int]) -> np.ndarray:
        """At least `count` rows (a multiple of 64): the failing ones, then in turn one of each target value."""
        order = generator(0, "enumeration", "rows").permutation(self.count)
        ranks = [_rank_within(each[order]) for each in self.targets.values()]
        order = order[np.argsort(np.min(ranks, axis=0), kind="stable")]
        chosen = list(dict.fromkeys([*failing, *order.tolist()]))
        size = WORD * -(-max(count, len(failing), 1) // WORD)
        return np.array(chosen[:size])

    def failures(self, expr: Expr, target: str) -> np.ndarray:
        """The rows where an expression differs from a target, all of them when it cannot be computed."""
        wanted = self.targets[target]
        try:
            got = evaluate(expr, self.leaves)
        except ScrutableError:
            return np.arange(self.count)
        return np.flatnonzero(~equal(got, wanted))


def evaluate(expr: Expr, leaves: Mapping[str, np.ndarray]) -> np.ndarray:
    """The values of an expression, computed by the program language itself. Shape `(n,)`.

    Raises:
        ProgramError: an integer left the 64-bit range.
    """
    count = len(next(iter(leaves.values())))
    if isinstance(expr, Const):
        return np.full(count, expr.value)
    used = [name for name in leaves if name in variables(expr)] or list(leaves)[:1]
    inputs = tuple(Input(name, type_of(leaves[name])) for name in used)
    result = next(name for name in ("value", "value_", "value__") if name not in used)
    program = Program("candidate", inputs, (Let(result, expr),), (result,))
    columns = [leaves[name] for name in used]
    return np.asarray(program(columns[0] if len(columns) == 1 else np.stack(columns, axis=-1)))


def equal(got: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where values agree: exactly for integers and truths, within `TOLERANCE` for reals."""
    if wanted.dtype.kind != "f" and got.dtype.kind != "f":
        return got == wanted
    left, right = got.astype(np.float64), wanted.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.abs(left - right) <= TOLERANCE * np.maximum(1.0, np.abs(right))


def _check(columns: dict[tuple[str, str], np.ndarray], leaves: int) -> None:
    lengths = {each.shape for each in columns.values()}
    if not leaves or len(lengths) != 1 or len(next(iter(lengths))) != 1 or 0 in next(iter(lengths)):
        raise UserError(
            f"got {leaves} leaves and columns of shapes {sorted(lengths)}, expected equal shapes (n,), n > 0"
        )
    wrong = [name for (_, name), each in columns.items() if each.dtype.kind not in "biuf"]
    wrong += [name for (_, name), each in columns.items() if each.dtype.kind == "f" and not np.isfinite(each).all()]
    if wrong:
        raise UserError(
            f"got {', '.join(wrong)} with values that are no finite numbers, expected int64, bool or float64"
        )


def _canonical(column: np.ndarray) -> np.ndarray:
    kind = column.dtype.kind
    return column.astype(np.float64 if kind == "f" else bool if kind == "b" else np.int64)


def _first_rows(columns: list[np.ndarray]) -> tuple[np.ndarray, int]:
    """The first of each group of equal rows, in order, and how many groups there are."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        _, place = np.unique(column, return_inverse=True)
        _, codes = np.unique(codes * (int(place.max()) + 1) + place, return_inverse=True)
    _, first = np.unique(codes, return_index=True)
    return np.sort(first), len(first)


def _rank_within(values: np.ndarray) -> np.ndarray:
    """For each entry, how many equal ones stand before it."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(starts, len(values)))
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values)) - np.repeat(starts, sizes)
    return rank
