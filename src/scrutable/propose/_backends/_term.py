"""Cvc5's solution terms as expressions of the program language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scrutable.errors import UserError
from scrutable.program import Expr, call, const

_CHAINS = frozenset({"add", "mul", "and", "or", "xor"})
_PLAIN = frozenset({"sub", "neg", "if", "le", "lt", "eq", "not", "floordiv", "mod"})
_TURNED = {"ge": "le", "gt": "lt"}


def expression(term: Any, variables: Sequence[Expr]) -> Expr | None:
    """The expression of a term written as nested lists, or None when it is not one."""
    try:
        return _read(term, variables)
    except (ValueError, TypeError, IndexError, KeyError, UserError, RecursionError):
        return None


def _read(term: Any, variables: Sequence[Expr]) -> Expr:
    name, *rest = term
    if name == "const":
        (value,) = rest
        if not isinstance(value, int):
            raise ValueError(value)
        return const(value)
    if name == "var":
        (place,) = rest
        if not 0 <= place < len(variables):
            raise IndexError(place)
        return variables[place]
    args = [_read(each, variables) for each in rest]
    if name in _TURNED:
        first, second = args
        return call(_TURNED[name], second, first)
    if name in _CHAINS:
        result = args[0]
        for arg in args[1:]:
            result = call(name, result, arg)
        return result
    if name not in _PLAIN:
        raise KeyError(name)
    return call(name, *args)
