"""Oblique trees for real outputs: linear questions, and a short linear formula in every leaf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from scrutable.hypothesis import Hypothesis
from scrutable.program import Expr, Let, Program, call, const
from scrutable.propose._base import Problem
from scrutable.propose._cart import Leaf
from scrutable.propose._claims import Bounds, claimed, spread_of, stated
from scrutable.propose._inputs import program_inputs
from scrutable.propose._oblique_material import slopes
from scrutable.propose._oblique_planes import (
    Pieces,
    Surface,
    alternated_pieces,
    choice,
    grown_pieces,
    refitted,
    rows_of,
    squared_error,
)
from scrutable.propose._oblique_program import Columns, placed, question_expr, spellings, summed, unscaled
from scrutable.propose._oblique_tree import Cut, Oblique, Rows, leaves, oblique_answers, terms
from scrutable.propose._queries import inside
from scrutable.synthesis._snap import decimals
from scrutable.work import flat_rows, generator

SIZES = (2, 3, 4, 6, 8, 12, 16)
ROWS = 4096
SLOPES = 1024
MOST_COLUMNS = 16
SLACK = 0.05
"""Shorter questions may add this share to the squared error, all together."""
ROUNDING = 0.2
FINEST = 0.002
"""Coefficients are rounded by at most this share of the error that their plane leaves, or of the spread of all answers,
whichever is more."""
NEARER = 0.5
"""A larger tree is worth saying when it comes so much nearer."""
MOST_SAID = 3
SOURCES = (
    "Quinlan, Learning with continuous classes (1992)",
    "Carreira-Perpinan, Tavallali, Alternating optimization of decision trees (NeurIPS 2018)",
    "Zharmagambetov, Carreira-Perpinan, Smaller, more accurate regression forests using tree alternating optimization "
    "(ICML 2020)",
)


def real_trees(problem: Problem, columns: Columns) -> Iterator[Hypothesis]:
    """Trees of two leaves upwards, fitted to the network on the data and over the whole box of inputs; those of which
    something may be claimed (see `claimed`), the smallest first.

    Cost: least squares in about `16 * (columns + 8)` places for each leaf, and six passes over the questions.
    """
    data = flat_rows(np.concatenate([problem.counter_inputs, problem.inputs])).astype(np.float64)
    bounds, rng = Bounds.of(problem.network, data), generator(problem.seed, "oblique", "real")
    points = _points(problem, data, bounds, rng)
    y, weight = problem.network.predict(points).reshape(-1).astype(np.float64), np.ones(len(points))
    weight[: min(len(data), ROWS)] = ROWS / min(len(data), ROWS)
    x = flat_rows(points).astype(np.float64)
    centre, unit = x.mean(axis=0), np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    surface = Surface((x - centre) / unit, y, weight, *slopes(problem, points, rng, rows=SLOPES))
    near, said = np.inf, 0
    for size in SIZES:
        pieces = grown_pieces(surface, most=size, clock=problem.clock)
        if problem.clock.over or said == MOST_SAID or leaves(pieces.tree) < size:
            return
        pieces = alternated_pieces(pieces, surface, clock=problem.clock)
        pieces = _written(pieces, surface, x, centre, unit)
        program = _program(pieces, problem, columns)
        claim = claimed(program, problem.network, data, bounds=bounds, spread=spread_of(problem), rng=rng)
        if claim is not None and claim.within <= NEARER * near:
            near, said = claim.within, said + 1
            yield _counted(stated(program, claim, problem, name="oblique", sources=SOURCES), pieces)


def _counted(hypothesis: Hypothesis, pieces: Pieces) -> Hypothesis:
    """The hypothesis with the size of its tree among the settings."""
    size = {"leaves": leaves(pieces.tree), "coefficients": terms(pieces.tree) + int(np.count_nonzero(pieces.planes))}
    made = hypothesis.provenance
    return replace(hypothesis, provenance=replace(made, settings={**size, **made.settings}))


def _points(problem: Problem, data: np.ndarray, bounds: Bounds, rng: np.random.Generator) -> np.ndarray:
    """Rows of data and as many others over the box as may be looked at, in the layout of the network."""
    flat = np.concatenate([data[:ROWS], bounds.draw(ROWS, rng)])
    return inside(problem, flat.reshape(-1, *problem.inputs.shape[1:]))


def _written(pieces: Pieces, surface: Surface, x: np.ndarray, centre: np.ndarray, unit: np.ndarray) -> Pieces:
    """The same on columns as they are, with short numbers: first the questions, then the planes fitted to them."""
    allowed = SLACK * squared_error(pieces, surface) / max(len(pieces.planes) - 1, 1)
    raw = Surface(x, surface.y, surface.weight, surface.slopes[:0], surface.at[:0])
    tree = _short(Pieces(unscaled(pieces.tree, centre, unit), _raw(pieces.planes, centre, unit)), raw, unit, allowed)
    place, planes = oblique_answers(tree, x), pieces.planes.copy()
    finest = FINEST * float(np.std(surface.y))
    for i in range(len(planes)):
        here = place == i
        if here.any():
            planes[i] = refitted(Pieces(Leaf(0), planes[i : i + 1]), rows_of(surface, here)).planes[0]
            planes[i] = _rounded(_raw(planes[i : i + 1], centre, unit)[0], rows_of(raw, here), unit, finest)
    return Pieces(tree, planes)


def _raw(planes: np.ndarray, centre: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Planes on `(x - centre) / unit` as planes on `x`."""
    weights = planes[:, :-1] / unit
    return np.concatenate([weights, (planes[:, -1] - weights @ centre)[:, None]], axis=1)


