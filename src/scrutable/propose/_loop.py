"""The counter-example-guided loop (CEGIS): search for expressions, ask the network, add what failed, search again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import log2

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import FLOOR, Alignment, Hypothesis, Provenance
from scrutable.program import Expr, Let, Program, substitute
from scrutable.propose._base import Problem
from scrutable.propose._consensus import consensus, differing, wrong_places
from scrutable.propose._features import Features, flat_targets, plain_features, window_features
from scrutable.propose._inputs import few_bits, is_block, one_answer, program_inputs
from scrutable.synthesis import Found
from scrutable.synthesis.enumeration import cheapest_together, share_parts
from scrutable.work import Clock, generator

ROUNDS = 8
QUERIES = 2048
ROWS = 4096
WHOLE = 4096
"""Input domains of at most this many items are asked about completely."""
MOST_OUTPUTS = 4
WORTH_SAYING = 3
"""So many of the programs that are nearly always right are proposed."""


TableSearch = Callable[[Mapping[str, np.ndarray], Mapping[str, np.ndarray], Clock], Mapping[str, tuple[Found, ...]]]
"""From leaves and targets, one row for each example, to expressions for each target, shortest first."""


ON_TRUTHS = "a few bits in and bits out, which have formulas: arithmetic on them would be a riddle"


def truths_only(problem: Problem) -> bool:
    """Whether the network is a truth table, for which there is a method of its own."""
    return few_bits(problem.network.inputs) and problem.network.outputs.kind == "Bits"


def unsuitable_for_expressions(problem: Problem) -> str | None:
    """Why no expression over single items, or over a window of a sequence, can be searched for; None if it can."""
    network = problem.network
    if truths_only(problem):
        return ON_TRUTHS
    if is_block(network.inputs):
        return "more inputs than expressions can be searched over"
    if network.outputs.kind not in ("Bits", "Integers", "Category", "Tokens"):
        return "the outputs are not whole numbers, bits or labels"
    if network.inputs.is_sequence and not network.each_step:
        return one_answer(network) or "one answer for each sequence, and no expression over single steps gives that"
    if np.prod(problem.outputs.shape[2 if network.inputs.is_sequence else 1 :]) > MOST_OUTPUTS:
        return f"more than {MOST_OUTPUTS} outputs"
    if item_features(problem) is None:
        return "the last five inputs of a sequence do not determine its output"
    return None


def item_features(problem: Problem) -> Features | None:
    """The inputs of an item, or the shortest window of a sequence that determines the outputs; None if none does."""
    if not problem.network.inputs.is_sequence:
        return plain_features(problem)
    return problem.memo.get("enumeration.window", lambda: window_features(problem))


@dataclass(slots=True)
class Loop:
    """One run of the loop for one proposer.

    Arguments:
        problem, features: what may be looked at, and the leaves of the expressions.
        name, sources: the proposer's, for the provenance.
        search: finds expressions that are right on the examples.
    """

    problem: Problem
    features: Features
    name: str
    sources: tuple[str, ...]
    search: TableSearch
    partial: dict[Program, float] = field(default_factory=dict)

    def run(self) -> Iterator[Hypothesis]:
        """Programs that no query refuted, shortest first; failing those, programs that are nearly always right."""
        problem = self.problem
        x, y = _examples(problem)
        fresh_x, fresh_y = _fresh(problem)
        for attempt in range(ROUNDS):
            if problem.clock.over:
                break
            programs = self._programs(self._search(x, y, problem.clock.part(0.5)))
            if not programs:
                break
            good, failing = self._sorted(programs, fresh_x, fresh_y)
            if good:
                yield from (self._hypothesis(program, rounds=attempt + 1) for program in good)
                return
            x, y = np.concatenate([fresh_x[failing], x]), np.concatenate([fresh_y[failing], y])
        yield from self._nearly(np.concatenate([fresh_x, problem.inputs]), np.concatenate([fresh_y, problem.outputs]))

    def _nearly(self, x: np.ndarray, y: np.ndarray) -> Iterator[Hypothesis]:
        """Programs that say they are approximate, the shortest with their mistakes written down first."""
        leaves, targets = self.features.columns(self.problem, x), flat_targets(self.problem, y)
        rows = len(next(iter(targets.values())))

        def search(at: np.ndarray, clock: Clock) -> list[Program]:
            some = [{name: column[at] for name, column in columns.items()} for columns in (leaves, targets)]
            return self._programs(self.search(some[0], some[1], clock))

        def wrong(program: Program) -> np.ndarray:
            return np.asarray(wrong_places(program, x, y).reshape(rows, -1).any(axis=1))

        rng = generator(self.problem.seed, self.name, "consensus")
        for each in consensus(search, wrong, rows, clock=self.problem.clock, rng=rng):
            self.partial[each.program] = each.agreement
        totals = {each: each.bits + rows * (1 - right) * log2(rows) for each, right in self.partial.items()}
        for program in sorted(totals, key=lambda each: totals[each])[:WORTH_SAYING]:
            note = differing(self.partial[program], "the answers asked for")
            yield self._hypothesis(program, note, rounds=ROUNDS, mode="approximate")

    def _search(self, x: np.ndarray, y: np.ndarray, clock: Clock) -> Mapping[str, tuple[Found, ...]]:
        leaves = self.features.columns(self.problem, x[:ROWS])
        targets = flat_targets(self.problem, y[:ROWS])
        return self.search(leaves, targets, clock)

    def _programs(self, found: Mapping[str, tuple[Found, ...]]) -> list[Program]:
        """Programs for what was found: the cheapest for all outputs together; for one output every candidate."""
        scope = len(self.features.exprs)
        if not all(found.values()):
            return []
        if len(found) > 1:
            together = cheapest_together(found, scope=scope)
            return [self._program(together.whole)] if together else []
        ((name, candidates),) = found.items()
        return [self._program({name: each.expr}) for each in candidates]

    def _program(self, exprs: Mapping[str, Expr]) -> Program:
        placed = {name: substitute(expr, self.features.exprs) for name, expr in exprs.items()}
        inputs = program_inputs(self.problem.network.inputs)
        parts = share_parts(placed, scope=len(inputs))
        taken = {each.name for each in inputs} | {let.name for let in parts.shared}
        names = {name: name if name not in taken else f"{name}_" for name in exprs}
        lets = [*parts.shared, *(Let(names[name], expr) for name, expr in parts.exprs.items())]
        return Program("program", inputs, tuple(lets), tuple(names.values()))

    def _sorted(self, programs: list[Program], x: np.ndarray, y: np.ndarray) -> tuple[list[Program], np.ndarray]:
        """The programs right on every query, shortest first, and rows that refute the others."""
        good, failing = [], np.zeros(len(x), dtype=bool)
        for program in programs:
            wrong = self._shares_wrong(program, x, y)
            if not wrong.any():
                good.append(program)
                continue
            failing[np.flatnonzero(wrong)[:8]] = True
            agreement = 1 - float(wrong.mean())
            if agreement >= FLOOR:
                self.partial[program] = agreement
        return sorted(good, key=lambda program: program.bits), np.flatnonzero(failing)

    def _shares_wrong(self, program: Program, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The share of the single answers to each row of `x` that a program gets wrong, `(n,)`."""
        steps = y.shape[1] if self.problem.network.each_step else 1
        return wrong_places(program, x, y).reshape(len(x), steps, -1).any(axis=2).mean(axis=1)

    def _hypothesis(self, program: Program, *notes: str, rounds: int, mode: str = "exact") -> Hypothesis:
        settings = {"window": self.features.window, "rounds": rounds, "queries": QUERIES, "mode": mode}
        return Hypothesis(
            program, Alignment(), Provenance(self.name, settings, self.problem.seed, self.sources), notes=notes
        )


def _examples(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Counter-examples first, so that they are not cut off."""
    x = np.concatenate([problem.counter_inputs, problem.inputs])
    return x, np.concatenate([problem.counter_outputs, problem.outputs])


def _fresh(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Inputs that the search has not seen, and the network's answers.

    A small domain is asked about completely. One that cannot be sampled is filled from the data, each variable from
    a row of its own.
    """
    domain, rng = problem.network.inputs, generator(problem.seed, "enumeration", "fresh")
    if domain.is_sequence:
        domain = domain.with_length(problem.inputs.shape[1])
    count = QUERIES if not domain.is_sequence else max(64, QUERIES // problem.inputs.shape[1])
    if domain.size is not None and domain.size <= WHOLE:
        x = domain.enumerate()
    else:
        try:
            x = domain.sample(count, rng)
        except UserError:
            x = rng.permuted(problem.inputs[rng.integers(0, len(problem.inputs), count)], axis=0)
    return x, problem.network.predict(x)
