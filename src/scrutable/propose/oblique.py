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
from scrutable.propose._oblique_growth import Ground
from scrutable.propose._oblique_path import MOST_LEAVES, Material, Step, path
from scrutable.propose._oblique_program import Columns, oblique_expression
from scrutable.propose._oblique_tree import Rows, leaves, oblique_answers, terms
from scrutable.propose._queries import between, inside
from scrutable.work import flat_rows, generator

ROWS = 4096
QUERIES, PER_ROW = 2048, 4
FOLDS, FEW = 4, 1000
"""A quarter of the rows chooses between trees; of at most `FEW` rows each quarter in turn."""
WORTH_SAYING = 0.8
SLOPE_ROWS = 64
MOST_SLOPES = 8192
NUMBERS = ("Bits", "Integers", "Reals", "Columns", "Image")
SOURCES = (
    "Carreira-Perpinan, Tavallali, Alternating optimization of decision trees (NeurIPS 2018)",
    "Frommlet, Nuel, An adaptive ridge procedure for L0 regularization (2016)",
    "Breiman, Friedman, Olshen, Stone, Classification and regression trees (1984)",
)


@final
@dataclass(frozen=True, slots=True)
class ObliqueProposer(Proposer):
    """Trees of at most 16 leaves whose questions are about sparse sums of columns.

    Trees are fitted to the network's answers on three quarters of the rows and on points between neighbouring rows, at
    several prices for a coefficient, and compared on the remaining quarter; few rows are so divided four times. The
    shortest tree within one standard error of the best (axis-aligned trees compete) is fitted again to all rows and
    offered first; then the tree of the shortest description, and the best. Cost: about 30 Newton steps for each of at
    most 15 questions and 7 prices.
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
        if network.outputs.kind == "Reals":
            return "outputs are real numbers, not labels"
        if flat_rows(problem.inputs).shape[1] < 2:
            return "only one number to ask about"
        if len(problem.inputs) < 8:
            return "fewer than eight rows of data"
        if not 2 <= len(np.unique(problem.outputs)) <= MOST_LEAVES:
            return f"the answers on the data are all the same, or more than {MOST_LEAVES} different ones"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        x = np.concatenate([problem.counter_inputs, problem.inputs])[:ROWS]
        y = np.concatenate([problem.counter_outputs, problem.outputs])[:ROWS]
        columns, labels = _columns(problem), np.unique(y)
        tried: dict[str, list[_Trial]] = {}
        folds = list(_folds(problem, len(x)))
        for number, (fitting, held) in enumerate(folds):
            fit, check = (_material(problem, x[part], y[part], labels) for part in (fitting, held))
            clock = problem.clock.part(0.7 / (len(folds) - number))
            for step in path(fit, seed=problem.seed, clock=clock):
                tried.setdefault(step.setting, []).append(_trial(step, check.rows, problem, columns))
        wanted = _wanted({k: _together(v) for k, v in tried.items() if len(v) == len(folds)})
        if not wanted or problem.clock.over:
            return
        everything = _material(problem, x, y, labels)
        again = {s.setting: s for s in path(everything, seed=problem.seed, clock=problem.clock)}
        said: set[Program] = set()
        for setting in (setting for setting in wanted if setting in again):
            hypothesis = _hypothesis(again[setting], problem, columns, x, y)
            if hypothesis.program not in said:
                said.add(hypothesis.program)
                yield hypothesis


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


def _material(problem: Problem, x: np.ndarray, y: np.ndarray, labels: np.ndarray) -> Material:
    """Rows and questions between them, which together weigh as much as the rows."""
    rng = generator(problem.seed, "oblique", "between", len(x))
    more = inside(problem, between(x, min(QUERIES, PER_ROW * len(x)), rng)) if len(x) > 1 else x[:0]
    raw = problem.network.raw(np.concatenate([x, more]))
    answers = problem.network.outputs.decode(raw[len(x) :])
    known = np.isin(answers, labels)
    chosen = np.concatenate([np.ones(len(x), dtype=bool), known])
    every = np.concatenate([x, more])[chosen]
    weight = np.concatenate([np.ones(len(x)), np.full(int(known.sum()), len(x) / max(int(known.sum()), 1))])
    place = np.searchsorted(labels, np.concatenate([y, answers])[chosen])
    rows = Rows(flat_rows(every).astype(np.float64), place, weight, len(labels))
    scores = flat_rows(raw.reshape(len(raw), -1)[chosen]).astype(np.float64)
    return Material(rows, Ground(scores, *_slopes(problem, every, rng)))


def _slopes(problem: Problem, x: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the scores at some rows in units of each column's spread, by differences `(m, k)`, and which rows
    they belong to; none where columns are whole or very many."""
    flat = flat_rows(x).astype(np.float64)
    k, unit = flat.shape[1], flat.std(axis=0)
    count = min(SLOPE_ROWS, MOST_SLOPES // k, len(flat))
    if count < 2 or any(r.whole for r in problem.network.inputs.ranges):
        return np.empty((0, k)), np.empty(0, dtype=np.int64)
    at = rng.permutation(len(flat))[:count]
    moved = flat[at, None] + 0.05 * np.diag(unit)
    both = np.concatenate([moved.reshape(-1, k), flat[at]]).reshape(-1, *x.shape[1:])
    raw = problem.network.raw(inside(problem, both)).reshape(len(both), -1).astype(np.float64)
    change = raw[:-count].reshape(count, k, -1) - raw[-count:, None]
    slopes = np.moveaxis(change, 2, 1).reshape(-1, k)
    return slopes, np.repeat(at, raw.shape[1])


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
    labels = np.unique(y)
    said = labels[oblique_answers(step.tree, flat_rows(x).astype(np.float64))]
    settings = {
        "leaves": leaves(step.tree),
        "coefficients": terms(step.tree),
        "setting": step.setting,
        "mode": "exact" if bool((said == y).all()) else "approximate",
    }
    program = _program(step, problem, columns, labels)
    return Hypothesis(program, Alignment(), Provenance("oblique", settings, problem.seed, SOURCES))
