"""Description length: how many bits it takes to write a program, and the errors it leaves, down.

The program text is written in a prefix code, part by part:

- an expression node first says what it is: a variable (1 bit), a call (1.6 bits) or a literal (2.6 bits);
- a variable is one of those in scope: `log2(number in scope)` bits. Inside a loop the scope is the loop's own variables
  and one more choice, "from outside", which then costs the choice among those outside;
- a call names its operator (the `bits` of the registry), the number of arguments where it may vary, and its parameters;
- a truth value used as a number, or beside one, pays for the conversion that a typed language would write out;
- an integer takes Elias' delta code of its place in 0, 1, 2, -1, 3, 4, -2, ..., so that large ones cost more, and
  negative ones, which programs use less often, somewhat more than positive ones;
- a real takes the shortest decimal that reads back as the same number: digits and exponent, both as integers;
- a table pays for every row, a statement, a state and an element of a loop each pay a header; names are free.

Reference: P. Elias, Universal codeword sets and representations of the integers, IEEE Trans. Inf. Theory 21 (1975).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf, isfinite, lgamma, log, log2
from typing import Any

import numpy as np

from scrutable.errors import UserError
from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._operators import operator
from scrutable.program._program import Let, Program, Scan
from scrutable.program._types import BOOL, Type, scalar_of

_VARIABLE, _CALL, _LITERAL = 1.0, 1.6, 2.6
_HEADER = 1.0  # "another one follows", before each statement, state, body variable and loop element
_STOP = 1.0  # "no more"
_STATEMENT_KIND = 1.0  # a name or a loop
_WORD = 3.0  # one of the few words an operator takes as a parameter
_CONVERSION = 6.0  # as a call of an operator of its own
_SPECIAL = 10.0  # an infinity or not-a-number
_ON_TRUTHS_TOO = frozenset({"eq", "ne", "if"})
_ON_NUMBERS = _ON_TRUTHS_TOO | {"add", "sub", "mul", "neg", "abs", "floordiv", "mod", "div", "min", "max", "lt", "le"}
_LITERAL_KIND = {"Bool": 3.5, "Category": 0.5, "Int": 0.5, "Real": 2.5}

Cost = Callable[[str], float]  # of naming a variable


def program_bits(program: Program) -> float:
    """The description length of a program in bits: finite and positive.

    Inputs are given by the data and cost nothing; every output costs the choice among all variables.
    """
    scope = {entry.name for entry in program.inputs}
    bits = _STOP
    for statement in program.statements:
        bits += _HEADER + _STATEMENT_KIND
        if isinstance(statement, Let):
            bits += expr_bits(statement.expr, len(scope))
            scope.add(statement.name)
        else:
            bits += _scan_bits(statement, len(scope))
            scope |= {part.name for part in (*statement.body, *statement.states)}
    return bits + _STOP + len(program.outputs) * (_HEADER + _choice(len(scope)))


def _scan_bits(scan: Scan, outside: int) -> float:
    bits = 3 * _STOP
    bits += sum(_HEADER + expr_bits(sequence, outside) for _, sequence in scan.over)
    inside = {name for name, _ in scan.over} | {state.name for state in scan.states}

    def cost(name: str) -> float:
        return _choice(len(inside) + 1) + (0.0 if name in inside else _choice(outside))

    for let in scan.body:
        bits += _HEADER + _node_bits(let.expr, cost)
        inside.add(let.name)
    for state in scan.states:
        bits += _HEADER + _value_bits(state.init.value, state.init.type) + _node_bits(state.next, cost)
        bits += _CONVERSION * (_is_truth(state.init) != _is_truth(state.next))
    return bits


def _choice(options: int) -> float:
    return log2(max(options, 1))


def expr_bits(expr: Expr, scope_size: int) -> float:
    """The description length of one expression, in bits.

    Arguments:
        expr: the expression.
        scope_size: how many variables it could have read.
    """
    each = _choice(scope_size)
    return _node_bits(expr, lambda name: each)


def _node_bits(expr: Expr, cost: Cost) -> float:
    if isinstance(expr, Var):
        return _VARIABLE + cost(expr.name)
    if isinstance(expr, Const):
        return _LITERAL + _value_bits(expr.value, expr.type)
    assert isinstance(expr, Call)
    entry = operator(expr.op)
    bits = _CALL + entry.bits + _params_bits(expr.params) + _conversion_bits(expr)
    if entry.arity is None:
        bits += integer_bits(max(0, len(expr.args) - 2))
    return bits + sum(_node_bits(arg, cost) for arg in expr.args)


def _conversion_bits(expr: Call) -> float:
    """What the truth values among the arguments pay for being used as numbers, or beside one."""
    if expr.op not in _ON_NUMBERS:
        return 0.0
    truths = [_is_truth(arg) for arg in (expr.args[1:] if expr.op == "if" else expr.args)]
    return 0.0 if expr.op in _ON_TRUTHS_TOO and all(truths) else _CONVERSION * sum(truths)


def _is_truth(expr: Expr) -> bool:
    return scalar_of(expr.type) == BOOL


def integer_bits(value: int) -> float:
    """The length of Elias' delta code of `value` in the order 0, 1, 2, -1, 3, 4, -2, 5, ..."""
    place = 1 + value + (max(0, value - 1) // 2) if value >= 0 else 1 - 3 * value
    exponent = place.bit_length() - 1
    return float(exponent + 2 * ((exponent + 1).bit_length() - 1) + 1)


def real_bits(value: float) -> float:
    """The length of the shortest decimal that reads back as `value`."""
    if not isfinite(value):
        return _SPECIAL
    _, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    assert isinstance(exponent, int)
    sign = 1.0
    return sign + integer_bits(int("".join(map(str, digits)))) + integer_bits(exponent)


def _value_bits(value: Any, type_: Type) -> float:
    """A literal: what kind it is, then its numbers."""
    kind = _LITERAL_KIND[type(scalar_of(type_)).__name__]
    return kind + _params_bits(value) + (0.0 if not isinstance(value, tuple) else _HEADER)


def _params_bits(value: Any) -> float:
    """Plain data: numbers, words and nested tuples of them. A tuple pays a header for each item."""
    if isinstance(value, tuple):
        return _STOP + sum(_HEADER + _params_bits(item) for item in value) if value else 0.0
    if value is None or isinstance(value, (bool, np.bool_)):
        return 1.0
    if isinstance(value, (int, np.integer)):
        return integer_bits(int(value))
    if isinstance(value, (float, np.floating)):
        return real_bits(float(value))
    return _WORD


def residual_bits(expected: Any, got: Any, *, alphabet: int | None = None, tolerance: float = 0.0) -> float:
    """What it takes to correct the outputs of a program, in bits; `log2(n + 1)` when all agree.

    With `n` outputs of which `k` disagree: `log2(n + 1)` to say `k`, `log2 C(n, k)` to say where, and for each of them
    what is right: one of the `alphabet - 1` other labels, or the universal code of the difference when no alphabet is
    given (the right value itself where there is no difference to take, as with infinities).

    Arguments:
        expected: the right outputs, any shape.
        got: what the program says, of the same shape.
        alphabet: how many different values an output can have; None for numbers.
        tolerance: reals count as equal within this absolute difference. Corrections are then written in steps of it.

    Raises:
        UserError: the shapes differ, or an alphabet below 1 or a negative tolerance.
    """
    right, said = np.asarray(expected), np.asarray(got)
    if right.shape != said.shape:
        raise UserError(f"got outputs of shape {said.shape}, expected shape {right.shape}")
    if tolerance < 0 or (alphabet is not None and alphabet < 1):
        raise UserError(f"got alphabet {alphabet} and tolerance {tolerance}, expected at least 1 and at least 0")
    wrong = _disagreements(right.ravel(), said.ravel(), tolerance)
    n, k = right.size, int(wrong.sum())
    bits = log2(n + 1) + _log2_choose(n, k)
    if alphabet is not None:
        return bits + k * log2(max(alphabet - 1, 1))
    pairs = zip(right.ravel()[wrong].tolist(), said.ravel()[wrong].tolist(), strict=True)
    return bits + sum(_correction_bits(value, base, tolerance) for value, base in pairs)


def _disagreements(right: np.ndarray, said: np.ndarray, tolerance: float) -> np.ndarray:
    wrong = right != said
    if tolerance > 0:
        with np.errstate(invalid="ignore"):
            wrong &= ~(np.abs(right.astype(np.float64) - said.astype(np.float64)) <= tolerance)
    if right.dtype.kind == "f" and said.dtype.kind == "f":
        wrong &= ~(np.isnan(right) & np.isnan(said))
    return wrong


def _correction_bits(value: Any, base: Any, tolerance: float) -> float:
    """The cheaper of the difference and the value itself, and one bit to say which."""
    if isinstance(value, (bool, int)) and isinstance(base, (bool, int)):
        return 1.0 + min(integer_bits(int(value) - int(base)), integer_bits(int(value)))
    difference = float(value) - float(base)
    options = [real_bits(float(value)), real_bits(difference) if isfinite(difference) else inf]
    if tolerance > 0 and isfinite(difference):
        options.append(integer_bits(round(difference / tolerance)))
    return 1.0 + min(options)


def _log2_choose(n: int, k: int) -> float:
    return (lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) / log(2)
