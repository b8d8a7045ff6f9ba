"""Meeting in the middle: for every new entry, the partner it would need to give the target.

`op(u, v) == target` is solved for `v` where the operator can be inverted and `v` is looked up in the bank, which
reaches expressions of about twice the cost enumerated. Where the partner would be a literal, it is worked out from the
data.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis.enumeration._bank import OPERATORS, Bank, joined
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.synthesis.enumeration._grammar import operator_cost
from scrutable.synthesis.enumeration._kernels import Kind
from scrutable.work import Clock

CHUNK = 1 << 14
MET = 1 << 18
"""Partners are looked up for so many of the cheapest entries only; then enumerating goes further in the same time."""
MOST_MET = 32
"""So many expressions are built for one operator and one chunk of new entries, the cheapest."""
FITTED = 1 << 15
"""Literals are fitted to so many of the cheapest entries only."""


def meet(bank: Bank, goal: Goal, kind: Kind, new: tuple[int, int], clock: Clock) -> None:
    """Offer to the goal what the entries of the range `new` give with one old or new partner."""
    start, stop = new[0], min(new[1], MET)
    store, target = bank.store(kind), goal.vectors.get(kind)
    if target is None:
        return
    for low in range(start, stop, CHUNK):
        if clock.over:
            return
        values = store.values[low : min(stop, low + CHUNK)]
        for name, flipped, where, wanted in _needed(bank, kind, values, target):
            if not len(wanted):
                continue
            partner = store.find(np.ascontiguousarray(wanted))
            hits = np.flatnonzero(partner >= 0)
            costs = operator_cost(name.removeprefix("not ")) + store.cost[where[hits] + low] + store.cost[partner[hits]]
            near = np.flatnonzero(costs <= goal.bound)
            hits = hits[near[np.argsort(costs[near], kind="stable")[:MOST_MET]]]
            for mine, other in zip((where[hits] + low).tolist(), partner[hits].tolist(), strict=True):
                pair = (other, mine) if flipped else (mine, other)
                op = OPERATORS.index(name.removeprefix("not "))
                if not goal.restates(op, pair):
                    expr = bank.build(op, pair)
                    goal.offer(joined("not", expr) if name.startswith("not ") else expr)


def _needed(
    bank: Bank, kind: Kind, values: np.ndarray, target: np.ndarray
) -> Iterator[tuple[str, bool, np.ndarray, np.ndarray]]:
    """Operator, whether the new entry comes second, which new entries, and the partner each of them needs."""
    operators, everywhere = bank.grammar.operators, np.arange(len(values))
    if kind == "truth":
        if "xor" in operators:
            yield "xor", False, everywhere, values ^ target
            if "not" in operators:
                yield "not xor", False, everywhere, ~(values ^ target)
        return
    if "add" in operators:
        yield "add", False, everywhere, target - values
    if "sub" in operators:
        yield "sub", False, everywhere, values - target
        yield "sub", True, everywhere, target + values
    if "mul" in operators:
        whole = np.flatnonzero((values != 0).all(axis=1))
        divided = target / values[whole] if bank.layout.reals else target // values[whole]
        if not bank.layout.reals:
            exact = (divided * values[whole] == target).all(axis=1)
            whole, divided = whole[exact], divided[exact]
        yield "mul", False, whole, divided.astype(bank.layout.dtype)


def fit_literals(bank: Bank, goal: Goal, new: tuple[int, int], clock: Clock) -> None:
    """Offer what the new numbers give with literals worked out from the data: lines, remainders and thresholds."""
    start, stop = new[0], min(new[1], FITTED)
    for low in range(start, stop, CHUNK):
        if clock.over:
            return
        values = bank.numbers.values[low : min(stop, low + CHUNK)]
        if not bank.layout.reals:
            values = values.astype(np.int64)
        if "number" in goal.vectors:
            target = goal.vectors["number"].astype(values.dtype)
            found = [*_lines(bank, values, target), *_remainders(bank, values, target)]
        else:
            found = []
        if "truth" in goal.vectors:
            truth = np.unpackbits(goal.vectors["truth"].view(np.uint8), bitorder="little").astype(bool)
            found += _thresholds(bank, values, truth)
        for entry, make in found:
            goal.offer(_filled(make, bank.expr("number", low + entry)))


Form = tuple[str, int | float, int | float]


def _filled(form: Form, u: Expr) -> Expr:
    """The expression of a fitted form around the entry `u`."""
    name, first, second = form
    if name == "line":
        scaled = u if first == 1 else call("neg", u) if first == -1 else call("mul", u, first)
        if first == -1 and second:
            return call("sub", second, u)
        return scaled if not second else call("add", scaled, second) if second > 0 else call("sub", scaled, -second)
    return call("le", first, u) if name == "ge" else call(name, u, first)


def _lines(bank: Bank, values: np.ndarray, target: np.ndarray) -> list[tuple[int, Form]]:
    """`target = a * u + b`, from the rows where `u` is least and greatest."""
    if not {"add", "sub", "mul"} <= set(bank.grammar.operators) or (target == target[0]).all():
        return []
    each = np.arange(len(values))
    low, high = values.argmin(axis=1), values.argmax(axis=1)
    run, rise = values[each, high] - values[each, low], target[high] - target[low]
    moves = run != 0
    run = np.where(moves, run, 1)
    slope = rise / run if bank.layout.reals else rise // run
    offset = target[low] - slope * values[each, low]
    line = slope[:, None] * values + offset[:, None]
    fits = np.isclose(line, target, rtol=1e-9) if bank.layout.reals else line == target
    good = np.flatnonzero(moves & (slope != 0) & fits.all(axis=1))
    return [(int(i), ("line", _tidy(slope[i]), _tidy(offset[i]))) for i in good]


def _tidy(value: np.generic) -> int | float:
    """A Python number; reals to ten digits, whole ones as integers."""
    number = value.item()
    if isinstance(number, float):
        number = float(f"{number:.10g}")
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return number


def _remainders(bank: Bank, values: np.ndarray, target: np.ndarray) -> list[tuple[int, Form]]:
    """`target = u % m`: `m` divides every `u - target` and is larger than every target."""
    if bank.layout.reals or "mod" not in bank.grammar.operators or target.min() < 0 or target.max() == 0:
        return []
    divisor = np.gcd.reduce(values - target, axis=1)
    good = np.flatnonzero((divisor > target.max()) & (divisor < 2**31))
    return [(int(i), ("mod", int(divisor[i]), 0)) for i in good]


def _thresholds(bank: Bank, values: np.ndarray, truth: np.ndarray) -> list[tuple[int, Form]]:
    """`u <= c`, `u >= c` and `u == c` that hold exactly where the target does."""
    if truth.all() or not truth.any():
        return []
    yes, no, found = values[:, truth], values[:, ~truth], []
    least, most = yes.min(axis=1), yes.max(axis=1)
    names = set(bank.grammar.operators)
    if names & {"le", "lt"}:
        found += [(int(i), ("le", between(most[i], no[i].min()), 0)) for i in np.flatnonzero(most < no.min(axis=1))]
        found += [(int(i), ("ge", between(least[i], no[i].max()), 0)) for i in np.flatnonzero(least > no.max(axis=1))]
    if "eq" in names:
        one = np.flatnonzero((least == most) & (no != least[:, None]).all(axis=1))
        found += [(int(i), ("eq", _tidy(least[i]), 0)) for i in one]
    return found


def between(inner: np.generic, outer: np.generic) -> int | float:
    """A literal that separates the value that satisfies a comparison from the nearest one that does not."""
    if not isinstance(inner, np.floating):
        return _cheapest_integer(int(inner), int(outer))
    near, far = float(inner), float(outer)
    middle = (near + far) / 2
    for digits in range(1, 17):
        value = float(f"{middle:.{digits}g}")
        if min(near, far) < value < max(near, far):
            return value
    return near


def _cheapest_integer(inner: int, outer: int) -> int:
    """Of the integers from `inner` up to but without `outer`, one of the smallest in size: they cost least."""
    low, high = (inner, outer - 1) if outer > inner else (outer + 1, inner)
    return min(max(low, 0), high)
