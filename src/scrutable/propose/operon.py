"""Symbolic regression by pyoperon, as an optional back end: formulas for networks with real outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Expr, Let, Program, Var, expr_bits
from scrutable.propose._backends._gathered import gathered
from scrutable.propose._backends._operon_tree import SYMBOLS, expression
from scrutable.propose._backends._process import answers, missing
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._claims import Bounds, claimed
from scrutable.propose._inputs import is_block, leaf_columns, program_inputs
from scrutable.synthesis import INDEPENDENT, Found, Table
from scrutable.synthesis.constants import differentiable, holes, snap
from scrutable.work import Clock, flat_rows, generator

SOURCES = ("Burlacu, Kronberger, Kommenda, Operon C++: an efficient genetic programming framework (2020)",)
MOST_COLUMNS = 8
ROWS = 1000
RUNS, EVALUATIONS, LENGTH = 8, 40_000, 30
POPULATION = 400
MOST_HOLES = 8
SNAPPED = 16
OFFERED = 6
SHARE = 0.6
"""Of the time goes to the regression; the rest to writing its constants shortly and to measuring."""


@final
@dataclass(frozen=True, slots=True)
class Operon(Proposer):
    """Genetic programming on the network's answers, by the package pyoperon, in a process of its own.

    Models of its front of length against error are read into the program language, their constants fitted again in
    double precision and written as shortly as the data allow. What a program claims is measured on the data, fresh
    inputs and a climb towards the largest difference. Needs `pip install scrutable[operon]`; not one of `PROPOSERS`.

    References: see `SOURCES`.
    """

    name: str = "operon"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if network.inputs.is_sequence or network.outputs.is_sequence:
            return "inputs or outputs are sequences"
        if is_block(network.inputs) or len(network.inputs.variables) > MOST_COLUMNS:
            return f"more than {MOST_COLUMNS} inputs"
        if network.inputs.classes is not None:
            return "the inputs are labels"
        if network.outputs.kind != "Reals":
            return "the outputs are not real numbers"
        if int(np.prod(problem.outputs.shape[1:])) > 1:
            return "more than one output"
        if len(problem.inputs) < 2 or not np.isfinite(problem.outputs).all():
            return "fewer than two rows, or outputs that are not finite"
        return missing("pyoperon")

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        if problem.clock.over:
            return
        inputs = program_inputs(problem.network.inputs)
        table = _table(problem)
        found = _snapped(table, [Var(each.name, each.type) for each in inputs], problem.clock)
        for offered, each in enumerate(found):
            if problem.clock.over or offered >= OFFERED:
                return
            hypothesis = _hypothesis(problem, each)
            if hypothesis is not None:
                yield hypothesis


def _table(problem: Problem) -> Table:
    x = np.concatenate([problem.counter_inputs, problem.inputs])
    y = np.concatenate([problem.counter_outputs, problem.outputs])
    columns = leaf_columns(problem.network.inputs, x[:ROWS])
    target = np.asarray(y[:ROWS], dtype=np.float64).reshape(-1)
    reals = {name: column.astype(np.float64) for name, column in columns.items()}
    return Table(reals, target, independent=INDEPENDENT, seed=problem.seed)


def _snapped(table: Table, variables: list[Var], clock: Clock) -> list[Found]:
    """Models with short constants, those of the least total description first."""
    question = {
        "x": np.stack(list(table.columns.values()), axis=1).tolist(),
        "y": table.target.tolist(),
        "symbols": SYMBOLS,
        "length": LENGTH,
        "population": POPULATION,
        "evaluations": EVALUATIONS,
        "runs": RUNS,
        "seed": table.seed % 2**31,
        "seconds": SHARE * clock.left,
    }
    read = (expression(nodes, variables) for nodes in answers("operon_worker", question, seconds=question["seconds"]))
    models = list(dict.fromkeys(each for each in map(_tidied, read) if each is not None))
    found: list[Found] = []
    for model in sorted(models, key=lambda expr: _rough(expr, table))[:SNAPPED]:
        if clock.over:
            break
        with np.errstate(all="ignore"):
            found.append(_shortened(model, table))
    finite = {each.expr: each for each in found if np.isfinite(each.total)}
    return sorted(finite.values(), key=lambda each: (each.total, str(each.expr)))


def _tidied(expr: Expr | None) -> Expr | None:
    """A model with its numbers gathered, None where too many of them are left to fit."""
    if expr is None:
        return None
    try:
        expr = gathered(expr)
    except (OverflowError, ZeroDivisionError):
        return None
    return expr if differentiable(expr) and len(holes(expr)) <= MOST_HOLES else None


def _shortened(model: Expr, table: Table) -> Found:
    """Constants fitted and snapped, and once more where that let numbers cancel."""
    found = snap(model, table)
    again = _tidied(found.expr)
    if again is None or again == found.expr:
        return found
    return min(found, snap(again, table), key=lambda each: each.total)


def _rough(expr: Expr, table: Table) -> float:
    """The description length with constants of a few digits."""
    from scrutable.synthesis import misfit_bits
    from scrutable.synthesis.constants import evaluated, filled

    with np.errstate(all="ignore"):
        said = evaluated(expr, table.columns)
    ones = filled(expr, [1.0] * len(holes(expr)))
    return expr_bits(ones, len(table.columns)) + 16.0 * len(holes(expr)) + misfit_bits(table, said)


def _hypothesis(problem: Problem, found: Found) -> Hypothesis | None:
    inputs = program_inputs(problem.network.inputs)
    name = "output" if "output" not in {each.name for each in inputs} else "output_"
    try:
        program = Program("program", inputs, (Let(name, found.expr),), (name,))
    except UserError:
        return None
    data = flat_rows(np.concatenate([problem.counter_inputs, problem.inputs])[:ROWS]).astype(np.float64)
    claim = claimed(
        program,
        problem.network,
        data,
        bounds=Bounds.of(problem.network, data),
        spread=float(np.std(problem.outputs.astype(np.float64))),
        rng=generator(problem.seed, "operon", "claims"),
    )
    if claim is None:
        return None
    settings = {"runs": RUNS, "evaluations": EVALUATIONS, "length": LENGTH}
    if not claim.exact:
        settings |= {"mode": "approximate"}
    provenance = Provenance("operon", settings, problem.seed, SOURCES)
    return Hypothesis(program, Alignment(), provenance, within=claim.within)
