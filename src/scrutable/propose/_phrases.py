"""Short expressions for the columns of a machine's table, by the expression search; tables where it finds none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from scrutable.errors import UserError
from scrutable.program import BOOL, INT, Call, Const, Expr, Var, call, const, expr_bits, walk
from scrutable.propose._enumerate import Found, Grammar, Together, cheapest_together, search_many
from scrutable.work import Clock

Columns = Mapping[str, np.ndarray]
ARITHMETIC = ("add", "sub", "mul", "neg", "floordiv", "mod", "min", "max")
DIVISIONS = ("floordiv", "mod", "div")
TAKES_TRUTHS = ("and", "or", "xor", "not", "if")
LOGIC = ("and", "or", "xor", "not", "eq", "ne", "lt", "le", "if", "table")
CHOICES = 24
OFFERS = 192
PLAIN = 8.0
CONVERSION = 8.0
AFTER_ARITHMETIC = 0.5
SHORT = 64.0
MEMORY = 96 * 2**20


def phrases(leaves: Columns, targets: Columns, *, clock: Clock) -> Together:
    """One expression for each target, shared parts written once.

    Three searches: plain arithmetic, everything, and everything without division. The best by `effort` is taken; a
    target that nothing is found for becomes a table.
    """
    tries: list[dict[str, tuple[Found, ...]]] = []
    for share, kind in PORTIONS:
        allowed = clock.part(share)
        if tries and sum(each[0].bits if each else np.inf for each in tries[0].values()) < SHORT:
            allowed = Clock(min(allowed.left, AFTER_ARITHMETIC))
        found = search_phrases(leaves, targets, clock=allowed, operators=kind)
        tries += [found, {name: tuple(f for f in each if not counted_truths(f.expr)) for name, each in found.items()}]
    tables = {name: (table(leaves, targets[name]),) for name in targets}
    tries.append({name: next((t[name] for t in reversed(tries) if t[name]), tables[name]) for name in targets})
    choices = [cheapest_together(each, scope=len(leaves)) for each in tries]
    return min((each for each in choices if each is not None), key=_together_effort)


def _together_effort(together: Together) -> float:
    return effort([*together.exprs.values(), *(let.expr for let in together.shared)], together.bits)


def effort(exprs: Iterable[Expr], bits: float) -> float:
    """Bits as they count for a reader when several programs say the same.

    The network answers with numbers: a truth where a number is meant costs a conversion, and so does a product with a
    compound factor, which mostly stands for a condition. Plain arithmetic may be eight bits longer than comparisons and
    conditions before those are preferred.
    """
    every = list(exprs)
    truths = sum((expr.type == BOOL) + counted_truths(expr) for expr in every)
    plain = not any(isinstance(node, Call) and node.op in LOGIC for expr in every for node in walk(expr))
    products = sum(_hides_condition(node) for expr in every for node in walk(expr))
    return bits + CONVERSION * (truths + products) - (PLAIN if plain else 0.0)


def _hides_condition(node: Expr) -> bool:
    """Whether it multiplies two expressions, one of them neither a number nor a variable."""
    if not isinstance(node, Call) or node.op != "mul" or any(isinstance(arg, Const) for arg in node.args):
        return False
    return any(isinstance(arg, Call) for arg in node.args)


def counted_truths(expr: Expr) -> int:
    """How often a comparison or its like is used as a number inside."""
    return sum(
        any(arg.type == BOOL for arg in node.args) and not all(arg.type == BOOL for arg in node.args)
        for node in walk(expr)
        if isinstance(node, Call) and node.op not in TAKES_TRUTHS
    )


PORTIONS = ((0.35, "arithmetic"), (0.6, "all"), (1.0, "no division"))


def search_phrases(
    leaves: Columns, targets: Columns, *, clock: Clock, operators: str, limit: int = CHOICES
) -> dict[str, tuple[Found, ...]]:
    """What the expression search finds for each target, shortest first; nothing for some, perhaps.

    Divisors are numbers other than zero: nobody reads a remainder by a variable with ease.

    Arguments:
        operators: "arithmetic", "all" or "no division".
    """
    known = {name: _at_once(leaves, column) for name, column in targets.items()}
    wanted = {name: column for name, column in targets.items() if not known[name]}
    if not wanted or not leaves:
        return known
    grammar = replace(Grammar.fitting(leaves, wanted.values()), memory=MEMORY)
    if operators == "arithmetic":
        grammar = replace(grammar, operators=ARITHMETIC)
    elif operators == "no division":
        grammar = replace(grammar, operators=tuple(op for op in grammar.operators if op not in DIVISIONS))
    try:
        found = search_many(leaves, wanted, grammar=grammar, clock=clock, limit=OFFERS)
    except UserError:
        return known
    good = {name: tuple(each for each in some if _divides_by_numbers(each.expr)) for name, some in found.items()}
    return {name: known[name] or good[name][:limit] for name in targets}


def _divides_by_numbers(expr: Expr) -> bool:
    return all(
        isinstance(node.args[1], Const) and node.args[1].value != 0
        for node in walk(expr)
        if isinstance(node, Call) and node.op in DIVISIONS
    )


def _at_once(leaves: Columns, column: np.ndarray) -> tuple[Found, ...]:
    """A variable or a number, where that is all there is to say."""
    for name, values in leaves.items():
        if (values == column).all():
            variable = Var(name, INT)
            return (Found(variable, expr_bits(variable, len(leaves))),)
    if (column == column[0]).all():
        literal = const(int(column[0]))
        return (Found(literal, expr_bits(literal, 1)),)
    return ()


def table(leaves: Columns, column: np.ndarray) -> Found:
    """A lookup table; the most frequent value is its default and needs no rows."""
    names = list(leaves)
    keys = list(zip(*(leaves[name].tolist() for name in names), strict=True))
    entries = dict(zip(keys, column.tolist(), strict=True))
    default = Counter(entries.values()).most_common(1)[0][0]
    rows = tuple((key, value) for key, value in entries.items() if value != default)
    expr = call("table", *(Var(name, INT) for name in names), params=(rows, default))
    return Found(expr, expr_bits(expr, len(names)))


def determined(leaves: Columns, targets: Columns) -> bool:
    """Whether equal leaves always come with equal targets."""
    keys = np.stack([np.asarray(column) for column in leaves.values()], axis=1)
    both = np.concatenate([keys, np.stack(list(targets.values()), axis=1)], axis=1)
    return len(np.unique(keys, axis=0)) == len(np.unique(both, axis=0))
