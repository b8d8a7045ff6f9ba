"""Decision trees for networks on single items: tables, images, a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Expr, Input, Let, Program
from scrutable.program._bits import residual_bits
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._cart import (
    Tree,
    answers_of,
    expression,
    fitted,
    item_columns,
    leaf_count,
    snapped,
    whole_columns,
)
from scrutable.propose._inputs import program_inputs
from scrutable.propose._queries import asked_once
from scrutable.work import flat_rows

SIZES = (2, 3, 4, 6, 8, 12, 16)
WORTH_SAYING = 0.8
SOURCES = (
    "Breiman, Friedman, Olshen, Stone, Classification and regression trees (1984)",
    "Craven, Shavlik, Extracting tree-structured representations of trained networks (1996)",
)


@final
@dataclass(frozen=True, slots=True)
class TreeProposer(Proposer):
    """Decision trees fitted to the network's answers, from two leaves upwards.

    Trees are grown on the data alone, and on the data with thousands of further questions to the network (points
    around the data, and samples of the domain), after Craven and Shavlik. Thresholds are taken to the shortest
    numbers that part the same rows. Of each size the better tree is kept; those on the front of size against errors are
    offered, the shortest description first.
    """

    name: str = "tree"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        if problem.network.inputs.is_sequence or problem.network.outputs.is_sequence:
            return "inputs or outputs are sequences"
        if problem.outputs.ndim > 1:
            return "several outputs for each item"
        if len(problem.inputs) < 2:
            return "fewer than two rows of data"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        inputs = program_inputs(problem.network.inputs)
        columns = item_columns(inputs)
        x = np.concatenate([problem.counter_inputs, problem.inputs])
        y = np.concatenate([problem.counter_outputs, problem.outputs])
        flat = flat_rows(x).astype(np.float64)
        tolerance = 0.0 if y.dtype.kind != "f" else 0.01 * float(np.std(y))
        found: list[tuple[float, Tree]] = []
        for tree in _trees(problem, flat, y):
            program = Program("program", inputs, (Let("output", expression(tree, columns)),), ("output",))
            rest = residual_bits(y, answers_of(tree, flat), tolerance=tolerance)
            found.append((program.bits + rest, tree))
        for _, tree in _front(found, flat, y):
            yield _hypothesis(tree, problem, inputs, columns, right=bool((answers_of(tree, flat) == y).all()))


def _trees(problem: Problem, x: np.ndarray, y: np.ndarray) -> Iterator[Tree]:
    """Trees of every size, grown on the data and on data with further answers of the network."""
    whole = whole_columns(program_inputs(problem.network.inputs))
    real = problem.network.outputs.kind == "Reals"
    more = asked_once(problem)
    wide = np.concatenate([x, more[0].reshape(len(more[0]), x.shape[1]).astype(np.float64)])
    wide_answers = np.concatenate([y, more[1]])
    for leaves in SIZES:
        for rows, answers in ((x, y), (wide, wide_answers)):
            if problem.clock.over:
                return
            tree = fitted(rows, answers, leaves=leaves, seed=problem.seed, real=real)
            yield snapped(tree, rows, whole)


def _front(found: list[tuple[float, Tree]], x: np.ndarray, y: np.ndarray) -> list[tuple[float, Tree]]:
    """Trees that no smaller tree beats, at most three, the shortest description first."""
    best: dict[int, tuple[float, Tree]] = {}
    for bits, tree in found:
        size = leaf_count(tree)
        if size not in best or bits < best[size][0]:
            best[size] = (bits, tree)
    kept, fewest = [], np.inf
    for size in sorted(best):
        wrong = float(
            np.abs(answers_of(best[size][1], x) - y).mean()
            if y.dtype.kind == "f"
            else (answers_of(best[size][1], x) != y).mean()
        )
        if wrong < fewest:
            kept.append(best[size])
            fewest = wrong
    good = [each for each in kept if _agreement(each[1], x, y) >= WORTH_SAYING]
    return sorted(good, key=lambda each: each[0])[:3]


def _agreement(tree: Tree, x: np.ndarray, y: np.ndarray) -> float:
    """The share of equal answers; for real answers the share of their variance that is explained."""
    answers = answers_of(tree, x)
    if y.dtype.kind != "f":
        return float((answers == y).mean())
    return 1.0 - float(np.mean((answers - y) ** 2)) / max(float(np.var(y)), 1e-300)


def _hypothesis(
    tree: Tree, problem: Problem, inputs: tuple[Input, ...], columns: list[Expr], *, right: bool
) -> Hypothesis:
    program = Program("program", inputs, (Let("output", expression(tree, columns)),), ("output",))
    settings = {"leaves": leaf_count(tree), "mode": "exact" if right else "approximate"}
    return Hypothesis(program, Alignment(), Provenance("tree", settings, problem.seed, SOURCES))
