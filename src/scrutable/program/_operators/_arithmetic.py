"""Arithmetic: exact on integers, double precision on reals, total everywhere.

`x // 0 == 0`, `x % 0 == x`, `x / 0 == 0`; the logarithm of what is not above 0 is 0, and so is its square root; an
exponential too large for a double is infinite. Floor division and remainder take the sign of the divisor. `min` and
`max` keep the earlier value unless a later one is strictly better, which also settles NaN. All as in Python.
An integer beyond 2**53 that meets a real raises `ProgramError`, because converting it would round it.
Exponentials, logarithms, sines and hyperbolic tangents agree with Python's to rounding in the last place, not to the
last bit: NumPy, torch and the C library round them differently. On torch the same goes for square roots.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from operator import gt, lt
from typing import Any

from scrutable.errors import ProgramError
from scrutable.program._backend import Backend
from scrutable.program._operators._base import (
    ADD,
    INT_MAX,
    INT_MIN,
    MUL,
    UNARY,
    Helper,
    Operator,
    Params,
    Spelled,
    Spelling,
    as_real,
    calls,
    infix,
    joined,
    no_params,
    overflow,
    promoted,
    refuse,
    wrap,
)
from scrutable.program._types import INT, REAL, Type, is_scalar, join

Kernel = Callable[[Backend, Sequence[Any], Any], Any]


def _numeric(name: str, *, result: Type | None = None, least: Type = INT) -> Callable[[tuple[Type, ...], Params], Type]:
    """Typing of an operator on scalars: `result`, or else the join of its arguments and `least`."""

    def typing(types: tuple[Type, ...], params: Params) -> Type:
        no_params(name, params)
        if not all(map(is_scalar, types)):
            raise refuse(name, types, "numbers")
        return result or join(joined(types), least)

    return typing


def _same(name: str) -> Callable[[tuple[Type, ...], Params], Type]:
    def typing(types: tuple[Type, ...], params: Params) -> Type:
        no_params(name, params)
        if not all(map(is_scalar, types)):
            raise refuse(name, types, "numbers")
        return joined(types)

    return typing


def add(xp: Backend, values: Sequence[Any], params: Any = ()) -> Any:
    """The checked sum of two values."""
    x, y = promoted(xp, values, "i")
    total = x + y
    if xp.kind(total) == "i" and (((x ^ total) & (y ^ total)) < 0).any():
        raise overflow("add")
    return total


def _sub(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    x, y = promoted(xp, values, "i")
    total = x - y
    if xp.kind(total) == "i" and (((x ^ y) & (x ^ total)) < 0).any():
        raise overflow("sub")
    return total


def mul(xp: Backend, values: Sequence[Any], params: Any = ()) -> Any:
    """The checked product of two values."""
    x, y = promoted(xp, values, "i")
    product = x * y
    if xp.kind(product) == "i":
        rough = xp.cast(x, "f") * xp.cast(y, "f")
        if ((rough > 2.0**62) | (rough < -(2.0**62))).any():
            exact = xp.numpy(x).astype(object) * xp.numpy(y).astype(object)
            if (exact > INT_MAX).any() or (exact < INT_MIN).any():
                raise overflow("mul")
    return product


def _neg(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    (x,) = promoted(xp, values, "i")
    if xp.kind(x) == "i" and (x == INT_MIN).any():
        raise overflow("neg")
    return -x


def _abs(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    (x,) = promoted(xp, values, "i")
    if xp.kind(x) == "i" and (x == INT_MIN).any():
        raise overflow("abs")
    return abs(x)


def _floordiv(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    x, y = promoted(xp, values, "i")
    if xp.kind(x) == "i" and ((x == INT_MIN) & (y == -1)).any():
        raise overflow("floordiv")
    zero = y == 0
    if not zero.any():
        return xp.floor_divide(x, y)
    quotient = xp.floor_divide(x, xp.where(zero, 1, y))
    return xp.where(zero, 0, quotient)


def _mod(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    x, y = promoted(xp, values, "i")
    if xp.kind(x) == "i":
        y = xp.where(y == -1, 1, y)  # the same remainder, and no trap on the smallest integer
    zero = y == 0
    if not zero.any():
        return xp.mod(x, y)
    return xp.where(zero, x, xp.mod(x, xp.where(zero, 1, y)))


def _div(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    x, y = promoted(xp, values, "f")
    zero = y == 0
    return xp.where(zero, 0.0, x / xp.where(zero, 1.0, y))


def _best(better: Callable[[Any, Any], Any]) -> Kernel:
    def kernel(xp: Backend, values: Sequence[Any], params: Any) -> Any:
        best, *others = promoted(xp, values)
        for value in others:
            best = xp.where(better(value, best), value, best)
        return best

    return kernel


def _sign(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    (x,) = promoted(xp, values, "i")
    return xp.cast(x > 0, "i") - xp.cast(x < 0, "i")


def _to_int(name: str, function: str) -> Kernel:
    def kernel(xp: Backend, values: Sequence[Any], params: Any) -> Any:
        (x,) = promoted(xp, values, "i")
        if xp.kind(x) == "i":
            return x
        whole = xp.math(function, x)
        if not ((whole >= -(2.0**63)) & (whole < 2.0**63)).all():
            raise ProgramError(f"{name} got NaN or a number beyond 64 bits; expected one that a 64-bit integer holds")
        return xp.cast(whole, "i")

    return kernel


def _guarded(function: str) -> Kernel:
    """Zero wherever the argument is not above zero."""

    def kernel(xp: Backend, values: Sequence[Any], params: Any) -> Any:
        x = as_real(xp, values[0])
        above = x > 0
        return xp.where(above, xp.math(function, xp.where(above, x, 1.0)), 0.0)

    return kernel


def _plain(function: str) -> Kernel:
    return lambda xp, values, params: xp.math(function, as_real(xp, values[0]))


def _is_nonzero_literal(text: str) -> bool:
    try:
        return bool(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _division(symbol: str, helper: str) -> Spelling:
    """Infix where the divisor is a literal other than zero, else a call of the helper."""
    plain, guarded = infix(symbol, MUL), calls(helper)

    def spell(texts: Sequence[Spelled], params: Params) -> Spelled:
        return (plain if _is_nonzero_literal(texts[1].text) else guarded)(texts, params)

    return spell


def _spell_neg(texts: Sequence[Spelled], params: Params) -> Spelled:
    return Spelled(f"-{wrap(texts[0], UNARY)}", UNARY)


_FLOOR_DIVIDE = Helper(
    "floor_divide",
    '''def floor_divide(x, y):
    """x // y, and 0 when y is 0."""
    return x // y if y != 0 else 0
