"""The tables of `bench synthesis`: planted rules, where their inputs come from, and tables with nothing in them.

The lists are data: text for `Rule`, how many columns, their range, how many examples. They were fixed before the
methods were tuned.
"""

from __future__ import annotations

from typing import Any

from scrutable.bench._base import Case
from scrutable.bench._boolean import planted

INTEGERS: tuple[tuple[str, int, int, int, int], ...] = (
    # the rule, columns, lowest, highest, examples
    ("x0 + x2 if x0 > x1 else x2 - 1", 3, -20, 20, 64),
    ("max(x0, x1, x2)", 3, -20, 20, 64),
    ("max(x0, x1, x2, x3)", 4, -20, 20, 64),
    ("median(x0, x1, x2)", 3, -20, 20, 64),
    ("(x0 + 2 * x1) % 7", 3, -20, 20, 64),
    ("(x0 * x1 + x2) % 5", 3, 0, 20, 96),
    ("clip(x0, -5, 5)", 2, -20, 20, 96),
    ("clip(x0, x1, x1 + 6)", 3, -20, 20, 64),
    ("abs(x0 - x1)", 3, -20, 20, 64),
    ("abs(x0) + abs(x1 - 3)", 2, -20, 20, 96),
    ("3 * x0 - 2 * x1 + 7", 4, -50, 50, 64),
    ("x0 * x0 - 3 * x0 * x1 + x2", 3, -12, 12, 64),
    ("x0 * x1 * x2 - x1", 3, -9, 9, 64),
    ("x0 ** 3 - 2 * x0", 2, -12, 12, 64),
    ("x0 // 4 + x1", 3, -40, 40, 96),
    ("(x0 - x1) // 3", 2, -40, 40, 96),
    ("(x0 % 4) * x1", 2, -20, 20, 96),
    ("argmax(x0, x1, x2)", 3, -20, 20, 96),
    ("count(x0 > 3, x1 > 3, x2 > 3, x3 > 3)", 4, 0, 9, 128),
    ("x1 - x0 if x0 > 13 else x1 + 2", 2, -20, 20, 300),
    ("x0 if x2 == 3 else x1", 3, 0, 9, 128),
    ("x1 if x0 % 2 == 0 else x2 + 1", 3, -20, 20, 64),
    ("1 if x0 < x1 < x2 else 0", 3, 0, 9, 128),
    ("min(x0 + x1, x2 + x3)", 4, -20, 20, 96),
    ("max(x0, x1) - min(x0, x1, x2)", 3, -20, 20, 64),
    ("x0 + x1 - 24 if x0 + x1 >= 24 else x0 + x1", 2, 0, 23, 128),
    ("x0 // x1", 2, 1, 40, 128),
    ("2 if x0 > x1 + x2 else (1 if x0 == x1 + x2 else 0)", 3, 0, 12, 128),
    ("-x0 if x0 < 0 else 3 * x0 + x1", 2, -20, 20, 64),
    ("max(0, x0 - 8) + max(0, x1 + 2)", 2, -20, 20, 96),
    ("x0 * x0 + x1 * x1 + x2 * x2", 3, -20, 20, 64),
    ("(x0 + x1 + x2 + x3 + x4) % 2", 5, 0, 9, 96),
)

FIXED: tuple[tuple[str, int, tuple[str, ...], tuple[int, ...]], ...] = (
    # the rule, columns, operators, literals
    ("max(x0, x1)", 2, ("if", "le"), ()),
    ("max(x0, x1, x2)", 3, ("if", "le"), ()),
    ("max(x0, x1, x2, x3)", 4, ("if", "le"), ()),
    ("min(x0, x1, x2, x3)", 4, ("if", "le"), ()),
    ("median(x0, x1, x2)", 3, ("if", "le"), ()),
    ("abs(x0 - x1)", 2, ("if", "le", "sub"), (0,)),
    ("x0 + x2 if x0 > x1 else x2 - 1", 3, ("add", "sub", "if", "le"), (0, 1)),
)

