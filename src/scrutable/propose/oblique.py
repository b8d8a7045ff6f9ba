"""Trees whose questions are about sums of columns: `2 * radius + texture > 31`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Array, Let, Program, Var, residual_bits
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._cart import item_columns, whole_columns
from scrutable.propose._inputs import program_inputs
from scrutable.propose._oblique_material import material
from scrutable.propose._oblique_path import MOST_LEAVES, Step, path
from scrutable.propose._oblique_program import Columns, oblique_expression
from scrutable.propose._oblique_real import MOST_COLUMNS, real_trees
from scrutable.propose._oblique_tree import Rows, leaves, oblique_answers, terms
from scrutable.propose._queries import asked_once
from scrutable.work import Clock, flat_rows, generator

ROWS = 4096
FURTHER = 4096
"""Further inputs, over the whole domain, of the second attempt."""
FOLDS, FEW = 4, 1000
"""A quarter of the rows chooses between trees; of at most `FEW` rows each quarter in turn."""
WORTH_SAYING = 0.8
NUMBERS = ("Bits", "Integers", "Reals", "Columns", "Image")
SOURCES = (
    "Carreira-Perpinan, Tavallali, Alternating optimization of decision trees (NeurIPS 2018)",
    "Frommlet, Nuel, An adaptive ridge procedure for L0 regularization (2016)",
    "Breiman, Friedman, Olshen, Stone, Classification and regression trees (1984)",
    "Craven, Shavlik, Extracting tree-structured representations of trained networks (1996)",
)


@final
@dataclass(frozen=True, slots=True)
class ObliqueProposer(Proposer):
    """Trees of at most 16 leaves whose questions are about sparse sums of columns.

    Trees are fitted to the network's answers on three quarters of the rows and on points between neighbouring rows, at
    several prices for a coefficient, and compared on the remaining quarter; few rows are so divided four times. The
    shortest tree within one standard error of the best (axis-aligned trees compete) is fitted again to all rows and
    offered first; then the tree of the shortest description, and the best. All this is done once more with the further
    questions that `tree` asks about the rest of the domain, which together weigh as much as the rows. A tree claims to
    be exact when none of the answers contradicts it. Cost: about 30 Newton steps for each of at most 15 questions and 7
    prices, in either case.

    Trees for real outputs have a linear formula in every leaf; see `real_trees`.
    """

    name: str = "oblique"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if network.inputs.is_sequence or network.outputs.is_sequence:
            return "inputs or outputs are sequences"
        if network.inputs.kind not in NUMBERS:
            return "inputs are labels, which cannot be added up"
        if problem.outputs.ndim > 1:
            return "several outputs for each item"
        columns = flat_rows(problem.inputs).shape[1]
        if columns < 2:
            return "only one number to ask about"
        if len(problem.inputs) < 8:
            return "fewer than eight rows of data"
        if network.outputs.kind == "Reals":
            return f"more than {MOST_COLUMNS} inputs for real outputs" if columns > MOST_COLUMNS else None
        if not 2 <= len(np.unique(problem.outputs)) <= MOST_LEAVES:
            return f"the answers on the data are all the same, or more than {MOST_LEAVES} different ones"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        if problem.network.outputs.kind == "Reals":
            yield from real_trees(problem, _columns(problem))
            return
        asked = asked_once(problem)[0].astype(problem.inputs.dtype)
        some = asked[generator(problem.seed, "oblique", "further").permutation(len(asked))[:FURTHER]]
        said: set[Program] = set()
        for further, share in ((some[:0], 0.5), (some, 1.0)):
            for hypothesis in _offered(problem, further, problem.clock.part(share)):
                if hypothesis.program not in said:
                    said.add(hypothesis.program)
                    yield hypothesis


def _offered(problem: Problem, further: np.ndarray, clock: Clock) -> Iterator[Hypothesis]:
    """Trees fitted to the data and to `further` inputs `(m, ...)`; half of these, too, chooses between trees, and one
    division of the rows is then enough."""
    x = np.concatenate([problem.counter_inputs, problem.inputs])[:ROWS]
    y = np.concatenate([problem.counter_outputs, problem.outputs])[:ROWS]
    columns, labels = _columns(problem), np.unique(y)
    tried: dict[str, list[_Trial]] = {}
    folds = list(_folds(problem, len(x)))[: 1 if len(further) else FOLDS]
    for number, parts in enumerate(folds):
        fit, check = (material(problem, x[part], y[part], labels, further[half::2]) for half, part in enumerate(parts))
        for step in path(fit, seed=problem.seed, clock=clock.part(0.7 / (len(folds) - number))):
            tried.setdefault(step.setting, []).append(_trial(step, check.rows, problem, columns))
    wanted = _wanted({k: _together(v) for k, v in tried.items() if len(v) == len(folds)})
    if not wanted or clock.over:
        return
    everything = material(problem, x, y, labels, further)
    again = {s.setting: s for s in path(everything, seed=problem.seed, clock=clock)}
    yield from (_hypothesis(again[setting], problem, columns, x, y) for setting in wanted if setting in again)


def _folds(problem: Problem, n: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit to and rows that were held out: every row once where there are few, else one quarter."""
    order = generator(problem.seed, "oblique", "split").permutation(n)
    for fold in range(FOLDS if n <= FEW else 1):
        held = np.zeros(n, dtype=bool)
        held[order[fold::FOLDS]] = True
        yield np.flatnonzero(~held), np.flatnonzero(held)


