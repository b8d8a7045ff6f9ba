"""Whether a program is a short one: it must beat a lookup table, and say no more than a linear fit would."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scrutable.explain._screen import Sight, residual_of
from scrutable.hypothesis import Hypothesis
from scrutable.program import Let, Program, Var, expr_bits
from scrutable.synthesis import INDEPENDENT, Table, misfit_bits
from scrutable.synthesis import nulls as nulls_of
from scrutable.verify import TOLERANCE, Sample, answers_to
from scrutable.work import Memo, flat_rows

TIE = 1e-6
WHOLE = 2**14
"""Input domains of at most this many items are priced as a whole."""
EXACT_NULLS = ("lookup", "linear")
"""The nulls for whole answers. A constant or a tree with every exception written down is a table without its keys: on a
domain of a few dozen items nothing is shorter, the right formula included. The shuffled control judges there."""


def beaten_by(hypothesis: Hypothesis, sight: Sight, memo: Memo) -> str | None:
    """The null description that is as short as the program, residuals included; None if none is.

    Both are priced on the whole input domain when it is small, else on the search split. Networks on sequences, and
    those with several outputs, have no such nulls yet and are never beaten.
    """
    priced: tuple[Sample, Table] | None = memo.get("priced rows", lambda: _priced(sight))
    if priced is None:
        return None
    sample, table = priced
    totals: Mapping[str, float] = memo.get("null descriptions", lambda: nulls_of(table))
    total = _overhead(hypothesis.program) + _total(hypothesis, sample, table, sight)
    for name in totals if table.real else EXACT_NULLS:
        if total > totals[name] + TIE or (name == "lookup" and total > totals[name] - TIE):
            return name
    return None


def _priced(sight: Sight) -> tuple[Sample, Table] | None:
    """Rows to price descriptions on, also as a table; None where a row is no plain list of numbers with one answer."""
    network = sight.network
    if network.inputs.is_sequence or sight.sample.outputs.ndim != 1:
        return None
    sample = sight.sample
    if network.inputs.size is not None and network.inputs.size <= WHOLE:
        inputs = network.inputs.enumerate()
        sample = Sample(inputs, network.predict(inputs))
    flat = flat_rows(sample.inputs)
    columns = {f"x{i}": np.ascontiguousarray(flat[:, i]) for i in range(flat.shape[1])}
    return sample, Table(columns, sample.outputs, independent=INDEPENDENT, resolution=TOLERANCE, seed=sight.seed)


def _total(hypothesis: Hypothesis, sample: Sample, table: Table, sight: Sight) -> float:
    answers, valid = answers_to(hypothesis.program, sample.inputs)
    if answers is None or not valid.all():
        return float("inf")
    if not table.real:
        return hypothesis.program.bits + residual_of(sight.network, answers, sample.outputs)
    return hypothesis.program.bits + misfit_bits(table, np.broadcast_to(answers, table.target.shape))


def _overhead(program: Program) -> float:
    """Minus what a program of one statement costs beyond its expression, since null descriptions are expressions."""
    first = program.inputs[0]
    plain = Program("program", program.inputs, (Let("output", Var(first.name, first.type)),), ("output",))
    return expr_bits(Var(first.name, first.type), len(program.inputs)) - plain.bits
