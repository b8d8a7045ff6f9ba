"""Networks that no method may be tuned on: other rules, ranges, widths and seeds than `_network_tasks.py`.

They are used for one thing, the number that is reported.
"""

from __future__ import annotations

from scrutable.bench._network_tasks import BIT, NUMBER, REAL, Task

SEED = 7_919
"""Added to the seed of every network here."""

OUTSIDE: tuple[Task, ...] = (
    Task("x0 - x1 if x2 > 4 else x0 + x1", 3, 0, 8, NUMBER, (40, 40)),
    Task("max(x0, x1 + 3)", 2, -7, 7, NUMBER, (24, 24)),
    Task("abs(x0 + x1 - 9)", 2, 0, 11, NUMBER, (40, 40)),
    Task("min(x0, x1) + min(x1, x2)", 3, 0, 7, NUMBER, (56, 56)),
    Task("(3 * x0 + x1) % 4", 2, 0, 11, "Category(4)", (64, 64)),
    Task("(x0 + x1 + x2) % 3", 3, 0, 6, "Category(3)", (64, 64), "tanh"),
    Task("x0 * (x1 - x2)", 3, 0, 5, NUMBER, (64, 64)),
    Task("x0 * x0 <= x1 + 5", 2, -6, 6, BIT, (32, 32)),
    Task("x0 < x1 and x2 > 2", 3, 0, 7, BIT, (24, 24)),
    Task("3 * x0 if x0 > x1 else x1 - 2", 2, -6, 6, NUMBER, (48, 48)),
    Task("x0 // 2 - x1", 2, 0, 13, NUMBER, (64, 64)),
    Task("argmax(x0 + 1, x1, x2)", 3, 0, 6, "Category(3)", (40, 40)),
    Task("count(x0 < x1, x1 < x2, x0 < x2)", 3, 0, 7, "Category(4)", (64, 64)),
    Task("clip(2 * x0 - x1, 0, 10)", 2, -5, 9, NUMBER, (40, 40)),
    Task("max(x0, -x1, 2)", 2, -3.0, 3.0, REAL, (40, 40)),
    Task("x0 ** 2 - x1 * x2", 3, -1.5, 1.5, REAL, (64, 64)),
    Task("abs(x0 + x1) - abs(x0 - x1)", 2, -2.0, 2.0, REAL, (40, 40)),
    Task("cos(x0) * x1", 2, -2.5, 2.5, REAL, (64, 64), "tanh"),
    Task("2.5 * x0 / x1", 2, 1.0, 5.0, REAL, (48, 48)),
    Task("exp(0.5 * x0) + x1", 2, -2.0, 2.0, REAL, (48, 48), "tanh"),
    Task("min(x0 * x1, 1)", 2, -2.0, 2.0, REAL, (64, 64)),
    Task("x0 if x0 > x1 else 2 * x1 - x0", 2, -3.0, 3.0, REAL, (32, 32)),
    Task("0.25 * x0 - 1.5 * abs(x1)", 3, -4.0, 4.0, REAL, (32, 32)),
    Task("sqrt(x0) + x1 ** 2", 2, 0.25, 2.25, REAL, (48, 48)),
)
