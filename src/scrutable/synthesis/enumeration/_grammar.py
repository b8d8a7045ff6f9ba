"""What an expression may be built from, and what each piece costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from scrutable.errors import UserError
from scrutable.program import const, expr_bits, operator
from scrutable.synthesis.enumeration._kernels import KERNELS

INTEGER = (
    "add",
    "sub",
    "mul",
    "neg",
    "abs",
    "floordiv",
    "mod",
    "min",
    "max",
    "eq",
    "lt",
    "le",
    "and",
    "or",
    "not",
    "if",
)
REAL = ("add", "sub", "mul", "div", "neg", "abs", "min", "max", "sqrt", "exp", "log", "sin", "cos", "tanh", "lt", "if")
MEMORY = 512 * 2**20
MOST_CONSTANTS = 10
LARGEST_CONSTANT = 10**6


@dataclass(frozen=True, slots=True)
class Grammar:
    """The pieces that expressions are built from.

    Arguments:
        operators: names from the program language; those in `supported()` can be enumerated.
        constants: the literals that may be used. Larger ones cost more, as `expr_bits` says.
        divisors: what may be divided by: "numbers" are the literals other than zero, "all" variables too.
        typed: truths are never used as the numbers 0 and 1, and an integer target is a number even where it is 0 or 1.
        memory: the most bytes that stored values may take. When it is reached nothing more is stored, the level being
            enumerated is still checked against the target, and `Search.capped` says so.

    Raises:
        UserError: an operator that cannot be enumerated.
    """

    operators: tuple[str, ...] = INTEGER
    constants: tuple[int | float, ...] = (0, 1, 2)
    divisors: Literal["all", "numbers"] = "all"
    typed: bool = False
    memory: int = MEMORY

    def __post_init__(self) -> None:
        unknown = [name for name in self.operators if name not in KERNELS]
        if unknown:
            raise UserError(f"got the operators {', '.join(unknown)}, expected some of {', '.join(supported())}")

    @staticmethod
    def fitting(leaves: Mapping[str, np.ndarray], targets: Iterable[np.ndarray]) -> Grammar:
        """A grammar for data of this kind: its operators, and the constants that the data suggest.

        0/1 data with 0/1 targets get logic as well as arithmetic. Constants come from ranges, differences and small
        divisors of the values; never from how many examples there are.
        """
        columns, wanted = list(leaves.values()), list(targets)
        if any(np.asarray(each).dtype.kind == "f" for each in [*columns, *wanted]):
            return Grammar(operators=REAL, constants=(0, 1, 2))
        logical = all(_binary(each) for each in columns)
        operators = (*INTEGER, "xor") if logical else INTEGER
        return Grammar(operators=operators, constants=harvest(columns, wanted))


def supported() -> tuple[str, ...]:
    """The operators that can be enumerated."""
    return tuple(KERNELS)


def _binary(values: np.ndarray) -> bool:
    return values.dtype.kind == "b" or bool(np.isin(values, (0, 1)).all())


def harvest(columns: list[np.ndarray], targets: list[np.ndarray]) -> tuple[int, ...]:
    """0, 1, 2 and at most seven constants that integer data suggest.

    The size of the targets' range first (a modulus), then of the leaves' (a base), then the largest values, then the
    smallest, and the greatest common divisor of the differences between target values.
    """
    proposals: list[int] = []
    for group in (targets, columns):
        numbers = [each.astype(np.int64) for each in group if each.size]
        proposals += [int(each.max()) + 1 for each in numbers]
        proposals += [int(each.max()) for each in numbers]
        proposals += [int(each.min()) for each in numbers]
        if group is targets:
            proposals += [int(np.gcd.reduce(each - each.min())) for each in numbers]
    distinct = list(dict.fromkeys(value for value in proposals if abs(value) <= LARGEST_CONSTANT))
    extra = [value for value in distinct if value not in (0, 1, 2)]
    return (0, 1, 2, *extra[: MOST_CONSTANTS - 3])


def leaf_cost(count: int) -> int:
    """The cost of reading one of `count` variables, in whole bits (the levels of the enumeration)."""
    return max(1, round(1 + np.log2(max(count, 1))))


@lru_cache(maxsize=4096)
def constant_cost(value: int | float) -> int:
    """The cost of a literal, in whole bits."""
    return round(expr_bits(const(value), 1))


@lru_cache(maxsize=256)
def operator_cost(name: str) -> int:
    """The cost of a call without its arguments, in whole bits."""
    entry = operator(name)
    return round(2 + entry.bits + (1 if entry.arity is None else 0))
