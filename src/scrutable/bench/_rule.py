"""Planted rules as text, and what they give on columns.

The scorer must not share anything with what it scores, so rules are not programs of the language: they are Python
expressions, evaluated here on NumPy arrays. `x0 + x2 if x0 > x1 else x2 - 1` is one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np

from scrutable.errors import UserError

Values = Any
"""An array `(n,)`, or one number that stands for all rows."""


def _number(value: Values) -> Values:
    """Truths count as 0 and 1 where numbers are wanted."""
    return np.asarray(value).astype(np.int64) if np.asarray(value).dtype == bool else value


def _truth(value: Values) -> Values:
    return np.asarray(value) != 0


def _arithmetic(function: Callable[[Values, Values], Values]) -> Callable[[Values, Values], Values]:
    return lambda a, b: function(_number(a), _number(b))


BINARY: dict[type[ast.operator], Callable[[Values, Values], Values]] = {
    ast.Add: _arithmetic(np.add),
    ast.Sub: _arithmetic(np.subtract),
    ast.Mult: _arithmetic(np.multiply),
    ast.Div: _arithmetic(np.divide),
    ast.FloorDiv: _arithmetic(np.floor_divide),
    ast.Mod: _arithmetic(np.mod),
    ast.Pow: _arithmetic(np.power),
    ast.BitXor: lambda a, b: _truth(a) ^ _truth(b),
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Values, Values], Values]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
FUNCTIONS: dict[str, Callable[..., Values]] = {
    "abs": np.abs,
    "argmax": lambda *args: np.argmax(np.stack(np.broadcast_arrays(*args)), axis=0),
    "clip": np.clip,
    "cos": np.cos,
    "count": lambda *args: reduce(np.add, [_number(_truth(a)) for a in args]),
    "exp": np.exp,
    "log": np.log,
    "max": lambda *args: reduce(np.maximum, args),
    "median": lambda *args: np.sort(np.stack(np.broadcast_arrays(*args)), axis=0)[len(args) // 2],
    "min": lambda *args: reduce(np.minimum, args),
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
}


@dataclass(frozen=True)
class Rule:
    """A planted rule.

    Arguments:
        text: a Python expression of names, numbers, arithmetic, comparisons, `and`, `or`, `not`, `^` (exclusive or),
            `a if c else b` and the functions in `FUNCTIONS`. The median of an even number of values is the upper one.

    Raises:
        UserError: when called, for anything else in the text.
    """

    text: str

    @cached_property
    def tree(self) -> ast.expr:
        """The parsed text."""
        return ast.parse(self.text, mode="eval").body

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns it reads, once for each time: as many literals as a formula has."""
        called = {id(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        names = [node for node in ast.walk(self.tree) if isinstance(node, ast.Name) and id(node) not in called]
        return tuple(node.id for node in names)

    def __call__(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The rule's answers on named columns `(n,)`: bool, int64 or float64, `(n,)`."""
        n = len(next(iter(columns.values())))
        value = np.broadcast_to(np.asarray(_value(self.tree, columns)), (n,))
        kind = {"b": np.bool_, "f": np.float64}.get(value.dtype.kind, np.int64)
        return value.astype(kind)


def _value(node: ast.expr, columns: Mapping[str, np.ndarray]) -> Values:
    match node:
        case ast.Constant(value=bool() | int() | float()):
            return node.value
        case ast.Name() if node.id in columns:
            return columns[node.id]
        case ast.BinOp() if type(node.op) in BINARY:
            return BINARY[type(node.op)](_value(node.left, columns), _value(node.right, columns))
        case ast.UnaryOp(op=ast.USub()):
            return np.negative(_number(_value(node.operand, columns)))
        case ast.UnaryOp(op=ast.Not()):
            return ~_truth(_value(node.operand, columns))
        case ast.BoolOp():
            parts = [_truth(_value(part, columns)) for part in node.values]
            return reduce(np.logical_and if isinstance(node.op, ast.And) else np.logical_or, parts)
        case ast.Compare() if all(type(op) in COMPARISONS for op in node.ops):
            return _compared(node, columns)
        case ast.IfExp():
            parts = (_value(part, columns) for part in (node.body, node.orelse))
            return np.where(_truth(_value(node.test, columns)), *parts)
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS and not node.keywords:
            return FUNCTIONS[name](*(_number_or_truth(name, _value(arg, columns)) for arg in node.args))
    raise UserError(
        f"got {ast.unparse(node)[:60]!r} in a planted rule, expected names that are there and known operations"
    )


def _number_or_truth(function: str, value: Values) -> Values:
    return value if function == "count" else _number(value)


def _compared(node: ast.Compare, columns: Mapping[str, np.ndarray]) -> Values:
    """A chain of comparisons: `a < b < c` compares neighbours."""
    values = [_number(_value(each, columns)) for each in (node.left, *node.comparators)]
    pairs = zip(node.ops, values, values[1:], strict=False)
    return reduce(np.logical_and, [COMPARISONS[type(op)](a, b) for op, a, b in pairs])