def _short(pieces: Pieces, part: Surface, unit: np.ndarray, allowed: float) -> Oblique:
    """Of each question the shortest spelling that adds no more than what is allowed to the squared error."""
    tree = pieces.tree
    if isinstance(tree, Leaf) or not len(part.y):
        return tree
    question = tree.separator
    wanted, matters = choice(tree.below, tree.above, pieces.planes, part)
    rows = Rows(part.x, wanted.astype(np.int64), matters, 2)
    now = float(matters @ (question.above(part.x) != wanted))
    options = [each for each in (placed(w, question, rows, wanted) for w in spellings(question.weights, unit)) if each]
    good = [each for each in options if each[1] <= now + allowed]
    if good:
        question = min(good, key=lambda each: each[2])[0]
    above = question.above(part.x)
    low = _short(Pieces(tree.below, pieces.planes), rows_of(part, ~above), unit, allowed)
    high = _short(Pieces(tree.above, pieces.planes), rows_of(part, above), unit, allowed)
    return Cut(question, low, high)


def _rounded(plane: np.ndarray, part: Surface, unit: np.ndarray, finest: float) -> np.ndarray:
    """A plane with coefficients of few digits, none where one matters less than its rounding, and the constant that
    suits them."""
    rest = part.y - part.x @ plane[:-1] - plane[-1]
    error = max(ROUNDING * float(np.sqrt(np.average(rest**2, weights=part.weight))), finest, 1e-300)
    weights = decimals(plane[:-1], error / np.sqrt(len(unit)) / unit)
    level = np.average(part.y - part.x @ weights, weights=part.weight)
    return np.append(weights, decimals(np.array([level]), np.array([error])))


def _program(pieces: Pieces, problem: Problem, columns: Columns) -> Program:
    inputs = program_inputs(problem.network.inputs)
    return Program("program", inputs, (Let("output", _expression(pieces, columns)),), ("output",))


def _expression(pieces: Pieces, columns: Columns) -> Expr:
    """Nested `if`, the smaller branch first, with a formula in each leaf."""
    tree = pieces.tree
    if isinstance(tree, Leaf):
        return _plane_expr(pieces.planes[int(tree.answer)], columns)
    below, above = (_expression(Pieces(part, pieces.planes), columns) for part in (tree.below, tree.above))
    if leaves(tree.above) < leaves(tree.below):
        return call("if", question_expr(tree.separator, columns), above, below)
    return call("if", question_expr(tree.separator, columns, negated=True), below, above)


def _plane_expr(plane: np.ndarray, columns: Columns) -> Expr:
    weights, level = plane[:-1], float(plane[-1])
    if not weights.any():
        return const(level)
    if not (weights > 0).any():
        return call("sub", const(level), summed(-weights, columns))
    if level == 0.0 and not any(columns.whole):
        return summed(weights, columns)
    return call("sub" if level < 0 else "add", summed(weights, columns), const(abs(level)))
