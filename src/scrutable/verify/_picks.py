"""Where a program asks for more than it can have been read from: keys picked together that no input brings together.

`pick` takes the first of several selected keys. Where inputs never select several with different values, a network may
do anything with several, and an intervention that selects them tests no claim.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scrutable.program import Call, Let, Program, Setting, walk


def ambiguous(program: Program, x: np.ndarray, set: Mapping[str, Setting]) -> np.ndarray:  # noqa: A002 - as in `run`
    """For each `pick` outside loops and each input, whether some query selects keys of different values: `(picks, n)`.

    Cost: one run of the program.
    """
    picks = [
        node
        for statement in program.statements
        if isinstance(statement, Let)
        for node in walk(statement.expr)
        if isinstance(node, Call) and node.op == "pick"
    ]
    if not picks:
        return np.zeros((0, len(x)), bool)
    names = [(f"selected_for_pick_{at}", f"values_for_pick_{at}") for at in range(len(picks))]
    parts = tuple(
        Let(name, arg)
        for pair, pick in zip(names, picks, strict=True)
        for name, arg in zip(pair, pick.args, strict=True)
    )
    probe = Program(program.name, program.inputs, (*program.statements, *parts), program.outputs)
    run = probe.run(x, set=set)
    return np.array([_differ(run[selected], np.asarray(run[values], float)) for selected, values in names])


def _differ(selected: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Whether a query selects different values, `(n,)`."""
    values = values[:, None, :] if values.ndim == 2 else values[:, None, None]
    least, most = np.where(selected, values, np.inf).min(-1), np.where(selected, values, -np.inf).max(-1)
    return (least < most).any(-1)
