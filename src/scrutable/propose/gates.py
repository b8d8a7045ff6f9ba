"""Threshold networks: every hidden unit that is true or false in effect becomes a named gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import BOOL, Expr, Let, Program, Var, expr_bits, variables
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._boolean_outputs import (
    bit_inputs,
    output_columns,
    unsuitable_for_formulas,
    ways_to,
    whole_domain,
)
from scrutable.propose._gate_layers import Layer, binary_layers
from scrutable.synthesis.boolean import MOST_VARIABLES
from scrutable.work import Clock

SOURCES = (
    "Muroga, Threshold logic and its applications (1971)",
    "Towell, Shavlik, Extracting refined rules from knowledge-based neural networks (1993)",
)
WIDE = 10
"""Of more columns than this only so many are used as are needed."""
READING = 0.5
"""The share of the time for reading the layers."""


@final
@dataclass(frozen=True, slots=True)
class Gates(Proposer):
    """Says how the inside of a network on bits works: each hidden unit that matters as a gate over the layer before.

    Layers whose units are true or false in effect (see `binary_layers`) become named variables, aligned with their
    units; units that agree everywhere are one variable. A gate is the shortest formula over the layer before, or a
    question about a weighted count ("at least 2 of a, b, c"), right wherever that layer can be. The output is one over
    the last layer. Only programs that are right on the whole domain are proposed.

    References: see `SOURCES`.
    """

    name: str = "gates"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        reason = unsuitable_for_formulas(problem)
        if reason is None and (network.recurrence is not None or not set(network.sites) - {"input", "output"}):
            return "the network shows no layers"
        return reason

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        x, y = whole_domain(problem)
        layers = binary_layers(problem.network, x, problem.clock.part(READING))
        stacks = [layers, *([layer] for layer in reversed(layers))] if len(layers) > 1 else [layers]
        for stack in stacks:
            if problem.clock.over or not stack:
                return
            hypothesis = _hypothesis(problem, stack, x, y)
            if hypothesis is not None:
                yield hypothesis


def _hypothesis(problem: Problem, layers: Sequence[Layer], x: np.ndarray, y: np.ndarray) -> Hypothesis | None:
    """The program over these layers; None when one of them, or the output, does not follow from the one before.

    From the outputs backwards, so that only units that something reads become gates.
    """
    inputs, leaves = bit_inputs(problem.network.inputs, BOOL)
    below = [_Stage(leaves, list(x.reshape(len(x), -1).T != 0))]
    below += [_Stage.of(number, layer) for number, layer in enumerate(layers, start=1)]
    wanted = output_columns(y)
    lets: list[Let] = []
    sites: dict[str, str] = {}
    for stage, layer in zip(reversed(below), [*reversed(layers), None], strict=True):
        found = {name: _shortest(stage, column, problem.clock) for name, column in wanted.items()}
        if any(expr is None for expr in found.values()):
            return None
        lets = [*(Let(name, expr) for name, expr in found.items() if expr is not None), *lets]
        read = frozenset[str]().union(*(variables(expr) for expr in found.values() if expr is not None))
        if layer is not None:
            units = {name: unit for name, unit in zip(stage.names, layer.units, strict=True) if name in read}
            wanted = {name: unit.truth.astype(np.int64) for name, unit in units.items()}
            sites = {name: unit.site for name, unit in units.items()} | sites
    program = Program("program", inputs, tuple(lets), tuple(output_columns(y)))
    if not sites or not (np.asarray(program(x)).reshape(y.shape) == y).all():
        return None
    settings = {"layers": [layer.name for layer in layers], "gates": len(sites)}
    return Hypothesis(program, Alignment(sites), Provenance("gates", settings, problem.seed, SOURCES))


@dataclass(frozen=True, slots=True)
class _Stage:
    """Truth values that the next layer is written over: an expression and a column `(n,)` of each."""

    leaves: list[Expr]
    columns: list[np.ndarray]

    @staticmethod
    def of(number: int, layer: Layer) -> _Stage:
        """The units of a layer as named variables."""
        names = [f"gate{number}_{place}" for place in range(len(layer.units))]
        return _Stage([Var(name, BOOL) for name in names], [unit.truth for unit in layer.units])

    @property
    def names(self) -> list[str]:
        """The names of leaves that are variables."""
        return [leaf.name for leaf in self.leaves if isinstance(leaf, Var)]


def _shortest(stage: _Stage, target: np.ndarray, clock: Clock) -> Expr | None:
    """The shortest expression for a column over those of a stage; None when they do not settle it."""
    kept = list(range(len(stage.columns)))
    if len(kept) > WIDE:
        kept = _enough(stage.columns, target)
        if len(kept) > MOST_VARIABLES:
            return None
    leaves = [stage.leaves[place] for place in kept]
    exprs = [way.expr(leaves, leaves) for way in ways_to([stage.columns[p] for p in kept], target, clock)]
    return min(exprs, key=lambda each: expr_bits(each, len(stage.leaves)), default=None)


def _enough(columns: Sequence[np.ndarray], target: np.ndarray) -> list[int]:
    """Some of the columns that settle the target as well as all do, those least like it left out first."""
    likeness = [abs(float(np.mean((column == 1) == (target == target.max()))) - 0.5) for column in columns]
    kept = list(range(len(columns)))
    for place in np.argsort(likeness, kind="stable").tolist():
        fewer = [each for each in kept if each != place]
        if fewer and _settled([columns[each] for each in fewer], target):
            kept = fewer
    return kept


def _settled(columns: Sequence[np.ndarray], target: np.ndarray) -> bool:
    keys = np.unique(np.packbits(np.stack(columns, axis=1), axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    return len(np.unique(keys)) == len(np.unique(np.stack([keys, target], axis=1), axis=0))