''',
)
_MODULO = Helper(
    "modulo",
    '''def modulo(x, y):
    """x % y, and x when y is 0."""
    return x % y if y != 0 else x
''',
)
_DIVIDE = Helper(
    "divide",
    '''def divide(x, y):
    """x / y, and 0 when y is 0."""
    return x / y if y != 0 else 0.0
''',
)
_SIGN = Helper(
    "sign_of",
    '''def sign_of(x):
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)
''',
)
_SQRT = Helper(
    "safe_sqrt",
    '''def safe_sqrt(x):
    """The square root, and 0 for negative numbers."""
    return math.sqrt(x) if x > 0 else 0.0
''',
    imports=("math",),
)
_LOG = Helper(
    "safe_log",
    '''def safe_log(x):
    """The natural logarithm, and 0 for numbers that have none."""
    return math.log(x) if x > 0 else 0.0
''',
    imports=("math",),
)
_EXP = Helper(
    "safe_exp",
    '''def safe_exp(x):
    """The exponential, infinite when it is too large."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf
''',
    imports=("math",),
)
_SIN = Helper(
    "safe_sin",
    '''def safe_sin(x):
    """The sine, not a number for infinities."""
    return math.sin(x) if math.isfinite(x) else math.nan
''',
    imports=("math",),
)
_COS = Helper(
    "safe_cos",
    '''def safe_cos(x):
    """The cosine, not a number for infinities."""
    return math.cos(x) if math.isfinite(x) else math.nan
''',
    imports=("math",),
)


def _real_function(name: str, kernel: Kernel, spelling: Spelling, helper: Helper | None = None) -> Operator:
    return Operator(name, 1, 6.0, _numeric(name, result=REAL), kernel, spelling, helper)


OPERATORS = (
    Operator("add", 2, 4.0, _numeric("add"), add, infix("+", ADD)),
    Operator("sub", 2, 4.0, _numeric("sub"), _sub, infix("-", ADD)),
    Operator("mul", 2, 4.0, _numeric("mul"), mul, infix("*", MUL)),
    Operator("neg", 1, 4.0, _numeric("neg"), _neg, _spell_neg),
    Operator("abs", 1, 5.0, _numeric("abs"), _abs, calls("abs")),
    Operator("floordiv", 2, 4.0, _numeric("floordiv"), _floordiv, _division("//", "floor_divide"), _FLOOR_DIVIDE),
    Operator("mod", 2, 4.0, _numeric("mod"), _mod, _division("%", "modulo"), _MODULO),
    Operator("div", 2, 4.0, _numeric("div", result=REAL), _div, _division("/", "divide"), _DIVIDE),
    Operator("min", None, 4.0, _same("min"), _best(lt), calls("min")),
    Operator("max", None, 4.0, _same("max"), _best(gt), calls("max")),
    Operator("sign", 1, 5.0, _numeric("sign", result=INT), _sign, calls("sign_of"), _SIGN),
    Operator("floor", 1, 5.0, _numeric("floor", result=INT), _to_int("floor", "floor"), calls("math.floor")),
    Operator("round", 1, 5.0, _numeric("round", result=INT), _to_int("round", "rint"), calls("round")),
    _real_function("sqrt", _guarded("sqrt"), calls("safe_sqrt"), _SQRT),
    _real_function("exp", _plain("exp"), calls("safe_exp"), _EXP),
    _real_function("log", _guarded("log"), calls("safe_log"), _LOG),
    _real_function("sin", _plain("sin"), calls("safe_sin"), _SIN),
    _real_function("cos", _plain("cos"), calls("safe_cos"), _COS),
    _real_function("tanh", _plain("tanh"), calls("math.tanh")),
)
