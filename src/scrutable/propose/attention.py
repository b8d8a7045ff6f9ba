"""Sequence programs read off transformers: attention as selectors, blocks of units as maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.network.engine import NotCaptured
from scrutable.program import simplify
from scrutable.propose._attention_graph import NotRead
from scrutable.propose._attention_reading import read
from scrutable.propose._attention_store import Store
from scrutable.propose._attention_walk import Walk
from scrutable.propose._attention_words import words
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._inputs import program_inputs

SOURCES = (
    "Weiss, Goldberg, Yahav, Thinking like transformers, arXiv 2106.06981",
    "Lindner et al., Tracr: compiled transformers as a laboratory for interpretability, arXiv 2301.05062",
    "Friedman, Wettig, Chen, Learning transformer programs, arXiv 2306.01128",
)


@final
@dataclass(frozen=True, slots=True)
class AttentionProposer(Proposer):
    """Reads a transformer from its output back to its embeddings.

    What a component reads of another one, seen through the weights that read it, takes finitely many values, which
    become a variable; a rotation of the residual stream changes nothing of that, and what nothing reads is never
    looked at. A head becomes a selector with `pick`, `aggregate` or `width`; a block of units becomes maps, one for
    each set of variables that some of its units read. Each variable is checked against the activations before others
    are built on it. Networks that are not of this kind get no hypothesis.

    References: see `SOURCES`.

    Cost: some seconds; it grows with the number of words and with the square of their length.
    """

    name: str = "attention"

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        network = problem.network
        if not network.inputs.is_sequence or len(network.inputs.shape) != 1 or network.inputs.kind == "Reals":
            return "inputs are not single sequences of symbols"
        if not network.each_step or len(network.outputs.shape) != 1:
            return "there is no single answer at each position"
        if network.recurrence is not None:
            return "it is recurrent"
        try:
            module = network.captured.runner.module
        except NotCaptured as error:
            return f"its operations cannot be followed: {error}"
        return None if module is not None else "it is a plain function"

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        if problem.clock.over:
            return
        network = problem.network
        given = np.concatenate([problem.inputs, problem.counter_inputs])
        try:
            seen = words(network, given, problem.seed)
            reading = read(network, seen, clock=problem.clock)
            store = Store(program_inputs(network.inputs)[0], reading.words)
            walk = Walk(reading, store, problem.clock)
            output = walk.output()
        except (NotRead, NotCaptured, ScrutableError):
            return
        program = simplify(store.program(output), given[:256], seconds=problem.clock.at_most(2.0).left)
        aligned = walk.sites.found(store.varying(program.variables))
        found_in = {name: component for name, component in store.sites.items() if name in program.variables}
        settings = {
            "lengths": list(reading.words),
            "words": sum(map(len, reading.words.values())),
            "components": found_in,
        }
        yield Hypothesis(program, Alignment(aligned), Provenance(self.name, settings, problem.seed, SOURCES))
