"""The 62 tasks of a published benchmark for turning recurrent networks into programs.

Source: Michaud et al., "Opening the AI black box: program synthesis via mechanistic interpretability" (2024),
arXiv:2402.05110. Inputs are whole numbers drawn uniformly, and 0 before the start. The rules that no method may be
tuned on are in `_outside.py`.
"""

from __future__ import annotations

import numpy as np

from scrutable.bench.recurrent._rules import (
    balanced,
    digits_of_sum,
    dither,
    draw_palindromes,
    magnetic,
    most_frequent,
    newton,
    palindromes,
    quotient_bits,
)
from scrutable.bench.recurrent._sequences import SequenceTask as Task
from scrutable.bench.recurrent._sequences import lagged, positions, stepwise, whole, windowed


def _total(x: np.ndarray) -> np.ndarray:
    return np.cumsum(x, axis=1)


def _last(k: int) -> Task:
    rule = windowed(k, lambda *lags: sum(lags))
    return Task(f"Sum_Last{k}", 0, 99, f"sum of the last {k} numbers", rule, length=10 if k < 5 else 20)


def _back(k: int) -> Task:
    said = f"the number {k} steps back"
    return Task(f"Prev{k}", 0, 99, said, lambda x: lagged(x, k), length=10 if k < 5 else 20)


def _parity(k: int) -> Task:
    return Task(f"Parity_Last{k}", 0, 1, f"parity of the last {k} bits", windowed(k, lambda *lags: sum(lags) % 2))


def _sum_mod(m: int) -> Task:
    return Task(f"Add_Mod_{m}", 0, m - 1, f"running sum mod {m}", whole(lambda x: _total(x) % m))


def _addition(name: str, base: int) -> Task:
    said = f"digit of the sum of two base-{base} numbers, least significant first"
    return Task(name, 0, base - 1, said, digits_of_sum(base), channels=2)


def _division(k: int) -> Task:
    return Task(f"Div_{k}", 0, 1, f"quotient bit of division by {k}, most significant first", quotient_bits(k))


def _majority(high: int) -> Task:
    said = "most frequent number so far, ties to the lower"
    return Task(f"Majority_0_{high}", 0, high, said, most_frequent(high + 1))


def _alternating(k: int) -> Task:
    def rule(*lags: np.ndarray) -> np.ndarray:
        return np.logical_and.reduce([a != b for a, b in zip(lags, lags[1:], strict=False)])

    return Task(f"Alternating_Last{k}", 0, 1, f"1 if the last {k} bits alternate", windowed(k, rule))


ADDITION = (_addition("Binary_Addition", 2), *(_addition(f"Base_{b}_Addition", b) for b in range(3, 8)))
BITWISE = (
    Task("Bitwise_Xor", 0, 1, "xor of the two current bits", whole(lambda x: x[..., 0] ^ x[..., 1]), channels=2),
    Task("Bitwise_Or", 0, 1, "or of the two current bits", whole(lambda x: x[..., 0] | x[..., 1]), channels=2),
    Task("Bitwise_And", 0, 1, "and of the two current bits", whole(lambda x: x[..., 0] & x[..., 1]), channels=2),
    Task("Bitwise_Not", 0, 1, "not of the current bit", whole(lambda x: 1 - x)),
)
PARITY = (
    *(_parity(k) for k in (2, 3, 4)),
    Task("Parity_All", 0, 1, "parity of all bits so far", whole(lambda x: _total(x) % 2)),
    Task("Parity_Zeros", 0, 1, "parity of the number of zeros so far", whole(lambda x: _total(1 - x) % 2)),
)
SUMS = (
    Task("Evens_Counter", 0, 9, "how many even numbers so far", whole(lambda x: _total(x % 2 == 0))),
    Task("Sum_All", 0, 99, "sum of everything so far", whole(_total)),
    *(_last(k) for k in range(2, 8)),
)
LAGS = (Task("Current_Number", 0, 99, "the current number", whole(lambda x: x)), *(_back(k) for k in range(1, 6)))
VALUES = (
    Task("Previous_Equals_Current", 0, 7, "1 if current equals previous", windowed(2, lambda x, p: x == p)),
    Task("Diff_Last2", -100, 99, "current minus previous", windowed(2, lambda x, p: x - p)),
    Task("Abs_Diff", -100, 99, "|current minus previous|", windowed(2, lambda x, p: abs(x - p))),
    Task("Abs_Current", -100, 99, "|current|", whole(np.abs)),
    Task("Diff_Abs_Values", -100, 99, "|current| minus |previous|", windowed(2, lambda x, p: abs(x) - abs(p))),
    Task("Min_Seen", 0, 9, "minimum so far", whole(lambda x: np.minimum.accumulate(x, axis=1))),
    Task("Max_Seen", 0, 99, "maximum so far", whole(lambda x: np.maximum.accumulate(x, axis=1))),
)
MAJORITY = tuple(_majority(high) for high in (1, 2, 3))
DETECTORS = (
    Task("Evens_Detector", 0, 9, "1 if the current number is even", whole(lambda x: x % 2 == 0)),
    Task(
        "Perfect_Square_Detector",
        0,
        19,
        "1 if the current number is a perfect square",
        whole(lambda x: np.isin(x, np.arange(5) ** 2)),
    ),
    Task("Bit_Palindrome", 0, 1, "1 if the bits so far are a palindrome", palindromes, draw=draw_palindromes),
    Task("Balanced_Parenthesis", 0, 1, "0 opens, 1 closes; 1 if the prefix is balanced", stepwise(balanced, 0, 0)),
    Task("Parity_Bits_Mod2", 0, 1, "0, 1, 0, 1, ... whatever the input", whole(lambda x: (positions(x) - 1) % 2)),
    _alternating(3),
    _alternating(4),
    Task("Bit_Shift_Right", 0, 1, "the previous bit", lambda x: lagged(x, 1)),
    Task(
        "Bit_Dot_Prod_Mod2",
        0,
        1,
        "running dot product of two bit strings, mod 2",
        whole(lambda x: _total(x[..., 0] * x[..., 1]) % 2),
        channels=2,
    ),
)
DIVISION = tuple(_division(k) for k in (3, 5, 7))
MODULAR = tuple(_sum_mod(m) for m in range(3, 9))
PHYSICS = (
    Task("Dithering", 0, 15, "floor(S_t / 15) - floor(S_{t-1} / 15), S the running sum", whole(dither)),
    Task("Newton_Freebody", -10, 10, "position under a force: v += x; p += v", newton(0, 0)),
    Task("Newton_Gravity", -10, 10, "position under a force and gravity: v += x - 1; p += v", newton(-1, 0)),
    Task("Newton_Spring", -10, 10, "position under a force and a spring: v += x - p; p += v", newton(0, 1)),
    Task(
        "Newton_Magnetic",
        -10,
        10,
        "position in the plane: v = (vx + fx - vy, vy + fy + vx); p += v",
        stepwise(magnetic, 0, 0, 0, 0),
        channels=2,
        outputs=2,
    ),
)

RECURRENT: tuple[Task, ...] = (
    *ADDITION,
    *BITWISE,
    *PARITY,
    *SUMS,
    *LAGS,
    *VALUES,
    *MAJORITY,
    *DETECTORS,
    *DIVISION,
    *MODULAR,
    *PHYSICS,
)
"""All 62, in the order of the publication."""
