"""Trained feed-forward networks: `python bench/feedforward.py [FAMILY ...]` (docs/_measured/feedforward.md)."""

from __future__ import annotations

from _suite import RUNS, measured

BUDGETS = {
    "integer": "30s",
    "real": "30s",
    "boolean": "30s",
    "null": "30s",
    "outside": "30s",
    "formulas-mlp": "30s",
}

if __name__ == "__main__":
    measured("feedforward", BUDGETS, more=("--networks", str(RUNS / "bench-feedforward" / "networks")))
