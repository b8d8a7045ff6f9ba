"""What the operators on scalars mean to the solver: one entry for each, by the operator's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any

import z3

from scrutable.program._solver._terms import Term, as_kind, choose, is_below, literal, promoted

Encoding = Callable[[Sequence[Any], tuple[Any, ...]], Any]
"""`(terms of the arguments, parameters) -> term`."""


def _arithmetic(combine: Callable[..., Term]) -> Encoding:
    return lambda values, params: combine(*promoted(values, "i"))


def _floor_quotient(x: Term, y: Term) -> Term:
    """The floor of x / y for a divisor that is not zero, as a number of their own sort.

    The solver's integer division leaves a remainder of at least zero, which is the floor for divisors above zero.
    """
    if z3.is_int(x):
        return choose(y > 0, x / y, (-x) / (-y)) if not z3.is_int_value(y) else _by_constant(x, y)
    return z3.ToReal(z3.ToInt(x / y))


def _by_constant(x: Term, y: Term) -> Term:
    return x / y if y.as_long() > 0 else (-x) / z3.IntVal(-y.as_long())


def _floordiv(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    x, y = promoted(values, "i")
    zero = _zero(x)
    return zero if _is_zero(y) else choose(_same(y, zero), zero, _floor_quotient(x, y))


def _mod(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    x, y = promoted(values, "i")
    return x if _is_zero(y) else choose(_same(y, _zero(x)), x, x - y * _floor_quotient(x, y))


def _div(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    x, y = promoted(values, "f")
    zero = _zero(x)
    return zero if _is_zero(y) else choose(_same(y, zero), zero, x / y)


def _zero(like: Term) -> Term:
    return literal(0) if z3.is_int(like) else literal(0.0)


def _is_zero(term: Term) -> bool:
    return z3.is_true(z3.simplify(term == 0)) if _is_number(term) else False


def _same(left: Term, right: Term) -> Term:
    """Whether two terms are equal, decided at once where both are numbers."""
    return z3.simplify(left == right) if _is_number(left) and _is_number(right) else left == right


def _is_number(term: Term) -> bool:
    return z3.is_int_value(term) or z3.is_rational_value(term) or z3.is_true(term) or z3.is_false(term)


def _best(better: Callable[[Term, Term], Term]) -> Encoding:
    def encode(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
        first, *others = promoted(values)
        return reduce(lambda best, value: choose(better(value, best), value, best), others, first)

    return encode


def _abs(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    (x,) = promoted(values, "i")
    return choose(x < 0, -x, x)


def _sign(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    (x,) = promoted(values, "i")
    return choose(x > 0, literal(1), choose(x < 0, literal(-1), literal(0)))


def _floor(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    (x,) = promoted(values, "i")
    return x if z3.is_int(x) else z3.ToInt(x)


def half_to_even(x: Term) -> Term:
    """The integer nearest to a real; of two equally near ones the even one."""
    up = z3.ToInt(x + literal(0.5))
    tie = z3.ToReal(up) == x + literal(0.5)
    return choose(z3.And(tie, up % 2 == 1), up - 1, up)


def _round(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    (x,) = promoted(values, "i")
    return x if z3.is_int(x) else half_to_even(x)


def _uninterpreted(name: str) -> Encoding:
    def encode(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
        function = z3.Function(name, z3.RealSort(), z3.RealSort())
        return function(as_kind(values[0], "f"))

    return encode


def _positive_only(name: str) -> Encoding:
    """Zero wherever the argument is not above zero."""
    plain = _uninterpreted(name)

    def encode(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
        x = as_kind(values[0], "f")
        return choose(x > 0, plain([x], params), literal(0.0))

    return encode


def _compare(relation: Callable[[Term, Term], Term]) -> Encoding:
    return lambda values, params: relation(*promoted(values))


def _if(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    yes, no = promoted(values[1:])
    return choose(values[0], yes, no)


def _table(values: Sequence[Term], params: tuple[Any, ...]) -> Term:
    rows, default = params
    keys = [as_kind(value, "i") for value in values]
    *answers, result = promoted([*(literal(value) for _, value in rows), literal(default)])
    for (key, _), answer in zip(reversed(rows), reversed(answers), strict=True):
        hits = [_same(term, literal(int(part))) for term, part in zip(keys, key, strict=True)]
        result = choose(z3.simplify(z3.And(*hits)) if all(map(_is_number, hits)) else z3.And(*hits), answer, result)
    return result


SCALARS: Mapping[str, Encoding] = MappingProxyType(
    {
        "add": _arithmetic(lambda x, y: x + y),
        "sub": _arithmetic(lambda x, y: x - y),
        "mul": _arithmetic(lambda x, y: x * y),
        "neg": _arithmetic(lambda x: -x),
        "abs": _abs,
        "floordiv": _floordiv,
        "mod": _mod,
        "div": _div,
        "min": _best(is_below),
        "max": _best(lambda value, best: is_below(best, value)),
        "sign": _sign,
        "floor": _floor,
        "round": _round,
        "sqrt": _positive_only("sqrt"),
        "log": _positive_only("log"),
        "exp": _uninterpreted("exp"),
        "sin": _uninterpreted("sin"),
        "cos": _uninterpreted("cos"),
        "tanh": _uninterpreted("tanh"),
        "eq": _compare(lambda x, y: x == y),
        "ne": _compare(lambda x, y: x != y),
        "lt": _compare(is_below),
        "le": _compare(lambda x, y: z3.Not(is_below(y, x))),
        "and": lambda values, params: z3.And(*values),
        "or": lambda values, params: z3.Or(*values),
        "not": lambda values, params: z3.Not(values[0]),
        "xor": lambda values, params: z3.Xor(*values),
        "if": _if,
        "table": _table,
    }
)
"""Operators that act on scalars, and on sequences, arrays and selectors entry by entry."""
