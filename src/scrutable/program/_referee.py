"""Checking that two programs, or two expressions, are equal: on data, on random values, and on every value if few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.program._expr import Expr, Var, walk
from scrutable.program._program import Input, Let, Program
from scrutable.program._ranges import EVERYTHING, Range, meet, type_range
from scrutable.program._types import Array, Real, Selector, Seq, Type, is_scalar, scalar_of

ROWS, NUMBERS, LARGEST_GRID = 128, 20_000, 4096
SPREADS = (1, 4, 1000)
LENGTHS = (5, 1, 2, 9)


class Referee:
    """Compares programs with given inputs on the same data each time.

    Arguments:
        inputs: of every program to be compared.
        x: data, of which a part is used; None for random data alone.
        ranges: intervals that integer inputs lie in.
    """

    def __init__(self, inputs: Sequence[Input], x: Any = None, *, ranges: Mapping[str, Range] | None = None) -> None:
        rng = np.random.default_rng(20)
        known = ranges or {}
        grid = _grid(inputs, known)
        self._batches: list[Any] = [] if x is None else [_part(np.asarray(x))]
        if grid is not None:
            self._batches.append(grid)
        else:
            sizes = zip(SPREADS * 2, LENGTHS, strict=False)
            self._batches += [random_data(inputs, rng, spread=s, length=n, ranges=known) for s, n in sizes]
        self._answers: tuple[Program, list[Any]] | None = None

    def agree(self, old: Program, new: Program) -> bool:
        """Whether outputs and the variables that both programs have are equal wherever `old` has a value."""
        if self._answers is None or self._answers[0] is not old:
            self._answers = old, [_answer(old, batch) for batch in self._batches]
        for batch, wanted in zip(self._batches, self._answers[1], strict=True):
            if wanted is not None:
                got = _answer(new, batch)
                if got is None or not _same(wanted, got):
                    return False
        return True


def equal_expressions(old: Expr, new: Expr, ranges: Mapping[str, Range]) -> bool:
    """Whether two expressions agree on random values of their variables; on all values, if there are at most 4096.

    Expressions that mix sequences with scalars are not compared here, only as part of their program.
    """
    free = {node.name: node.type for expr in (old, new) for node in walk(expr) if isinstance(node, Var)}
    if not free or old.type != new.type or len({_rank(type_) for type_ in free.values()}) > 1:
        return old.type == new.type
    inputs = tuple(Input(name, type_) for name, type_ in free.items())
    try:
        programs = [Program("check", inputs, (Let("checked_value", e),), ("checked_value",)) for e in (old, new)]
    except ScrutableError:  # selectors cannot be inputs or outputs
        return True
    return Referee(inputs, ranges=ranges).agree(*programs)


def random_data(
    inputs: Sequence[Input], rng: np.random.Generator, *, spread: int, length: int, ranges: Mapping[str, Range]
) -> np.ndarray:
    """Random data for a program: integers and reals around zero up to `spread`, within `ranges`."""
    columns = []
    for entry in inputs:
        shape = _shape(entry.type, ROWS, length)
        scalar = scalar_of(entry.type)
        if isinstance(scalar, Real):
            whole, fine = rng.integers(-spread, spread + 1, shape), rng.normal(0, spread, shape)
            columns.append(np.where(rng.random(shape) < 0.3, whole, fine))
        else:
            low, high = meet((-spread, spread), meet(type_range(scalar), ranges.get(entry.name, EVERYTHING)))
            columns.append(rng.integers(int(low), int(high) + 1, shape))
    return columns[0] if len(columns) == 1 else np.stack(columns, -1)


def _rank(type_: Type) -> tuple[bool, Any]:
    item = type_.item if isinstance(type_, Seq) else type_
    return isinstance(type_, Seq), (item.shape if isinstance(item, Array) else isinstance(item, Selector))


def _shape(type_: Type, rows: int, length: int) -> tuple[int, ...]:
    item = type_.item if isinstance(type_, Seq) else type_
    middle = (length,) if isinstance(type_, Seq) else ()
    return rows, *middle, *(item.shape if isinstance(item, Array) else ())


def _grid(inputs: Sequence[Input], ranges: Mapping[str, Range]) -> np.ndarray | None:
    """Every combination of input values, if the inputs are scalars with few values."""
    axes, total = [], 1.0
    for entry in inputs:
        low, high = meet(type_range(entry.type), ranges.get(entry.name, EVERYTHING))
        total *= high - low + 1 if is_scalar(entry.type) and not isinstance(entry.type, Real) else inf
        if total > LARGEST_GRID:
            return None
        axes.append(np.arange(int(low), int(high) + 1))
    columns = [axis.reshape(-1) for axis in np.meshgrid(*axes, indexing="ij")]
    return columns[0] if len(columns) == 1 else np.stack(columns, -1)


def _part(x: np.ndarray) -> np.ndarray:
    """The first rows, as many as are quick to run."""
    width = max(1, int(np.prod(x.shape[1:])))
    return x[: max(1, min(2 * ROWS, NUMBERS // width))]


def _answer(program: Program, batch: Any) -> dict[Any, Any] | None:
    try:
        values: dict[Any, Any] = dict(program.run(batch))
        if set(program.outputs) <= values.keys():
            return values | {("output", i): values[name] for i, name in enumerate(program.outputs)}
        return values | {"outputs": np.asarray(program(batch))}
    except ScrutableError:
        return None


def _same(wanted: Mapping[Any, Any], got: Mapping[Any, Any]) -> bool:
    return all(_same_array(wanted[name], got[name]) for name in wanted.keys() & got.keys())


def _same_array(left: np.ndarray, right: np.ndarray) -> bool:
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    return bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f"))
