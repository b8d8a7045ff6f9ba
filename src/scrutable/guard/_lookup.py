"""The worry that remembering the most frequent inputs would do."""

from __future__ import annotations

import math

import numpy as np

from scrutable.guard._base import Guard, GuardCase
from scrutable.guard._baseline import share_right, skill
from scrutable.hypothesis import Result, silent, wilson
from scrutable.program import operator
from scrutable.work import flat_rows

OVERHEAD = 2.0


class Lookup(Guard):
    """A table of the most frequent inputs, of no more bits than the program, must do worse on rows kept back.

    A row costs the bits of its input and output, the table those of its operator, its inputs and its default (the
    most frequent output). When program and network were compared on every input there is, remembering is no worry.
    """

    name = "guard.lookup"

    def apply(self, case: GuardCase) -> Result:
        """See `Guard.apply`. Cost: none to speak of."""
        if any(r.kind == "exhaustive" and r.passed for r in case.evidence):
            return silent(self.name, "guard", "program and network are equal on every input")
        base = share_right(_table(case, rows=0), case.test.outputs)
        rows = affordable_rows(case)
        share = share_right(_table(case, rows=rows), case.test.outputs)
        scores = case.score(case.network, case.hypothesis, case.test.inputs, case.test.outputs, seed=case.seed)
        if skill(1.0, base) == 0.0:
            return silent(self.name, "guard", "the network's outputs are as good as constant: a table needs no rows")
        better = scores.agreement > share
        n = len(case.test.outputs)
        return Result(
            name=self.name,
            kind="guard",
            status="pass" if better else "fail",
            value=share,
            n=n,
            interval=wilson(round(share * n), n),
            method=f"agreement on rows kept back of a table of {rows} rows; Wilson interval",
            reason=f"a table of {rows} rows, no dearer than the program, agrees on {share:.1%}, "
            f"the program on {scores.agreement:.1%}",
            details=(("rows", rows), ("program", scores.agreement), ("default alone", base)),
        )


def affordable_rows(case: GuardCase) -> int:
    """How many rows of a table the program's bits would pay for."""
    inputs, outputs = case.find.inputs, case.find.outputs
    row = _entry_bits(inputs) + _entry_bits(outputs)
    left = case.hypothesis.program.bits - operator("table").bits - OVERHEAD * len(case.hypothesis.program.inputs)
    return max(0, int((left - _entry_bits(outputs)) / max(row, 1.0)))


def _entry_bits(values: np.ndarray) -> float:
    """The bits to write one row down, each number at the cost of one of those that occur."""
    entries = int(np.prod(values.shape[1:]))
    return entries * math.log2(max(2, len(np.unique(values))))


def _table(case: GuardCase, *, rows: int) -> np.ndarray:
    """What the table says on the test rows."""
    flat = np.ascontiguousarray(flat_rows(case.find.inputs))
    outputs, wanted = case.find.outputs, flat_rows(case.test.inputs)
    kinds, counts = np.unique(flat_rows(outputs), axis=0, return_counts=True)
    default = kinds[counts.argmax()]
    keys, first, often = np.unique(flat, axis=0, return_index=True, return_counts=True)
    chosen = np.argsort(-often, kind="stable")[:rows]
    table = {keys[i].tobytes(): outputs[first[i]].reshape(-1) for i in chosen}
    said = np.tile(default, (len(wanted), 1))
    for place, row in enumerate(np.ascontiguousarray(wanted.astype(flat.dtype))):
        said[place] = table.get(row.tobytes(), default)
    return said.reshape(case.test.outputs.shape)
