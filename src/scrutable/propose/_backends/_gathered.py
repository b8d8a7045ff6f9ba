"""Formulas with their numbers gathered: one factor for each product, one coefficient for each term of a sum.

Genetic programming scatters numbers through a formula (`1.2 * a * (2.1 * b)`), which hides what they are together and
leaves a fit without a single answer.
"""

from __future__ import annotations

from math import exp, isfinite, log

from scrutable.program import Call, Const, Expr, call, const

Terms = dict[Expr | None, float]
"""A sum: the coefficient of each term without numbers of its own; None stands for the number one."""
NEGLIGIBLE = 1e-12
"""Coefficients of this share of the largest are left out: rounding leaves them behind."""


def gathered(expr: Expr) -> Expr:
    """The same formula, wherever it has its usual meaning. Whole numbers in products and sums become reals."""
    return _written(_terms(expr))


def _terms(expr: Expr) -> Terms:
    if isinstance(expr, Const):
        return {None: float(expr.value)}
    if not isinstance(expr, Call):
        return {expr: 1.0}
    if expr.op in ("add", "sub"):
        left, right = (_terms(arg) for arg in expr.args)
        return _sum(left, right, 1.0 if expr.op == "add" else -1.0)
    if expr.op == "neg":
        return {core: -number for core, number in _terms(expr.args[0]).items()}
    if expr.op in ("mul", "div"):
        return _product(expr.op, *(_factored(_terms(arg)) for arg in expr.args))
    args = [_terms(arg) for arg in expr.args]
    if expr.op == "exp":
        return _exponential(args[0])
    if expr.op == "log":
        return _logarithm(args[0])
    return {call(expr.op, *map(_written, args), params=expr.params): 1.0}


def _sum(left: Terms, right: Terms, sign: float) -> Terms:
    total = dict(left)
    for core, number in right.items():
        total[core] = total.get(core, 0.0) + sign * number
    largest = max(map(abs, total.values()))
    kept = {core: number for core, number in total.items() if abs(number) > NEGLIGIBLE * largest}
    return kept or {None: 0.0}


def _product(name: str, left: tuple[float, Expr | None], right: tuple[float, Expr | None]) -> Terms:
    (first, above), (second, below) = left, right
    if name == "mul":
        core = above if below is None else below if above is None else call("mul", above, below)
        return {core: first * second}
    if second == 0:  # the language's own meaning of a division by zero
        return {None: 0.0}
    if below is None:
        return {above: first / second}
    return {call("div", const(1.0) if above is None else above, below): first / second}


def _exponential(terms: Terms) -> Terms:
    shift = terms.get(None, 0.0)
    rest: Terms = {core: number for core, number in terms.items() if core is not None}
    if not rest or abs(shift) > 300:
        return {call("exp", _written(terms)): 1.0}
    return {call("exp", _written(rest)): exp(shift)}


def _logarithm(terms: Terms) -> Terms:
    number, core = _factored(terms)
    if core is None or number <= 0 or not isfinite(log(number)):
        return {call("log", _written(terms)): 1.0}
    return _sum({call("log", core): 1.0}, {None: log(number)}, 1.0)


def _factored(terms: Terms) -> tuple[float, Expr | None]:
    """A number and a core whose product the sum is."""
    if len(terms) == 1:
        ((core, number),) = terms.items()
        return number, core
    number = next(number for core, number in terms.items() if core is not None)
    return number, _written({core: each / number for core, each in terms.items()})


def _written(terms: Terms) -> Expr:
    ordered = sorted(terms.items(), key=lambda each: (each[0] is None, each[1] < 0))
    result: Expr | None = None
    for core, number in ordered:
        size = abs(number) if result is not None else number
        term = const(size) if core is None else core if size == 1 else call("mul", const(size), core)
        result = term if result is None else call("sub" if number < 0 else "add", result, term)
    assert result is not None
    return result
