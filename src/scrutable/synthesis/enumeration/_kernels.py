"""What each operator does to blocks of value vectors.

A block is an array `(..., rows)` of numbers or `(..., words)` of packed truths, 64 examples to a word. The meanings are
those of the program language, its total division included; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Kind = Literal["number", "truth"]


@dataclass(frozen=True, slots=True)
class Kernel:
    """One operator on blocks.

    Arguments:
        takes: the kinds of its arguments.
        gives: the kind of its result. A comparison gives unpacked truths; the bank packs them.
        compute: the function; arguments broadcast.
        commutative: whether the order of the two arguments is without effect.
        divides: the second argument is a divisor, restricted to variables and constants and taken one at a time.
        grows: the result may leave the number range though both arguments are inside it by far (products).
        reals: whether it needs double precision.
    """

    takes: tuple[Kind, ...]
    gives: Kind
    compute: Callable[..., np.ndarray]
    commutative: bool = False
    divides: bool = False
    grows: bool = False
    reals: bool = False


_EXACT: dict[np.dtype, type] = {np.dtype(np.int16): np.float32, np.dtype(np.int32): np.float64}


def _floordiv(a: np.ndarray, b: Any) -> np.ndarray:
    if np.ndim(b) == 0:
        return a * 0 if b == 0 else np.floor_divide(a, b)
    zero = b == 0
    divisor = np.where(zero, np.ones_like(b), b)
    exact = _EXACT.get(a.dtype)  # a correctly rounded quotient of such small integers has the right floor
    if exact is not None:
        quotient = np.floor(a.astype(exact) / divisor.astype(exact)).astype(a.dtype)
    else:
        quotient = np.floor_divide(a, divisor)
    return np.where(zero, np.zeros_like(a), quotient)


def _mod(a: np.ndarray, b: Any) -> np.ndarray:
    if a.dtype.kind == "f":
        return _real_mod(a, b)
    return a - _floordiv(a, b) * b  # several times faster than the remainder of integers


def _real_mod(a: np.ndarray, b: Any) -> np.ndarray:
    zero = np.asarray(b) == 0
    return np.where(zero, a, np.mod(a, np.where(zero, 1.0, b)))


def _div(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    zero = b == 0
    return np.where(zero, 0.0, a / np.where(zero, 1.0, b))


def _positive(function: Callable[..., np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def compute(a: np.ndarray) -> np.ndarray:
        above = a > 0
        return np.where(above, function(np.where(above, a, 1.0)), 0.0)

    return compute


def _choose(mask: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    """`mask` holds -1 (all bits set) or 0 in the numbers' own integer type, or truths when they are reals."""
    if yes.dtype.kind == "f":
        return np.where(mask, yes, no)
    return no ^ ((yes ^ no) & mask)


N: Kind = "number"
T: Kind = "truth"

KERNELS: dict[str, Kernel] = {
    "add": Kernel((N, N), N, np.add, commutative=True),
    "sub": Kernel((N, N), N, np.subtract),
    "mul": Kernel((N, N), N, np.multiply, commutative=True, grows=True),
    "neg": Kernel((N,), N, np.negative),
    "abs": Kernel((N,), N, np.abs),
    "floordiv": Kernel((N, N), N, _floordiv, divides=True),
    "mod": Kernel((N, N), N, _mod, divides=True),
    "min": Kernel((N, N), N, np.minimum, commutative=True),
    "max": Kernel((N, N), N, np.maximum, commutative=True),
    "sign": Kernel((N,), N, np.sign),
    "div": Kernel((N, N), N, _div, reals=True),
    "floor": Kernel((N,), N, np.floor, reals=True),
    "round": Kernel((N,), N, np.rint, reals=True),
    "sqrt": Kernel((N,), N, _positive(np.sqrt), reals=True),
    "exp": Kernel((N,), N, np.exp, reals=True),
    "log": Kernel((N,), N, _positive(np.log), reals=True),
    "sin": Kernel((N,), N, np.sin, reals=True),
    "cos": Kernel((N,), N, np.cos, reals=True),
    "tanh": Kernel((N,), N, np.tanh, reals=True),
    "eq": Kernel((N, N), T, np.equal, commutative=True),
    "ne": Kernel((N, N), T, np.not_equal, commutative=True),
    "lt": Kernel((N, N), T, np.less),
    "le": Kernel((N, N), T, np.less_equal),
    "and": Kernel((T, T), T, np.bitwise_and, commutative=True),
    "or": Kernel((T, T), T, np.bitwise_or, commutative=True),
    "xor": Kernel((T, T), T, np.bitwise_xor, commutative=True),
    "not": Kernel((T,), T, np.bitwise_not),
    "if": Kernel((T, N, N), N, _choose),
}
