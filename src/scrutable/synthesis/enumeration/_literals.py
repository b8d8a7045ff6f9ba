"""Literals worked out from the data: what one entry of the bank gives with one or two numbers of its own.

Lines, remainders, quotients, distances, bounds and thresholds are solved for their numbers, entry by entry and many
entries at once, so that no literal has to be among those enumerated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from scrutable.program import Expr, call
from scrutable.synthesis.enumeration._bank import Bank
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.work import Clock

CHUNK = 1 << 13
FITTED = 1 << 15
"""Literals are fitted to so many of the cheapest entries only."""
PARTNERS, BESIDE = 16, 128
"""What is left of the target beside so many of the cheapest numbers is fitted by so many of them."""
LARGEST = 2**31

Made = Callable[[Expr], Expr]
Fits = Iterator[tuple[int, Made]]
"""Places of entries, and how to write the expression around each."""


def fit_literals(bank: Bank, goal: Goal, new: tuple[int, int], clock: Clock) -> None:
    """Offer what the new numbers give with literals worked out from the data."""
    start, stop = new[0], min(new[1], FITTED)
    for low in range(start, stop, CHUNK):
        if clock.over:
            return
        values = _wide(bank, low, min(stop, low + CHUNK))
        if "number" in goal.vectors:
            for entry, make in _numbers(bank, values, goal.vectors["number"].astype(values.dtype)):
                goal.offer(make(bank.expr("number", low + entry)))
        if "truth" in goal.vectors:
            truth = np.unpackbits(goal.vectors["truth"].view(np.uint8), bitorder="little").astype(bool)
            for entry, make in _thresholds(bank, values, truth):
                goal.offer(make(bank.expr("number", low + entry)))


def fit_beside(bank: Bank, goal: Goal, clock: Clock) -> None:
    """Offer sums and differences of a cheap number and a form with a fitted literal; whole numbers only."""
    operators = bank.grammar.operators
    if bank.layout.reals or "number" not in goal.vectors:
        return
    count = min(bank.numbers.size, BESIDE)
    values, target = _wide(bank, 0, count), goal.vectors["number"].astype(np.int64)
    for partner in range(min(count, PARTNERS)):
        if clock.over:
            return
        other = bank.expr("number", partner)
        for name, rest in (("add", target - values[partner]), ("sub", values[partner] - target)):
            if name in operators:
                for entry, make in _numbers(bank, values, rest):
                    goal.offer(call(name, other, make(bank.expr("number", entry))))


def _wide(bank: Bank, start: int, stop: int) -> np.ndarray:
    values = bank.numbers.values[start:stop]
    return values if bank.layout.reals else values.astype(np.int64)


def _numbers(bank: Bank, values: np.ndarray, target: np.ndarray) -> Fits:
    """The forms that give `target`, `(rows,)`, for some of `values`, `(k, rows)`."""
    if (target == target[0]).all():
        return
    yield from _lines(bank, values, target)
    if bank.layout.reals:
        return
    yield from _remainders(bank, values, target)
    yield from _quotients(bank, values, target)
    yield from _distances(bank, values, target)
    yield from _bounded(bank, values, target)


def _lines(bank: Bank, values: np.ndarray, target: np.ndarray) -> Fits:
    """`a * u + b`, from the rows where `u` is least and greatest."""
    if not {"add", "sub", "mul"} <= set(bank.grammar.operators):
        return
    each = np.arange(len(values))
    low, high = values.argmin(axis=1), values.argmax(axis=1)
    run, rise = values[each, high] - values[each, low], target[high] - target[low]
    moves = run != 0
    run = np.where(moves, run, 1)
    slope = rise / run if bank.layout.reals else rise // run
    offset = target[low] - slope * values[each, low]
    line = slope[:, None] * values + offset[:, None]
    fits = np.isclose(line, target, rtol=1e-9) if bank.layout.reals else line == target
    for i in np.flatnonzero(moves & (slope != 0) & fits.all(axis=1)).tolist():
        yield i, _line(_tidy(slope[i]), _tidy(offset[i]))


def _line(slope: int | float, offset: int | float) -> Made:
    def make(u: Expr) -> Expr:
        if slope == -1 and offset:
            return call("sub", offset, u)
        scaled = u if slope == 1 else call("neg", u) if slope == -1 else call("mul", u, slope)
        return _shifted(scaled, offset)

    return make


def _shifted(u: Expr, offset: int | float) -> Expr:
    return u if not offset else call("add", u, offset) if offset > 0 else call("sub", u, -offset)


def _tidy(value: np.generic) -> int | float:
    """A Python number; reals to ten digits, whole ones as integers."""
    number = value.item()
    if isinstance(number, float):
        number = float(f"{number:.10g}")
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return number


def _remainders(bank: Bank, values: np.ndarray, target: np.ndarray) -> Fits:
    """`(u + c) % m`: `m` divides every difference of `u - target` and is larger than every target."""
    if "mod" not in bank.grammar.operators or target.min() < 0:
        return
    apart = values - target
    divisor = np.gcd.reduce(apart - apart[:, :1], axis=1)
    for i in np.flatnonzero((divisor > target.max()) & (divisor < LARGEST)).tolist():
        m = int(divisor[i])
        shift = int(-apart[i, 0]) % m
        if shift and not {"add", "sub"} <= set(bank.grammar.operators):
            continue
        yield i, _remainder(min(shift, shift - m, key=abs), m)


def _remainder(shift: int, divisor: int) -> Made:
    return lambda u: call("mod", _shifted(u, shift), divisor)


def _quotients(bank: Bank, values: np.ndarray, target: np.ndarray) -> Fits:
    """`u // c` with a positive `c`: in every row `c * target <= u` and `c * (target + 1) >= u + 1`."""
    if "floordiv" not in bank.grammar.operators:
        return
    top, places = int(target.argmax()), np.arange(len(values))
    if target[top] > 0:  # the row that says most about `c` rules most entries out
        low, high = values[:, top] // (target[top] + 1) + 1, values[:, top] // target[top]
        places = np.flatnonzero((low <= high) & (high >= 2))
    u, t = values[places], target
    zero, sunk = t == 0, t == -1
    right = (u[:, zero] >= 0).all(axis=1) & (u[:, sunk] < 0).all(axis=1)
    at_most = np.where(t > 0, u // np.where(t > 0, t, 1), LARGEST)
    at_most = np.minimum(at_most, np.where(t < -1, (u + 1) // np.where(t < -1, t + 1, 1), LARGEST)).min(axis=1)
    at_least = np.where(t < 0, -(-u // np.where(t < 0, t, 1)), 1)
    at_least = np.maximum(at_least, np.where(t >= 0, -(-(u + 1) // np.where(t >= 0, t + 1, 1)), 1)).max(axis=1)
    for i in np.flatnonzero(right & (at_least <= at_most) & (at_least >= 2)).tolist():
        yield int(places[i]), lambda u, c=int(at_least[i]): call("floordiv", u, c)


def _distances(bank: Bank, values: np.ndarray, target: np.ndarray) -> Fits:
    """`abs(u - c)`, with `c` from the first row."""
    if "abs" not in bank.grammar.operators or target.min() < 0:
        return
    for center in (values[:, 0] - target[0], values[:, 0] + target[0]):
        fits = (np.abs(values - center[:, None]) == target).all(axis=1)
        for i in np.flatnonzero(fits).tolist():
            yield i, lambda u, c=int(center[i]): call("abs", _shifted(u, -c))


def _bounded(bank: Bank, values: np.ndarray, target: np.ndarray) -> Fits:
    """`max(u, c)`, `min(u, c)`, and both bounds together."""
    names = set(bank.grammar.operators)
    low, high = int(target.min()), int(target.max())
    above, below = np.maximum(values, low), np.minimum(values, high)
    if "max" in names:
        for i in np.flatnonzero((above == target).all(axis=1)).tolist():
            yield i, lambda u: call("max", u, low)
    if "min" in names:
        for i in np.flatnonzero((below == target).all(axis=1)).tolist():
            yield i, lambda u: call("min", u, high)
    if {"max", "min"} <= names:
        for i in np.flatnonzero((np.minimum(above, high) == target).all(axis=1)).tolist():
            yield i, lambda u: call("min", call("max", u, low), high)


def _thresholds(bank: Bank, values: np.ndarray, truth: np.ndarray) -> Fits:
    """`u <= c`, `u >= c` and `u == c` that hold exactly where the target does."""
    if truth.all() or not truth.any():
        return
    yes, no, names = values[:, truth], values[:, ~truth], set(bank.grammar.operators)
    least, most = yes.min(axis=1), yes.max(axis=1)
    if names & {"le", "lt"}:
        for i in np.flatnonzero(most < no.min(axis=1)).tolist():
            yield i, _compared("le", between(most[i], no[i].min()))
        for i in np.flatnonzero(least > no.max(axis=1)).tolist():
            yield i, _compared("ge", between(least[i], no[i].max()))
    if "eq" in names:
        for i in np.flatnonzero((least == most) & (no != least[:, None]).all(axis=1)).tolist():
            yield i, _compared("eq", _tidy(least[i]))


def _compared(name: str, literal: int | float) -> Made:
    return lambda u: call("le", literal, u) if name == "ge" else call(name, u, literal)


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
