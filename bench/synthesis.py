"""Synthesis from pure tables: `python bench/synthesis.py [FAMILY ...]` writes docs/_measured/synthesis.md."""

from __future__ import annotations

from _suite import measured

BUDGETS = {
    "integer": "20s",
    "fixed grammar": "20s",
    "boolean": "20s",
    "real": "20s",
    "null": "20s",
    "formulas, noise 0": "15s",
    "formulas, noise 0.001": "15s",
    "formulas, noise 0.01": "15s",
}

if __name__ == "__main__":
    measured("synthesis", BUDGETS)
