"""Symbolic regression by pyoperon, on its own: a question as JSON comes in, models as lists of nodes go out.

Each line of the answer is one model of the front of length against error: nodes in postfix order, each the name of its
type, its number of arguments, its value (a constant, or the factor of a variable) and the variable's place.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

import numpy as np


def main() -> None:
    """Fit until the time or the number of runs is used up, and print the front of every run."""
    question = json.load(sys.stdin)
    x, y = np.array(question["x"], dtype=float), np.array(question["y"], dtype=float)
    end = time.monotonic() + question["seconds"]
    for run in range(question["runs"]):
        left = end - time.monotonic()
        if left < 0.2:
            return
        for nodes in _front(x, y, question, run, left):
            print(json.dumps(nodes), flush=True)


def _front(x: np.ndarray, y: np.ndarray, question: dict[str, Any], run: int, seconds: float) -> list[list[Any]]:
    from pyoperon.sklearn import SymbolicRegressor

    objectives = ["r2"] if run % 2 == 0 else ["r2", "length"]
    model = SymbolicRegressor(
        allowed_symbols=question["symbols"],
        objectives=objectives,
        max_length=question["length"],
        population_size=question["population"],
        pool_size=question["population"],
        max_evaluations=question["evaluations"],
        optimizer_iterations=4,
        generations=10_000,
        n_threads=1,
        max_time=max(1, int(seconds)),
        random_state=question["seed"] + run,
    )
    model.fit(x, y)
    places = {variable.Hash: variable.Index for variable in import_module("pyoperon").Dataset(x).Variables}
    trees = [each["tree"] for each in model.pareto_front_]
    return [[_node(node, places) for node in tree.Nodes] for tree in trees]


def _node(node: Any, places: dict[int, int]) -> list[Any]:
    place = places[node.HashValue] if node.IsVariable else -1
    return [str(node.Type).rsplit(".", 1)[-1], int(node.Arity), float(node.Value), place]


if __name__ == "__main__":
    main()
