"""Expressions as a person would write them: sums, products, tables, and short names for functions of one quantity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from scrutable.program import Expr, call, const, expr_bits, substitute
from scrutable.synthesis.enumeration import Grammar, search_many
from scrutable.work import Clock

NAMED = 24_000
"""Candidates looked at for the name of a function of one quantity."""
LARGEST_TABLE = 512
LARGEST_NAMED = 2048

Number = int | float


def plain(value: object) -> Number:
    """A Python number of a NumPy one; truths as they are."""
    return value.item() if isinstance(value, np.generic) else value  # type: ignore[return-value]


def linear(coefficients: Sequence[Number], leaves: Sequence[Expr], constant: Number = 0) -> Expr:
    """`2 * a + b - c + 3`: positive terms first, nothing for a zero, `3 - a` and `-(a + b)` where none is positive."""
    pairs = [(plain(c), leaf) for c, leaf in zip(coefficients, leaves, strict=True) if c != 0]
    constant = plain(constant)
    more = [scaled(c, leaf) for c, leaf in pairs if c > 0]
    less = [scaled(-c, leaf) for c, leaf in pairs if c < 0]
    expr: Expr = const(constant)
    if not pairs:
        return expr
    if more or constant > 0:
        rest = constant if more else 0
        expr = summed(more) if more else expr
        for term in less:
            expr = call("sub", expr, term)
    else:
        rest, expr = constant, call("neg", summed(less))
    if not rest:
        return expr
    return call("add", expr, rest) if rest > 0 else call("sub", expr, -rest)


def scaled(factor: Number, expr: Expr) -> Expr:
    """`factor * expr`; nothing is written for 1."""
    if factor == 1:
        return expr
    return call("neg", expr) if factor == -1 else call("mul", factor, expr)


def folded(op: str, exprs: Sequence[Expr]) -> Expr:
    """One call of an operator that takes any number of arguments; a single argument as it is."""
    return exprs[0] if len(exprs) == 1 else call(op, *exprs)


def summed(exprs: Iterable[Expr]) -> Expr:
    """`a + b + c`."""
    return joined("add", exprs)


def joined(op: str, exprs: Iterable[Expr]) -> Expr:
    """A chain of calls of an operator with two arguments, from the left."""
    first, *others = exprs
    for other in others:
        first = call(op, first, other)
    return first


def above(expr: Expr, low: Number) -> Expr:
    """`low <= expr`."""
    return call("le", low, expr)


def choice(condition: Expr, yes: Number, no: Number) -> Expr:
    """The condition itself where it is asked for 1 and 0, else `yes if condition else no`."""
    return condition if (yes, no) == (1, 0) else call("if", condition, yes, no)


def table_of(keys: Sequence[Expr], columns: np.ndarray, target: np.ndarray) -> Expr:
    """A lookup: `(n, k)` keys and `(n,)` answers, the commonest answer as the default."""
    rows = dict(zip(map(tuple, columns.tolist()), target.tolist(), strict=True))
    values, counts = np.unique(np.array(list(rows.values())), return_counts=True)
    default = values[counts.argmax()].item()
    kept = tuple((key, value) for key, value in sorted(rows.items()) if value != default)
    return call("table", *keys, params=(kept, default))


def names_of(u: Expr, values: np.ndarray, target: np.ndarray, *, clock: Clock, most: int = NAMED) -> Iterator[Expr]:
    """Expressions for answers that are a function of the quantity `u`, shortest first, a table among them.

    Arguments:
        u: an expression, written out wherever the quantity is needed.
        values: what it is on every row, `(n,)`.
        target: the answers, `(n,)`, a function of `values`.
        most: candidates looked at, see `scrutable.synthesis.enumeration.search`.
    """
    levels, first = np.unique(values, return_index=True)
    answers = target[first]
    if len(levels) > LARGEST_NAMED:
        return
    options: list[Expr] = []
    if levels.dtype.kind != "f" and len(levels) <= LARGEST_TABLE:
        options.append(table_of([u], levels[:, None], answers))
    column = {"u": levels}
    grammar = Grammar.fitting(column, [answers])
    found = search_many(column, {"t": answers}, grammar=grammar, clock=clock, limit=2, most=most)["t"]
    options += [substitute(each.expr, {"u": u}) for each in found]
    yield from sorted(options, key=lambda expr: (expr_bits(expr, 2), str(expr)))
