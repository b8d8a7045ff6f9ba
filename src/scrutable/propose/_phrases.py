"""Short expressions for the columns of a machine's table, by the expression search; tables where it finds none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from scrutable.errors import UserError
from scrutable.program import INT, Var, call, const, expr_bits
from scrutable.synthesis.enumeration import Found, Grammar, Together, cheapest_together, search_many
from scrutable.work import Clock

Columns = Mapping[str, np.ndarray]
Phrases = Mapping[str, tuple[Found, ...]]
"""Several ways to say each target, shortest first."""

ARITHMETIC = ("add", "sub", "mul", "neg", "floordiv", "mod", "min", "max")
CHOICES = 32
SLACK = 8.0
"""So many bits more than the shortest way to say one target are looked at, for parts that several targets share."""
MOST_CANDIDATES = 60_000
MEMORY = 96 * 2**20


def phrases(leaves: Columns, targets: Columns, *, truths: Collection[str] = (), clock: Clock) -> Phrases:
    """Ways to say each target, shortest first; a lookup table is among them.

    Expressions are typed: a truth is never used as a number. Two searches: with every operator, and for what that does
    not find, deeper with plain arithmetic alone.

    Arguments:
        truths: targets that a condition may say when they are 0 or 1 throughout.
    """
    conditions = {_condition(name): targets[name] == 1 for name in truths if np.isin(targets[name], (0, 1)).all()}
    every = search_phrases(leaves, {**targets, **conditions}, clock=clock.part(0.5), slack=SLACK)
    missing = {name: column for name, column in targets.items() if not every[name]}
    plain = search_phrases(leaves, missing, clock=clock, operators=ARITHMETIC, slack=SLACK)
    found = {}
    for name, column in targets.items():
        ways = (*plain.get(name, ()), *every[name], *every.get(_condition(name), ()), table(leaves, column))
        unique = {each.expr: each for each in ways}
        found[name] = tuple(sorted(unique.values(), key=lambda each: (each.bits, str(each.expr)))[:CHOICES])
    return found


def _condition(name: str) -> str:
    return f"whether {name}"


def together(found: Phrases, *names: str, scope: int) -> Together:
    """One of the ways for each of these targets, so that the total with shared parts is least."""
    chosen = cheapest_together({name: found[name] for name in names}, scope=scope)
    assert chosen is not None
    return chosen


def search_phrases(
    leaves: Columns,
    targets: Columns,
    *,
    clock: Clock,
    operators: tuple[str, ...] | None = None,
    limit: int = CHOICES,
    most: int = MOST_CANDIDATES,
    slack: float = 0.0,
) -> Phrases:
    """What the expression search finds for each target, shortest first; nothing for some, perhaps.

    Divisors are numbers: nobody reads a remainder by a variable with ease.

    Arguments:
        operators: those allowed; None for all that the data suggest.
        limit, most, slack: see `search_many`.
    """
    known = {name: _at_once(leaves, column) for name, column in targets.items()}
    wanted = {name: column for name, column in targets.items() if not known[name]}
    if not wanted or not leaves:
        return known
    grammar = replace(Grammar.fitting(leaves, wanted.values()), memory=MEMORY, typed=True, divisors="numbers")
    if operators is not None:
        grammar = replace(grammar, operators=operators)
    try:
        found = search_many(leaves, wanted, grammar=grammar, clock=clock, limit=limit, most=most, slack=slack)
    except UserError:
        return known
    return {name: known[name] or found[name] for name in targets}


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
