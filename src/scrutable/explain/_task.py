"""Labels a person brings: how often network and program give them. Reported apart, and no part of any verdict."""

from __future__ import annotations

import numpy as np

from scrutable.hypothesis import Result, wilson
from scrutable.network import Network
from scrutable.verify import agrees


def task_results(network: Network, answers: np.ndarray, outputs: np.ndarray, labels: np.ndarray) -> tuple[Result, ...]:
    """How often the network's `outputs` and the program's `answers` equal `labels`, all `(n, ...)`, row by row."""
    return tuple(
        _against(network, name, who, given, labels)
        for name, who, given in (("task.network", "the network", outputs), ("task.program", "the program", answers))
    )


def _against(network: Network, name: str, who: str, given: np.ndarray, labels: np.ndarray) -> Result:
    right = agrees(network.outputs, given, labels)
    n, count = len(right), int(right.sum())
    return Result(
        name=name,
        kind="task",
        status="pass" if count == n else "fail",
        value=count / n,
        n=n,
        interval=wilson(count, n),
        method="share of inputs whose outputs all equal the labels given; Wilson interval",
        reason=f"{who} gives the labels on {count} of {n} inputs; this says nothing about how the network works",
    )
