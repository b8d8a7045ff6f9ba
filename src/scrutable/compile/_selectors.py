"""Selectors as conditions that one attention head can score: each reads one label of the query and one of the key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.compile._plan import Score, Variable
from scrutable.compile._tables import Refused, combinations, leaves, on_values, tabulated
from scrutable.program import Call, Expr, Var, call, const, scalar_of

Labels = Callable[[Sequence[Expr]], tuple[Variable, list[np.ndarray]]]
"""One label that tells apart every combination of values of some leaves, and those values in columns."""


def conditions(
    selector: Expr, named: Mapping[str, Expr], labels: Labels, position: Variable, *, causal: bool
) -> tuple[Score, ...]:
    """The conditions that a key must all meet to be selected.

    Arguments:
        named: the selectors that have a name.
        causal: keys after the query are out of sight; a condition that only says so is left out.

    Raises:
        Refused: keys after the query may be selected although they are out of sight, or a table is too large.
    """
    tables: dict[tuple[Variable | None, Variable | None], Score] = {}
    for atom in _conjuncts(selector, named, opposite=False):
        score = _score(atom, labels)
        pair = score.query, score.key
        known = tables.get(pair)
        tables[pair] = Score(*pair, score.table & known.table) if known else score
    if causal:
        _only_earlier(tables, position)
    return tuple(score for score in tables.values() if not score.table.all())


def _conjuncts(expr: Expr, named: Mapping[str, Expr], *, opposite: bool) -> list[Expr]:
    """The parts that must all hold; with `opposite`, for `expr` not to hold."""
    if isinstance(expr, Var):
        return _conjuncts(named[expr.name], named, opposite=opposite)
    assert isinstance(expr, Call)
    if expr.op == "not":
        return _conjuncts(expr.args[0], named, opposite=not opposite)
    if expr.op == ("or" if opposite else "and"):
        return [part for arg in expr.args for part in _conjuncts(arg, named, opposite=opposite)]
    whole = _resolved(expr, named)
    return [call("not", whole) if opposite else whole]


def _resolved(expr: Expr, named: Mapping[str, Expr]) -> Expr:
    """The selector with the names of other selectors written out."""
    if isinstance(expr, Var):
        return _resolved(named[expr.name], named)
    if isinstance(expr, Call) and expr.op != "select":
        return call(expr.op, *(_resolved(arg, named) for arg in expr.args), params=expr.params)
    return expr


@final
@dataclass
class _Sides:
    """The leaves that a condition reads at the key and at the query, as scalar variables."""

    key: dict[Expr, Var] = field(default_factory=dict)
    query: dict[Expr, Var] = field(default_factory=dict)

    def read(self, expr: Expr, side: dict[Expr, Var], prefix: str) -> Expr:
        for leaf in leaves(expr):
            side.setdefault(leaf, Var(f"{prefix}_{len(side)}", scalar_of(leaf.type)))
        return on_values(expr, side)

    def truth(self, expr: Expr) -> Expr:
        """Whether a key suits a query, as an expression on single values."""
        assert isinstance(expr, Call)
        if expr.op != "select":
            return call(expr.op, *map(self.truth, expr.args))
        key, query = self.read(expr.args[0], self.key, "key"), self.read(expr.args[1], self.query, "query")
        relation = expr.params[0]
        if relation == "true":
            return const(value=True)
        if relation in ("gt", "ge"):
            return call("lt" if relation == "gt" else "le", query, key)
        return call(relation, key, query)


def _score(atom: Expr, labels: Labels) -> Score:
    sides = _Sides()
    truth = sides.truth(atom)
    query, queries = labels(list(sides.query)) if sides.query else (None, [])
    key, keys = labels(list(sides.key)) if sides.key else (None, [])
    rows, columns = (len(part[0]) if part else 1 for part in (queries, keys))
    if rows * columns > 2**20:
        raise Refused(f"got a selector with a table of {rows} by {columns}, expected at most 2**20 entries")
    grid = {var: np.repeat(column, columns) for var, column in zip(sides.query.values(), queries, strict=True)}
    grid |= {var: np.tile(column, rows) for var, column in zip(sides.key.values(), keys, strict=True)}
    table = tabulated(truth, grid or {Var("nothing", const(0).type): [0]})
    return Score(query, key, table.reshape(rows, columns))


def _only_earlier(tables: dict[tuple[Variable | None, Variable | None], Score], position: Variable) -> None:
    """Refuse selectors that could select later keys; leave out what the mask of a causal network says anyway."""
    earlier = np.tril(np.ones((position.size, position.size), dtype=bool))
    asked = [score.table for (query, key), score in tables.items() if key == position and query in (None, position)]
    possible = np.logical_and.reduce([np.broadcast_to(table, earlier.shape) for table in asked] or [earlier | True])
    if (possible & ~earlier).any():
        raise Refused(
            "got a selector that may select later positions, which a causal network cannot see; "
            'try select_and(..., select(positions(x), positions(x), "<="))'
        )
    said = tables.get((position, position))
    if said is not None and (said.table | ~earlier).all():
        del tables[position, position]


def product(variables: Sequence[Variable]) -> list[np.ndarray]:
    """Every combination of values of some labels, in columns."""
    return combinations(variable.values or () for variable in variables)
