"""Exact translation of small networks with piecewise-linear activations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.network import Activation, Affine
from scrutable.program import Program
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._claims import Bounds, claimed, miss, spread_of, stated
from scrutable.propose._inputs import few_bits, is_block
from scrutable.propose._relu_program import Head, direct_programs, head_of, simple_programs
from scrutable.propose._relu_units import Units, followed, pruned
from scrutable.work import flat_rows, generator

MOST_COLUMNS = 8
MOST_UNITS = 96
MOST_NUMBERS = 64
"""A translation with more weights than this explains nothing to anybody."""
FEW_UNITS = 8
"""Real functions of more units than this have too many pieces to be short exactly."""
POINTS = 3000
WHOLE = 20_000
SOURCES = (
    "Montufar, Pascanu, Cho, Bengio, On the number of linear regions of deep neural networks (2014)",
    "Ehlers, Formal verification of piece-wise linear feed-forward neural networks (2017)",
)


@final
@dataclass(frozen=True, slots=True)
class ReluProposer(Proposer):
    """Writes a small network down as the piecewise-linear function that it is on its box of inputs.

    Units that are linear or constant there, copies and unread ones go first; that changes nothing. What is left is
    written unit by unit, each a named variable aligned with its site, with numbers as short as the claimed accuracy
    allows; and, from its exact slopes, as the shortest expression over its pieces.

    References: see `SOURCES`.
    """

    name: str = "relu"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if network.inputs.is_sequence or network.outputs.is_sequence:
            return "inputs or outputs are sequences"
        if is_block(network.inputs) or int(np.prod(network.inputs.shape)) > MOST_COLUMNS:
            return f"more than {MOST_COLUMNS} inputs"
        if few_bits(network.inputs):
            return "a few bits in: their truth table says everything"
        layers = network.layers
        if layers is None:
            return f"no chain of layers: {network.no_layers}"
        body, head = head_of(network, layers)
        if head is None:
            return "the outputs are not those of a piecewise-linear network"
        if not all(isinstance(layer, Affine) or (isinstance(layer, Activation) and followed(layer)) for layer in body):
            return "not all activations are piecewise linear"
        units = sum(len(layer.bias) for layer in body[:-1] if isinstance(layer, Affine))
        return f"{units} hidden units, more than {MOST_UNITS}" if units > MOST_UNITS else None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        network = problem.network
        data = flat_rows(np.concatenate([problem.counter_inputs, problem.inputs])).astype(np.float64)
        bounds = Bounds.of(network, data)
        body, head = head_of(network, network.layers or ())
        units = pruned(body, bounds.lo, bounds.hi)
        if units is None or head is None:
            return
        points = _points(problem, data, bounds)
        asked = (data, points, bounds)
        direct = direct_programs(units, head, problem, points, spread_of(problem)) if short(units) else []
        for program, alignment in direct:
            yield from _hypotheses(program, alignment, head, problem, asked)
        if head.kind != "reals" or len(units.kept) <= FEW_UNITS:
            for program in simple_programs(units, head, problem, points):
                if problem.clock.over:
                    return
                yield from _hypotheses(program, Alignment(), head, problem, asked)


def short(units: Units) -> bool:
    """Whether a translation unit by unit is worth reading."""
    return units.numbers <= MOST_NUMBERS


def _points(problem: Problem, data: np.ndarray, bounds: Bounds) -> np.ndarray:
    """The data and further inputs, `(n, d)`: the whole domain when it is small."""
    domain, rng = problem.network.inputs, generator(problem.seed, "relu", "points")
    if domain.size is not None and domain.size <= WHOLE:
        return flat_rows(domain.enumerate()).astype(np.float64)
    try:
        fresh = flat_rows(domain.sample(POINTS, rng)).astype(np.float64)
    except UserError:
        fresh = bounds.draw(POINTS, rng)
    return np.concatenate([data, fresh])


def _hypotheses(
    program: Program,
    alignment: Alignment,
    head: Head,
    problem: Problem,
    asked: tuple[np.ndarray, np.ndarray, Bounds],
) -> Iterator[Hypothesis]:
    """The program with what may be claimed of it, if anything; one with whole answers must be right everywhere."""
    data, points, bounds = asked
    if head.kind != "reals":
        if not miss(program, problem.network, points).any():
            yield Hypothesis(program, alignment, Provenance("relu", {"mode": "exact"}, problem.seed, SOURCES))
        return
    rng = generator(problem.seed, "relu", "claim")
    claim = claimed(program, problem.network, data, bounds=bounds, spread=spread_of(problem), rng=rng)
    if claim is not None and claim.exact:
        yield stated(program, claim, problem, name="relu", sources=SOURCES, alignment=alignment)
