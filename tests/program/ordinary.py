"""Ordinary Python that people write, to be traced: the plain functions say what is right. Functions of numbers."""

# ruff: noqa: B905, PLR1730, SIM108

from __future__ import annotations

import math
from typing import Any

MACHINE = {(0, 0): 1, (0, 1): 2, (1, 0): 2, (1, 1): 0, (2, 0): 0, (2, 1): 1}
NESTED = [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
SQUARES = {1, 4, 9}
OFFSET = 3


def helper(u, v=2):
    w = u * v
    return w + OFFSET


def late_return(u):
    if u < 0:
        return -1
    if u == 0:
        return 0
    return 1


def arithmetic(a, b):
    c = a + 2 * b
    c = c - 1
    c += a // 3
    return (c % 7) * -a


def branches(a, b):
    if a < b:
        y = a
    elif a == b:
        y = 0
        z = y + 1
        y = z * 2
    else:
        y = b - a
    return y + 1


def early(a):
    if a > 10:
        return 10
    if a < -10:
        return -10
    b = a * a
    if b > 50:
        b = 50
    return b


def chained(a, b, c):
    return 1 if a < b <= c else (2 if not (a == b or b != c) else 3)


def builtins(a: float, b: float):
    return (min(a, b, 0.5), max(a, b), abs(a), float(round(b)), float(int(a)), math.floor(a) + math.ceil(b) * 1.0)


def transcendental(a: float):
    return math.sqrt(abs(a)) + math.exp(a / 10) + math.sin(a) * math.cos(a) + math.tanh(a) + math.log(1 + a**2)


def inlined(a, b):
    return helper(a) + helper(v=b, u=3) + late_return(a - b)


def membership(a):
    return (a in SQUARES) + 2 * (a not in (1, 2, 3)) + 4 * (a in range(-2, 3))


def lookup(a, b):
    return MACHINE.get((a, b), -1) + NESTED[a % 3][b % 3] * 10


def nested_function(a):
    def double(v):
        return v * 2

    triple = lambda v: v * 3  # noqa: E731
    return double(a) + triple(a)


def logic(a, b):
    both = a > 0 and b > 0
    either = a > 0 or b
    return int(both) + (either or 7) + (5 if a and not b else 0) + bool(a)


def unrolled(a, b):
    total = 0
    for weight in (1, 2, 3):
        for value in [a, b]:
            total += weight * value
    return total


def divisions(a, b):
    q, r = divmod(a, 5)
    return q * 100 + r + (a // b if b else 0) + (a % b if b != 0 else a)


def either_value(a: float, b: float):
    return (a or b) + (a and b)


def picked(a, b):
    options = [a, b, a + b]
    return options[a % 3] * 10 + options[b % 3 - 3] + [4, 5, 6][b % 3 - 3]


def grown(a, b):
    values = []
    for weight in range(3):
        values.append(a * weight + b)
    return values[0] * values[2] + sum(values) + max(values)


def power(base, exponent):
    return 1 if exponent == 0 else base * power(base, exponent - 1)


def recursive(a):
    return power(a, 4)


SCALARS: list[tuple[Any, int]] = [
    (arithmetic, 2),
    (branches, 2),
    (early, 1),
    (chained, 3),
    (builtins, 2),
    (transcendental, 1),
    (inlined, 2),
    (membership, 1),
    (lookup, 2),
    (nested_function, 1),
    (logic, 2),
    (unrolled, 2),
    (divisions, 2),
    (either_value, 2),
    (picked, 2),
    (grown, 2),
    (recursive, 1),
]
