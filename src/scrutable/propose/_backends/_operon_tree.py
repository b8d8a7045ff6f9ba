"""Pyoperon's node lists as expressions of the program language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from scrutable.program import Expr, call, const

_CHAINS = {"Add": "add", "Mul": "mul", "Fmin": "min", "Fmax": "max"}
_FUNCTIONS = {name.capitalize(): name for name in ("abs", "sin", "cos", "exp", "log", "sqrt", "tanh", "floor")}
SYMBOLS = "add,sub,mul,div,sin,cos,exp,log,sqrt,tanh,square,constant,variable"
"""What models are built from; everything has a meaning in the program language."""


def expression(nodes: Any, variables: Sequence[Expr]) -> Expr | None:
    """The expression of a model, or None when the list is not one: wrong shapes, unknown nodes, no finite numbers.

    Nodes stand in postfix order; the first argument of an operator is the one written last.
    """
    stack: list[Expr] = []
    try:
        for kind, arity, value, place in nodes:
            args = [stack.pop() for _ in range(int(arity))]
            stack.append(_node(str(kind), args, float(value), int(place), variables))
    except (ValueError, TypeError, IndexError, KeyError):
        return None
    return stack[0] if len(stack) == 1 else None


def _node(kind: str, args: list[Expr], value: float, place: int, variables: Sequence[Expr]) -> Expr:
    if kind == "Constant":
        return _number(value)
    if kind == "Variable":
        if not 0 <= place < len(variables):
            raise IndexError(place)
        return variables[place] if value == 1 else call("mul", _number(value), variables[place])
    if kind in _CHAINS:
        return _chain(_CHAINS[kind], args)
    if kind in _UNUSUAL:
        return _UNUSUAL[kind](args)
    (arg,) = args
    return call(_FUNCTIONS[kind], arg)


def _number(value: float) -> Expr:
    if not isfinite(value):
        raise ValueError(value)
    return const(value)


def _chain(name: str, args: list[Expr]) -> Expr:
    result = args[0]
    for arg in args[1:]:
        result = call(name, result, arg)
    return result


def _difference(args: list[Expr]) -> Expr:
    return call("neg", args[0]) if len(args) == 1 else call("sub", args[0], _chain("add", args[1:]))


def _quotient(args: list[Expr]) -> Expr:
    return call("div", const(1.0), args[0]) if len(args) == 1 else call("div", args[0], _chain("mul", args[1:]))


def _square(args: list[Expr]) -> Expr:
    (arg,) = args
    return call("mul", arg, arg)


_UNUSUAL: Mapping[str, Callable[[list[Expr]], Expr]] = {"Sub": _difference, "Div": _quotient, "Square": _square}