BOOLEANS: tuple[tuple[str, int, int], ...] = (
    # kind, inputs, how many
    ("dnf", 5, 8),
    ("long dnf", 6, 3),
    ("read-once", 8, 3),
    ("parity", 5, 1),
    ("majority", 5, 1),
    ("threshold", 6, 3),
    ("symmetric", 5, 2),
    ("multiplexer", 3, 1),
    ("multiplexer", 6, 1),
    ("xor", 6, 3),
    ("conditional", 7, 3),
)

REALS: tuple[tuple[str, int, float, float], ...] = (
    # the rule, columns, lowest, highest; 300 examples
    ("3 * x0 - 0.5 * x1 + 2", 4, -5.0, 5.0),
    ("x0 ** 2 - 2 * x0 * x1 + 0.25", 2, -3.0, 3.0),
    ("2.5 * x0 ** 2 * x1", 3, 0.5, 4.0),
    ("x0 ** 3 - x0 + 4 * x1", 2, -3.0, 3.0),
    ("sin(x0) + x1 ** 2", 2, -3.0, 3.0),
    ("exp(x0) - 3 * x1", 2, -2.0, 2.0),
    ("sin(2 * x0) + exp(x1) + x2", 3, -2.0, 2.0),
    ("max(x0, 2 * x1)", 2, -3.0, 3.0),
    ("abs(x0 - 1.5) + x1", 2, -3.0, 3.0),
    ("x0 / (1 + x1)", 2, 1.0, 5.0),
    ("sqrt(x0 ** 2 + x1 ** 2)", 2, 0.5, 5.0),
    ("2 * x0 if x0 > 0.5 else x1 - 1", 2, -2.0, 2.0),
)
REAL_ROWS = 300

NOTHINGS: tuple[tuple[str, int, int, int], ...] = (
    # what, columns, examples, how many
    ("random integers", 3, 64, 3),
    ("random bits of integers", 3, 96, 2),
    ("random truth table", 5, 32, 3),
    ("random truth table", 7, 128, 3),
    ("random labels", 2, 100, 2),
    ("hash", 2, 100, 3),
    ("hash", 3, 200, 2),
    ("random reals", 3, 200, 2),
    ("random reals of integers", 2, 100, 1),
)


def planted_cases(seed: int) -> list[Case]:
    """Integer, fixed-grammar, Boolean and real tables."""
    found = [
        _case("integer", i, rule, seed, columns=[[low, high, "integer"]] * k, rows=rows)
        for i, (rule, k, low, high, rows) in enumerate(INTEGERS)
    ]
    found += [
        _case(
            "fixed grammar",
            i,
            rule,
            seed,
            columns=[[-20, 20, "integer"]] * k,
            rows=1000,
            grammar={"operators": list(operators), "constants": list(constants)},
        )
        for i, (rule, k, operators, constants) in enumerate(FIXED)
    ]
    functions = [(kind, n, seed + i) for kind, n, count in BOOLEANS for i in range(count)]
    found += [
        _case("boolean", i, planted(kind, n, draw), seed, columns=[[0, 1, "bit"]] * n, rows=0)
        for i, (kind, n, draw) in enumerate(functions)
    ]
    found += [
        _case("real", i, rule, seed, columns=[[low, high, "real"]] * k, rows=REAL_ROWS)
        for i, (rule, k, low, high) in enumerate(REALS)
    ]
    return found


def null_cases(seed: int) -> list[Case]:
    """Tables in which there is nothing to find."""
    drawn = [(what, k, rows) for what, k, rows, count in NOTHINGS for _ in range(count)]
    return [
        Case(f"null/{i:02}", "null", what, seed + i, {"null": what, "columns": k, "rows": rows})
        for i, (what, k, rows) in enumerate(drawn)
    ]


def _case(family: str, index: int, rule: str, seed: int, **settings: Any) -> Case:
    return Case(f"{family.replace(' ', '-')}/{index:02}", family, rule, seed, {"rule": rule, **settings})
