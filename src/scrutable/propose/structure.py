"""Structure: what the detectors of `scrutable.synthesis` see in a network's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from scrutable.errors import UserError
from scrutable.hypothesis import Hypothesis
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._blocks import gathered
from scrutable.propose._features import Features, block_features
from scrutable.propose._inputs import is_block
from scrutable.propose._loop import (
    MOST_OUTPUTS,
    ON_TRUTHS,
    Loop,
    item_features,
    truths_only,
    unsuitable_for_expressions,
)
from scrutable.synthesis import Found, Method, Table, synthesise
from scrutable.synthesis.detect import DETECTORS, Lookup
from scrutable.work import Clock, generator

SOURCES = (
    "Udrescu, Tegmark, AI Feynman: a physics-inspired method for symbolic regression (2020)",
    "Muroga, Threshold logic and its applications (1971)",
)
CANDIDATES = 8
LARGEST_BLOCK = 64
QUERIES = 2048
WHOLE = ("Bits", "Integers", "Category", "Tokens")


@final
@dataclass(frozen=True, slots=True)
class Structure(Proposer):
    """Runs the detectors on the network's answers: sums, thresholds, largest columns, counts, remainders, polynomials,
    separable functions, and short functions of one intermediate quantity.

    Works on the inputs of one item, on windows of sequences, and on blocks of up to 64 columns. Rows of data in which a
    single input is changed are asked about first, since they tell which inputs matter. What is found is compared
    with the network on further inputs; those on which it fails join the examples and the detectors run again. Tables
    are left to those who look for machines and trees.

    References: see `SOURCES`.
    """

    name: str = "structure"
    weight: float = 3.0

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if not is_block(network.inputs):
            return unsuitable_for_expressions(problem)
        if truths_only(problem):
            return ON_TRUTHS
        if network.inputs.is_sequence or network.inputs.kind == "Image":
            return "the inputs are images, or sequences of blocks"
        if network.outputs.kind not in WHOLE:
            return "the outputs are not whole numbers, bits or labels"
        if len(network.inputs.variables) > LARGEST_BLOCK:
            return f"more than {LARGEST_BLOCK} columns"
        return f"more than {MOST_OUTPUTS} outputs" if np.prod(problem.outputs.shape[1:]) > MOST_OUTPUTS else None

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        features = _features(problem)
        if features is None or not len(problem.inputs):
            return
        methods = tuple(method for method in DETECTORS if not isinstance(method, Lookup))
        loop = Loop(_with_changed(problem), features, self.name, SOURCES, _search(methods))
        for hypothesis in loop.run():
            yield replace(hypothesis, program=gathered(hypothesis.program))


def _features(problem: Problem) -> Features | None:
    return block_features(problem) if is_block(problem.network.inputs) else item_features(problem)


def _with_changed(problem: Problem) -> Problem:
    """The problem with rows added in which one input has the value that it has in another row."""
    x = problem.inputs
    if problem.network.inputs.is_sequence or x.ndim < 2 or x.shape[1] < 2:
        return problem
    rng, width = generator(problem.seed, "structure", "changed"), x.shape[1]
    each = max(1, min(len(x), QUERIES // (2 * width)))
    base = np.repeat(x[rng.permutation(len(x))[:each]], width, axis=0)
    changed, column = base.copy(), np.tile(np.arange(width), each)
    rows = np.arange(len(base))
    changed[rows, column] = x[rng.integers(0, len(x), len(base)), column]
    asked = np.concatenate([changed, base[::width]])
    try:
        answers = problem.network.predict(asked)
    except UserError:
        return problem
    return replace(
        problem,
        counter_inputs=np.concatenate([problem.counter_inputs, asked]),
        counter_outputs=np.concatenate([problem.counter_outputs, answers]),
    )


def _search(methods: tuple[Method, ...]):
    """The detectors on every output in turn."""

    def search(
        leaves: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray], clock: Clock
    ) -> Mapping[str, tuple[Found, ...]]:
        found: dict[str, tuple[Found, ...]] = {}
        for place, (name, target) in enumerate(targets.items()):
            part = clock.part(1 / (len(targets) - place))
            found[name] = synthesise(Table(leaves, target), clock=part, methods=methods, limit=CANDIDATES)
        return found

    return search
