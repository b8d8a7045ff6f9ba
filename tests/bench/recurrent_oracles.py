"""Slow answers for the 62 recurrent tasks, one word at a time: what the last output is after the whole word.

Written from the descriptions, in plain Python, with nothing of the NumPy functions in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

Prefix = list[Any]
Oracle = Callable[[Prefix], Any]


def number(digits: list[int], base: int) -> int:
    """Least significant digit first."""
    return sum(d * base**i for i, d in enumerate(digits))


def addition(base: int) -> Oracle:
    def last(p: Prefix) -> int:
        total = number([a for a, _ in p], base) + number([b for _, b in p], base)
        return total // base ** (len(p) - 1) % base

    return last


def division(k: int) -> Oracle:
    return lambda p: int("".join(map(str, p)), 2) // k & 1


def majority(p: Prefix) -> int:
    counts = Counter(p)
    return min(counts, key=lambda value: (-counts[value], value))


def balanced(p: Prefix) -> int:
    text = "".join("()"[bit] for bit in p)
    while "()" in text:
        text = text.replace("()", "")
    return int(text == "")


def back(k: int) -> Oracle:
    return lambda p: p[-1 - k] if len(p) > k else 0


def alternating(k: int) -> Oracle:
    return lambda p: int("".join(map(str, ([0] * k + p)[-k:])) in ("0101"[:k], "1010"[:k]))


def freebody(force: int) -> Oracle:
    """The position is the sum of the forces times the steps they have acted."""
    return lambda p: sum((x + force) * (len(p) - i) for i, x in enumerate(p))


def spring(p: Prefix) -> int:
    place, before = 0, 0
    for x in p:  # p_t - 2 p_{t-1} + p_{t-2} = x_t - p_{t-1}
        place, before = place - before + x, place
    return place


def magnetic(p: Prefix) -> tuple[int, int]:
    place, speed = 0j, 0j
    for fx, fy in p:
        speed = speed * (1 + 1j) + complex(fx, fy)
        place += speed
    return round(place.real), round(place.imag)


ORACLES: dict[str, Oracle] = {
    "Binary_Addition": addition(2),
    **{f"Base_{b}_Addition": addition(b) for b in range(3, 8)},
    "Bitwise_Xor": lambda p: int(p[-1][0] != p[-1][1]),
    "Bitwise_Or": lambda p: max(p[-1]),
    "Bitwise_And": lambda p: min(p[-1]),
    "Bitwise_Not": lambda p: int(not p[-1]),
    **{f"Parity_Last{k}": lambda p, k=k: p[-k:].count(1) & 1 for k in (2, 3, 4)},
    "Parity_All": lambda p: p.count(1) & 1,
    "Parity_Zeros": lambda p: p.count(0) & 1,
    "Evens_Counter": lambda p: len([x for x in p if x in (0, 2, 4, 6, 8)]),
    "Sum_All": sum,
    **{f"Sum_Last{k}": lambda p, k=k: sum(p[-k:]) for k in range(2, 8)},
    "Current_Number": back(0),
    **{f"Prev{k}": back(k) for k in range(1, 6)},
    "Previous_Equals_Current": lambda p: int(([0, *p])[-2] == p[-1]),
    "Diff_Last2": lambda p: p[-1] - back(1)(p),
    "Abs_Diff": lambda p: max(p[-1], back(1)(p)) - min(p[-1], back(1)(p)),
    "Abs_Current": lambda p: max(p[-1], -p[-1]),
    "Diff_Abs_Values": lambda p: max(p[-1], -p[-1]) - max(back(1)(p), -back(1)(p)),
    "Min_Seen": min,
    "Max_Seen": max,
    **{f"Majority_0_{k}": majority for k in (1, 2, 3)},
    "Evens_Detector": lambda p: int(p[-1] in (0, 2, 4, 6, 8)),
    "Perfect_Square_Detector": lambda p: int(p[-1] in (0, 1, 4, 9, 16)),
    "Bit_Palindrome": lambda p: int(p == list(reversed(p))),
    "Balanced_Parenthesis": balanced,
    "Parity_Bits_Mod2": lambda p: int(len(p) in range(2, 99, 2)),
    "Alternating_Last3": alternating(3),
    "Alternating_Last4": alternating(4),
    "Bit_Shift_Right": back(1),
    "Bit_Dot_Prod_Mod2": lambda p: p.count((1, 1)) & 1,
    **{f"Div_{k}": division(k) for k in (3, 5, 7)},
    **{f"Add_Mod_{k}": lambda p, k=k: sum(p) % k for k in range(3, 9)},
    "Dithering": lambda p: sum(p) // 15 - sum(p[:-1]) // 15,
    "Newton_Freebody": freebody(0),
    "Newton_Gravity": freebody(-1),
    "Newton_Spring": spring,
    "Newton_Magnetic": magnetic,
}
