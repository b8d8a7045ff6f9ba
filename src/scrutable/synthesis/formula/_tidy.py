"""Expressions without multiplications by one, additions of nothing, and signs that cancel."""

from __future__ import annotations

from scrutable.program import Call, Const, Expr, call, const


def tidy(expr: Expr) -> Expr:
    """The same function with fewer operators. Whole and real literals equal to one or nothing are dropped."""
    if not isinstance(expr, Call):
        return expr
    args = [tidy(arg) for arg in expr.args]
    if len(args) == 2:
        return _tidy_pair(expr.op, args[0], args[1])
    if expr.op == "neg" and isinstance(args[0], Call) and args[0].op == "neg":
        return args[0].args[0]
    return call(expr.op, *args, params=expr.params)


def _tidy_pair(op: str, left: Expr, right: Expr) -> Expr:
    rule = {"mul": _tidy_product, "div": _tidy_quotient, "add": _tidy_sum, "sub": _tidy_difference}.get(op)
    return call(op, left, right) if rule is None else rule(left, right)


def _tidy_product(left: Expr, right: Expr) -> Expr:
    if _is(left, 1) or _is(right, 0):
        return right
    if _is(right, 1) or _is(left, 0):
        return left
    if _is(left, -1) or _is(right, -1):
        return tidy(call("neg", right if _is(left, -1) else left))
    return call("mul", left, right)


def _tidy_quotient(left: Expr, right: Expr) -> Expr:
    if _is(right, 1):
        return left
    return call("neg", call("div", const(1), right)) if _is(left, -1) else call("div", left, right)


def _tidy_sum(left: Expr, right: Expr) -> Expr:
    if _is(left, 0) or _is(right, 0):
        return right if _is(left, 0) else left
    if isinstance(right, Call) and right.op == "neg":
        return call("sub", left, right.args[0])
    if isinstance(left, Call) and left.op == "neg":
        return call("sub", right, left.args[0])
    return call("add", left, right)


def _tidy_difference(left: Expr, right: Expr) -> Expr:
    if _is(right, 0):
        return left
    if isinstance(right, Call) and right.op == "neg":
        return call("add", left, right.args[0])
    return call("sub", left, right)


def _is(expr: Expr, value: float) -> bool:
    return isinstance(expr, Const) and expr.value == value