def _columns(problem: Problem) -> Columns:
    inputs = program_inputs(problem.network.inputs)
    first = inputs[0]
    block = Var(first.name, first.type) if isinstance(first.type, Array) and len(first.type.shape) == 1 else None
    return Columns(tuple(item_columns(inputs)), whole_columns(inputs), block)


@dataclass(frozen=True, slots=True)
class _Trial:
    """How a tree did on rows that were held out: the weight it got right, of how much, of how many rows; and its bits,
    without and with those of its errors."""

    right: float
    weight: float
    rows: int
    bits: float
    total: float

    @property
    def fidelity(self) -> float:
        return self.right / self.weight

    @property
    def error(self) -> float:
        """The standard error of the fidelity."""
        return float(np.sqrt(self.fidelity * (1 - self.fidelity) / self.rows))


def _trial(step: Step, rows: Rows, problem: Problem, columns: Columns) -> _Trial:
    said = oblique_answers(step.tree, rows.x)
    bits = _program(step, problem, columns, np.arange(rows.labels)).bits
    rest = residual_bits(rows.y, said, alphabet=rows.labels)
    right, weight = float(rows.weight @ (said == rows.y)), float(rows.weight.sum())
    return _Trial(right, weight, len(rows), bits, bits + rest)


def _together(trials: list[_Trial]) -> _Trial:
    """Several folds as one: sums, and means of the bits."""
    right, weight, rows = (sum(getattr(t, name) for t in trials) for name in ("right", "weight", "rows"))
    bits, total = (float(np.mean([getattr(t, name) for t in trials])) for name in ("bits", "total"))
    return _Trial(right, weight, rows, bits, total)


def _wanted(tried: dict[str, _Trial]) -> list[str]:
    """The settings worth fitting to everything: that of the shortest program within one standard error of the best on
    rows that were held out (Breiman and others, 1984), that of the shortest description, and the best."""
    good = {setting: trial for setting, trial in tried.items() if trial.fidelity >= WORTH_SAYING}
    if not good:
        return []
    best = max(good, key=lambda s: good[s].fidelity)
    least = good[best].fidelity - good[best].error
    near = min((s for s in good if good[s].fidelity >= least), key=lambda s: good[s].bits)
    return list(dict.fromkeys((near, min(good, key=lambda s: good[s].total), best)))


def _program(step: Step, problem: Problem, columns: Columns, labels: np.ndarray) -> Program:
    inputs = program_inputs(problem.network.inputs)
    return Program("program", inputs, (Let("output", oblique_expression(step.tree, columns, labels)),), ("output",))


def _hypothesis(step: Step, problem: Problem, columns: Columns, x: np.ndarray, y: np.ndarray) -> Hypothesis:
    """The tree as a hypothesis, exact when neither a row nor a further answer of the network contradicts it."""
    labels, more = np.unique(y), asked_once(problem)
    said = [labels[oblique_answers(step.tree, flat_rows(each).astype(np.float64))] for each in (x, more[0])]
    exact = bool((said[0] == y).all()) and bool((said[1] == more[1]).all())
    settings = {
        "leaves": leaves(step.tree),
        "coefficients": terms(step.tree),
        "setting": step.setting,
        "mode": "exact" if exact else "approximate",
    }
    program = _program(step, problem, columns, labels)
    return Hypothesis(program, Alignment(), Provenance("oblique", settings, problem.seed, SOURCES))
