"""Piecewise-linear programs for networks on a few numbers, from their values and slopes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import final

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Hypothesis
from scrutable.program import Expr, Let, Program, Var
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._claims import Bounds, claimed, shaped, spread_of, stated
from scrutable.propose._features import plain_features
from scrutable.propose._inputs import is_block, program_inputs
from scrutable.propose._loop import Loop
from scrutable.synthesis import Found, Table
from scrutable.synthesis.piecewise import PiecewiseLinear, Priced, piecewise_forms
from scrutable.work import Clock, flat_rows, generator

MOST_COLUMNS = 8
MOST_OUTPUTS = 4
QUERIES = 3000
DATA = 1000
STEP = 0.02
"""Slopes are taken across this share of the width of the box to either side: wide enough to even out small kinks."""
OFFERED = 4
SOURCES = (
    "Tarela, Martinez, Region configurations for realizability of lattice piecewise-linear models (1999)",
    "Bradley, Mangasarian, k-plane clustering (2000)",
)


@final
@dataclass(frozen=True, slots=True)
class PiecewiseProposer(Proposer):
    """Finds the planes that a network's answers lie on, and puts them together.

    The network is asked about some thousand inputs and, by central differences, about its slopes there. Planes are
    found by consensus, so that rounded kinks and blurred jumps are tolerated; forms over them (maxima, minima, sizes,
    clips, hinges, choices) compete by description length. What a program claims (`Hypothesis.within`) is measured on
    the data, fresh inputs, the edges of the domain and a climb towards the largest difference.

    Whole outputs are searched for in the counter-example loop, and must be right on every input asked about.

    References: see `SOURCES`.
    """

    name: str = "piecewise"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if network.inputs.is_sequence or network.outputs.is_sequence:
            return "inputs or outputs are sequences"
        columns = int(np.prod(network.inputs.shape))
        if is_block(network.inputs) or columns > MOST_COLUMNS:
            return f"more than {MOST_COLUMNS} inputs"
        if network.inputs.classes is not None:
            return "the inputs are labels"
        if network.outputs.kind not in ("Reals", "Integers"):
            return "the outputs are not numbers"
        if _outputs(problem) > MOST_OUTPUTS:
            return f"more than {MOST_OUTPUTS} outputs"
        if len(problem.inputs) < 2:
            return "fewer than two rows of data"
        return None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        if problem.network.outputs.kind == "Integers":
            yield from Loop(problem, plain_features(problem), self.name, SOURCES, _search).run()
        else:
            yield from _real(problem)


def _search(
    leaves: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray], clock: Clock
) -> Mapping[str, tuple[Found, ...]]:
    """Forms that are right on every row."""
    method, found = PiecewiseLinear(), {}
    for place, (name, target) in enumerate(targets.items()):
        table = Table(leaves, target)
        part = clock.part(1 / (len(targets) - place))
        found[name] = () if method.unsuitable(table) else tuple(islice(method.find(table, part), OFFERED))
    return found


def _real(problem: Problem) -> Iterator[Hypothesis]:
    """Programs for real outputs, each with what may be claimed of it."""
    data = flat_rows(np.concatenate([problem.counter_inputs, problem.inputs])).astype(np.float64)
    bounds = Bounds.of(problem.network, data)
    inputs = program_inputs(problem.network.inputs)
    leaves = tuple(Var(each.name, each.type) for each in inputs)
    x, values, slopes = _points(problem, data, bounds)
    width = values.shape[1]
    fronts = [
        _front(
            piecewise_forms(
                x, values[:, k], slopes[:, :, k], leaves=leaves, clock=_share(problem, k, width), seed=problem.seed
            )
        )
        for k in range(width)
    ]
    for exprs in _combined(fronts):
        hypothesis = _hypothesis(problem, exprs, data, bounds)
        if hypothesis is not None:
            yield hypothesis
        if problem.clock.over:
            return


def _outputs(problem: Problem) -> int:
    return int(np.prod(problem.outputs.shape[1:]))


def _share(problem: Problem, output: int, outputs: int) -> Clock:
    """The time for one output: of what is left, its part, and something kept for measuring."""
    return problem.clock.part(0.8 / (outputs - output))


def _points(problem: Problem, data: np.ndarray, bounds: Bounds) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points `(n, d)`, the network's values there `(n, m)` and its slopes `(n, d, m)`.

    Central differences lie inside the box; a whole input is moved by whole steps.
    """
    network, rng = problem.network, generator(problem.seed, "piecewise", "points")
    whole = np.array([each.whole for each in network.inputs.ranges])
    some = data[rng.permutation(len(data))[:DATA]]
    x = np.concatenate([some, _fresh(problem, bounds, rng)])
    d = x.shape[1]
    steps = np.where(whole, 1.0, STEP * (bounds.hi - bounds.lo)) * np.ones(d)
    values = network.predict(shaped(network, x)).reshape(len(x), -1)
    slopes = np.zeros((len(x), d, values.shape[1]))
    for i in range(d):
        ends = []
        for sign in (-1, 1):
            moved = x.copy()
            moved[:, i] += sign * steps[i]
            ends.append(bounds.clip(moved))
        run = ends[1][:, i] - ends[0][:, i]
        low, high = (network.predict(shaped(network, end)).reshape(len(x), -1) for end in ends)
        slopes[:, i] = (high - low) / np.where(run > 0, run, 1.0)[:, None]
    return x, values, slopes


def _fresh(problem: Problem, bounds: Bounds, rng: np.random.Generator) -> np.ndarray:
    try:
        return flat_rows(problem.network.inputs.sample(QUERIES, rng)).astype(np.float64)
    except UserError:
        return bounds.draw(QUERIES, rng)


def _front(forms: tuple[Priced, ...]) -> list[Priced]:
    """The shortest description, and after it those with fewer bits that are nearer than any with fewer still."""
    kept: list[Priced] = []
    for each in forms:
        if not kept or each.bits < kept[-1].bits - 1e-9:
            kept.append(each)
    return kept[:OFFERED]


def _combined(fronts: list[list[Priced]]) -> Iterator[tuple[Expr, ...]]:
    """The best of every output together, then the next of each."""
    if not all(fronts):
        return
    for place in range(max(map(len, fronts))):
        yield tuple(front[min(place, len(front) - 1)].expr for front in fronts)


def _hypothesis(problem: Problem, exprs: tuple[Expr, ...], data: np.ndarray, bounds: Bounds) -> Hypothesis | None:
    inputs = program_inputs(problem.network.inputs)
    taken = {each.name for each in inputs}
    plain = ["output"] if len(exprs) == 1 else [f"output{i}" for i in range(len(exprs))]
    names = [f"{name}_" if name in taken else name for name in plain]
    lets = tuple(Let(name, expr) for name, expr in zip(names, exprs, strict=True))
    program = Program("program", inputs, lets, tuple(names))
    rng = generator(problem.seed, "piecewise", "claim")
    claim = claimed(program, problem.network, data, bounds=bounds, spread=spread_of(problem), rng=rng)
    return None if claim is None else stated(program, claim, problem, name="piecewise", sources=SOURCES)
