"""Formulas: networks with real outputs and a few numbers as inputs, as closed expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import final

import numpy as np

from scrutable.errors import ScrutableError, UserError
from scrutable.hypothesis import Hypothesis
from scrutable.program import Let, Program
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._claims import Bounds, claimed, spread_of, stated
from scrutable.propose._features import flat_targets
from scrutable.propose._inputs import is_block, leaf_columns, program_inputs
from scrutable.synthesis import INDEPENDENT, Found, Table
from scrutable.synthesis.formula import Formulas
from scrutable.work import Clock, flat_rows, generator

QUERIES = 4096
ROUNDS = 2
SEARCHING = 0.9
"""The share of the time for a search; the rest is for attacks and claims."""
WORST = 256
OFFERED = 5
MOST_OUTPUTS = 4
RESOLUTION = 1e-3
"""Smaller shares of the outputs' spread are no difference to the tests either."""
MARGIN = 1.5
SOURCES = (
    "Udrescu and Tegmark, AI Feynman (2020)",
    "Buckingham, On physically similar systems (1914)",
)


@final
@dataclass(frozen=True, slots=True)
class FormulaProposer(Proposer):
    """Finds formulas for real outputs: a front of length against accuracy, each with the accuracy it claims.

    The network is asked about fresh inputs besides the data. A search that finds nothing takes all the time there is;
    one that ends early is run again with inputs on which its best formula is furthest off, where there are any. A
    formula claims to be within one and a half times the largest error seen anywhere, or where that is too coarse a
    claim, what it keeps to nearly everywhere, and says so.
    """

    name: str = "formula"
    weight: float = 4.0

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if network.inputs.is_sequence:
            return "inputs are sequences"
        if is_block(network.inputs):
            return "more inputs than formulas can be searched over"
        if network.inputs.kind not in ("Bits", "Integers", "Reals", "Columns"):
            return "inputs are labels, not numbers"
        if network.outputs.kind != "Reals":
            return "the outputs are not real numbers"
        if np.prod(problem.outputs.shape[1:], dtype=int) > MOST_OUTPUTS:
            return f"more than {MOST_OUTPUTS} outputs"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        x, y = _asked(problem)
        fronts: dict[str, list[Found]] = {}
        for _ in range(ROUNDS):
            before = problem.clock.used
            fronts = _fronts(problem, x, y, problem.clock.part(SEARCHING))
            worst = _worst(problem, fronts, x, y)
            if worst is None or problem.clock.left < problem.clock.used - before:
                break
            x, y = np.concatenate([worst, x]), np.concatenate([problem.network.predict(worst), y])
        hypotheses = (_claiming(_program(problem, chosen), problem) for chosen in _together(fronts))
        yield from islice((each for each in hypotheses if each is not None), OFFERED)


def _claiming(program: Program, problem: Problem) -> Hypothesis | None:
    """The hypothesis with what may be said of its accuracy; None where nothing worth saying may."""
    network = problem.network
    data = flat_rows(np.concatenate([problem.counter_inputs, problem.inputs])).astype(np.float64)
    rng = generator(problem.seed, "formula", "claims")
    claim = claimed(program, network, data, bounds=Bounds.of(network, data), spread=spread_of(problem), rng=rng)
    return None if claim is None else stated(program, claim, problem, name="formula", sources=SOURCES)


def _asked(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Counter-examples, data and fresh queries, with the network's answers."""
    fresh = _fresh(problem, "fresh")
    x = np.concatenate([problem.counter_inputs, problem.inputs, fresh])
    return x, np.concatenate([problem.counter_outputs, problem.outputs, problem.network.predict(fresh)])


def _fresh(problem: Problem, purpose: str) -> np.ndarray:
    """Inputs from the domain, or where it cannot be sampled, data with each variable from a row of its own."""
    rng = generator(problem.seed, "formula", purpose)
    try:
        return problem.network.inputs.sample(QUERIES, rng)
    except UserError:
        return rng.permuted(problem.inputs[rng.integers(0, len(problem.inputs), QUERIES)], axis=0)


def _fronts(problem: Problem, x: np.ndarray, y: np.ndarray, clock: Clock) -> dict[str, list[Found]]:
    """For each output what `Formulas` finds, shortest description first."""
    columns = leaf_columns(problem.network.inputs, x)
    targets = flat_targets(problem, y)
    fronts: dict[str, list[Found]] = {}
    for done, (name, target) in enumerate(targets.items()):
        real = target.astype(np.float64)
        table = Table(columns, real, independent=INDEPENDENT, resolution=RESOLUTION, seed=problem.seed)
        fronts[name] = list(Formulas().find(table, clock.part(1 / (len(targets) - done))))
    return fronts


def _worst(problem: Problem, fronts: Mapping[str, list[Found]], x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """Fresh inputs on which the best formulas are further off than on any row so far; None if there are none."""
    if not all(fronts.values()):
        return None
    program = _program(problem, {name: front[0] for name, front in fronts.items()})
    known = _errors(program, x, y)
    fresh = _fresh(problem, "attack")
    errors = _errors(program, fresh, problem.network.predict(fresh))
    if known is None or errors is None or not (errors > MARGIN * known.max()).any():
        return None
    return fresh[np.argsort(-errors, kind="stable")[:WORST]]


def _together(fronts: Mapping[str, list[Found]]) -> Iterator[dict[str, Found]]:
    """The best of each output together, then the next best of each."""
    if not fronts or not all(fronts.values()):
        return
    for row in zip_longest(*fronts.values()):
        yield {n: f if f is not None else fronts[n][-1] for n, f in zip(fronts, row, strict=True)}


def _program(problem: Problem, found: Mapping[str, Found]) -> Program:
    inputs = program_inputs(problem.network.inputs)
    taken = {each.name for each in inputs}
    names = {name: name if name not in taken else f"{name}_" for name in found}
    return Program("program", inputs, tuple(Let(names[n], f.expr) for n, f in found.items()), tuple(names.values()))


def _errors(program: Program, x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """The largest difference of each row, `(n,)`; None where the program has no finite answer."""
    try:
        said = np.asarray(program(x), dtype=np.float64)
    except ScrutableError:
        return None
    flat = y.reshape(len(y), -1)
    said = np.broadcast_to(said.reshape(len(said) if said.ndim else 1, -1), flat.shape)
    errors = np.abs(said - flat).max(axis=1)
    return errors if np.isfinite(errors).all() else None
