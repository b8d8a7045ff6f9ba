"""The networks of `bench feedforward`: what they are trained on. Fixed before any method was tuned on them.

Rules are text for `Rule`; columns share a range; outputs are domains as text. The tasks outside this list, which no
method may be tuned on, are in `_network_outside.py`.
"""

from __future__ import annotations

from typing import NamedTuple


class Task(NamedTuple):
    """One planted function to train a network on."""

    rule: str
    columns: int
    low: float
    high: float
    outputs: str
    hidden: tuple[int, ...] = (48, 48)
    activation: str = "relu"


NUMBER, BIT, REAL = "Integers()", "Bits(threshold=0.0)", "Reals()"

INTEGERS: tuple[Task, ...] = (
    Task("x0 + x2 if x0 > x1 else x2 - 1", 3, 0, 7, NUMBER),
    Task("max(x0, x1, x2)", 3, 0, 9, NUMBER),
    Task("abs(x0 - x1)", 2, 0, 15, NUMBER, (32, 32)),
    Task("min(x0, x1 + x2)", 3, 0, 7, NUMBER, (32, 32)),
    Task("(x0 + 2 * x1) % 7", 2, 0, 13, "Category(7)", (64, 64)),
    Task("(x0 + x1) % 5", 2, 0, 12, "Category(5)", (64, 64)),
    Task("x0 * x1", 2, 0, 9, NUMBER),
    Task("x0 * x1 + x2", 3, 0, 6, NUMBER),
    Task("x0 > x1", 2, 0, 15, BIT, (16, 16)),
    Task("x0 + x1 > 2 * x2", 3, 0, 9, BIT, (32, 32)),
    Task("median(x0, x1, x2)", 3, 0, 8, NUMBER),
    Task("clip(x0 - x1, -3, 3)", 2, -8, 8, NUMBER, (32, 32)),
    Task("max(x1, min(x0, x1 + 4))", 2, 0, 12, NUMBER),
    Task("argmax(x0, x1, x2)", 3, 0, 7, "Category(3)"),
    Task("count(x0 > 4, x1 > 4, x2 > 4)", 3, 0, 9, "Category(4)"),
    Task("x0 // 3 + x1", 2, 0, 15, NUMBER, (64, 64)),
    Task("x0 if x1 == 2 else x2", 3, 0, 5, NUMBER),
    Task("3 * x0 - 2 * x1 + 5", 2, -9, 9, NUMBER, (16,)),
    Task("x0 * x0 - x1", 2, -6, 6, NUMBER),
    Task("max(x0, x1) - min(x0, x1) + x2", 3, 0, 7, NUMBER),
    Task("(x0 * x1) % 3", 2, 0, 8, "Category(3)", (64, 64)),
    Task("-x0 if x0 < 0 else 2 * x0", 2, -10, 10, NUMBER, (32, 32)),
    Task("x0 == x1 or x1 == x2", 3, 0, 6, BIT, (64, 64)),
    Task("abs(x0) + abs(x1)", 2, -8, 8, NUMBER, (32, 32)),
    Task("x1 + max(x0, x2)", 3, 0, 9, NUMBER),
    Task("2 * min(x0, x1) + (x2 > 3)", 3, 0, 7, NUMBER),
    Task("x0 <= x1 <= x2", 3, 0, 8, BIT),
    Task("2 if x0 > x1 + x2 else (1 if x0 == x1 + x2 else 0)", 3, 0, 7, "Category(3)", (64, 64)),
    Task("x0 if x0 % 2 == 0 else x1", 2, 0, 9, NUMBER, (64, 64)),
    Task("x0 + x1 - 12 if x0 + x1 >= 12 else x0 + x1", 2, 0, 11, "Category(12)", (64, 64), "tanh"),
)

REALS: tuple[Task, ...] = (
    Task("x0 * x1", 2, -2.0, 2.0, REAL),
    Task("max(x0, x1)", 2, -2.0, 2.0, REAL, (32, 32)),
    Task("abs(x0 - 2 * x1)", 2, -2.0, 2.0, REAL, (32, 32)),
    Task("min(x0, x1, x2)", 3, -3.0, 3.0, REAL),
    Task("3 * x0 - 0.5 * x1 + 2", 2, -4.0, 4.0, REAL, (16,)),
    Task("x0 ** 2 + x1 ** 2", 2, -2.0, 2.0, REAL),
    Task("x0 * x1 + x2", 3, -2.0, 2.0, REAL, (64, 64)),
    Task("2 * x0 if x0 > 0 else 0.5 * x0", 2, -3.0, 3.0, REAL, (16, 16)),
    Task("clip(x0 + x1, -1, 1)", 2, -2.0, 2.0, REAL, (32, 32)),
    Task("sin(x0) + x1", 2, -3.0, 3.0, REAL),
    Task("exp(-x0 ** 2)", 2, -2.0, 2.0, REAL, (48, 48), "tanh"),
    Task("x0 / (1 + x1)", 2, 1.0, 4.0, REAL),
    Task("sqrt(x0 ** 2 + x1 ** 2)", 2, 0.5, 3.0, REAL),
    Task("x0 ** 3 - x0", 2, -2.0, 2.0, REAL, (64, 64)),
    Task("max(0, x0 - 1) + max(0, -x1 - 0.5)", 2, -2.0, 2.0, REAL, (32, 32)),
    Task("abs(x0) + abs(x1) + abs(x2)", 3, -1.0, 1.0, REAL),
    Task("median(x0, x1, x2)", 3, -2.0, 2.0, REAL, (64, 64)),
    Task("x0 * x1 * x2", 3, -1.5, 1.5, REAL, (64, 64)),
    Task("x0 * max(x1, 0)", 2, -2.0, 2.0, REAL),
    Task("1.5 * max(x0, x1) - min(x1, x2)", 3, -2.0, 2.0, REAL, (64, 64)),
    Task("log(x0) * x1", 2, 1.0, 6.0, REAL, (48, 48), "tanh"),
    Task("x0 * sin(x1)", 2, -2.0, 2.0, REAL, (64, 64), "tanh"),
    Task("0.3 * x0 + 0.7 * x1 ** 2", 3, -2.0, 2.0, REAL),
    Task("max(x0 + x1, 2 * x0 - x1, 1)", 2, -2.0, 2.0, REAL),
)

BOOLEANS: tuple[tuple[str, int], ...] = (
    # kind of function, inputs
    *(("read-once", n) for n in (3, 4, 5, 6, 7, 8, 9, 10, 10)),
    *(("dnf", n) for n in (4, 5, 5, 5, 6, 6, 7)),
    *(("long dnf", n) for n in (6, 7, 8)),
    *(("threshold", n) for n in (4, 5, 6, 7, 8, 9)),
    *(("symmetric", n) for n in (4, 5, 6, 7, 8)),
    *(("majority", n) for n in (3, 5, 7)),
    *(("parity", n) for n in (3, 4, 5, 6)),
    *(("multiplexer", n) for n in (3, 6)),
    *(("xor", n) for n in (4, 5, 6, 8)),
    *(("conditional", n) for n in (5, 6, 7, 9, 10)),
)

NULLS: tuple[tuple[str, int, str, int], ...] = (
    # what the network is, inputs, outputs, how many
    ("untrained, whole numbers", 3, "Category(4)", 4),
    ("untrained, whole numbers", 2, "Integers()", 3),
    ("untrained, bits", 8, BIT, 4),
    ("untrained, reals", 3, REAL, 4),
    ("random bits, memorised", 7, BIT, 3),
    ("random labels, memorised", 2, "Category(4)", 3),
    ("hash, memorised", 2, "Category(8)", 3),
)
