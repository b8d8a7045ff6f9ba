"""Decision lists for networks on single items: `if a <= 3 and b > 1: 2, else if c > 7: 1, else: 0`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Let, Program, residual_bits
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._cart import item_columns, whole_columns
from scrutable.propose._claims import Bounds, claimed, spread_of, stated
from scrutable.propose._inputs import program_inputs
from scrutable.propose._oblique_tree import Rows
from scrutable.propose._queries import QUERIES, asked_once, between, inside
from scrutable.propose._rule_beam import Grid, grown_list
from scrutable.propose._rule_levels import Levels, labelled, levels_of
from scrutable.propose._rule_list import DecisionList, list_answers, list_expression
from scrutable.propose._rule_polish import shortened, tuned
from scrutable.work import flat_rows, generator

MOST_RULES = 15
MOST_LABELS = 16
PURITIES = (0.0, 0.5, 1.0)
ROWS = 6000
PER_ROW = 4
CELLS = 1_500_000
"""Rules are sought on at most so many rows, and numbers in them; bounds are set, and claims made, on all."""
PASSES = 3
WORTH_SAYING = 0.8
Sized = tuple[DecisionList, Rows]
SOURCES = (
    "Rivest, Learning decision lists (1987)",
    "Clark, Niblett, The CN2 induction algorithm (1989)",
    "Cohen, Fast effective rule induction (1995)",
    "Proenca, van Leeuwen, Interpretable multiclass classification by MDL-based rule lists (2020)",
    "Craven, Shavlik, Extracting tree-structured representations of trained networks (1996)",
)


@final
@dataclass(frozen=True, slots=True)
class RulesProposer(Proposer):
    """Decision lists of at most 15 rules, each a conjunction of at most four conditions on single columns.

    A list says in one line what a tree repeats in several branches. Lists are grown rule by rule on the data alone, and
    on the data with the further questions to the network that `tree` asks (points around the data, and samples of the
    domain), with more and with less regard for rules without exceptions; bounds are then set one at a time, and parts
    left out one after the other. Of each size the best list is kept; those on the front of size against errors are
    offered, the shortest description first. A list claims to be exact when no row and no further answer contradicts it.

    Real outputs are taken where they keep near a few levels; the claim then says how near.
    """

    name: str = "rules"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if network.inputs.is_sequence or network.outputs.is_sequence:
            return "inputs or outputs are sequences"
        if problem.outputs.ndim > 1:
            return "several outputs for each item"
        if len(problem.inputs) < 2:
            return "fewer than two rows of data"
        levels = levels_of(problem.outputs, most=MOST_LABELS)
        if levels is None or len(levels.answers) < 2:
            return f"the answers on the data are all the same, or more than {MOST_LABELS} different ones"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        x = np.concatenate([problem.counter_inputs, problem.inputs])
        y = np.concatenate([problem.counter_outputs, problem.outputs])
        more, more_y = asked_once(problem)
        levels = levels_of(np.concatenate([y, more_y]), most=MOST_LABELS) or levels_of(y, most=MOST_LABELS)
        if levels is None:
            return
        data, wide = (labelled(flat_rows(a), b, levels) for a, b in ((x, y), (_both(x, more), _both(y, more_y))))

        def bits(found: DecisionList) -> float:
            rest = residual_bits(data.y, list_answers(found, data.x), alphabet=data.labels)
            return _program(found, problem, levels).bits + rest

        whole = whole_columns(program_inputs(problem.network.inputs))
        grounds = (data, _near(problem, x, data, levels), wide)
        shortest = _each_size(_lists(problem, grounds, whole), bits)
        better = ((tuned(found, rows, whole, passes=PASSES, clock=problem.clock), rows) for found, rows in shortest)
        for found in _front(_each_size(better, bits), data, bits):
            exact = bool((list_answers(found, wide.x) == wide.y).all())
            hypothesis = _hypothesis(found, problem, levels, x, exact=exact)
            if hypothesis is not None:
                yield hypothesis


def _both(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.concatenate([one, other.astype(one.dtype)])


def _near(problem: Problem, x: np.ndarray, data: Rows, levels: Levels) -> Rows:
    """The data with points between neighbouring rows, where columns go together as in the data."""
    rng = generator(problem.seed, "rules", "between")
    more = inside(problem, between(x, min(QUERIES // 2, PER_ROW * len(x)), rng))
    added = labelled(flat_rows(more), problem.network.predict(more), levels)
    xs, ys, weights = (np.concatenate([getattr(part, each) for part in (data, added)]) for each in ("x", "y", "weight"))
    return Rows(xs, ys, weights, data.labels)


def _lists(problem: Problem, grounds: tuple[Rows, ...], whole: tuple[bool, ...]) -> Iterator[Sized]:
    """Lists of every size with the rows they were grown on: the data, and the data with further answers."""
    for rows in grounds:
        seen = _some(rows, problem, first=len(grounds[0]))
        grid = Grid.of(seen.x, whole)
        for purity in PURITIES:
            if problem.clock.over:
                return
            clock = problem.clock.part(0.4)
            full = grown_list(seen, grid, most=MOST_RULES, purity=purity, clock=clock)
            full = tuned(full, seen, whole, passes=PASSES, clock=clock)
            yield from ((each, rows) for each in shortened(full, seen, clock=clock) if each.rules)


def _each_size(lists: Iterable[Sized], bits: Callable[[DecisionList], float]) -> list[Sized]:
    """Of each number of rules the list with the shortest description, the smallest first."""
    best: dict[int, tuple[float, Sized]] = {}
    for each in lists:
        size, length = len(each[0].rules), bits(each[0])
        if size not in best or length < best[size][0]:
            best[size] = (length, each)
    return [best[size][1] for size in sorted(best)]


def _some(rows: Rows, problem: Problem, *, first: int) -> Rows:
    """The first rows, those in hand, and as many of the others as can be looked at."""
    limit = min(max(CELLS // max(rows.x.shape[1], 1), 64), ROWS)
    if len(rows) <= limit:
        return rows
    order = generator(problem.seed, "rules", "rows").permutation(len(rows))
    order = np.concatenate([order[order < first], order[order >= first]])
    return rows[np.sort(order[:limit])]


def _front(lists: list[Sized], data: Rows, bits: Callable[[DecisionList], float]) -> list[DecisionList]:
    """Of the lists that no smaller list beats the two with the shortest description, and that with fewest errors."""
    kept: list[DecisionList] = []
    most = WORTH_SAYING - 1e-9
    for found, _ in lists:
        right = float((list_answers(found, data.x) == data.y).mean())
        if right > most:
            kept.append(found)
            most = right
    return list(dict.fromkeys([*sorted(kept, key=bits)[:2], *kept[-1:]]))


def _program(found: DecisionList, problem: Problem, levels: Levels) -> Program:
    inputs = program_inputs(problem.network.inputs)
    expression = list_expression(found, item_columns(inputs), levels.answers)
    return Program("program", inputs, (Let("output", expression),), ("output",))


def _hypothesis(
    found: DecisionList, problem: Problem, levels: Levels, x: np.ndarray, *, exact: bool
) -> Hypothesis | None:
    """The list as a hypothesis; None for real outputs that it does not come near."""
    program = _program(found, problem, levels)
    if not levels.near:
        settings = {
            "rules": len(found.rules),
            "conditions": found.conditions,
            "mode": "exact" if exact else "approximate",
        }
        return Hypothesis(program, Alignment(), Provenance("rules", settings, problem.seed, SOURCES))
    flat = flat_rows(x).astype(np.float64)
    bounds = Bounds.of(problem.network, flat)
    rng = generator(problem.seed, "rules", "claims")
    claim = claimed(program, problem.network, flat, bounds=bounds, spread=spread_of(problem), rng=rng)
    return None if claim is None else stated(program, claim, problem, name="rules", sources=SOURCES)
