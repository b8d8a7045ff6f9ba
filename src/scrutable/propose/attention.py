"""Sequence programs read off transformers: attention as selectors, blocks of units as maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.network import Network
from scrutable.network.engine import NotCaptured
from scrutable.program import Program, simplify
from scrutable.propose._attention_graph import Blurred, NotRead
from scrutable.propose._attention_output import output_of
from scrutable.propose._attention_reading import Reading, read
from scrutable.propose._attention_store import Store
from scrutable.propose._attention_walk import Walk
from scrutable.propose._attention_words import words
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._inputs import program_inputs
from scrutable.work import Clock

FORESEEN = (NotRead, NotCaptured, ScrutableError, RuntimeError, ValueError, IndexError, np.linalg.LinAlgError)
"""What is raised by networks that are none of those read here: they get no hypothesis."""
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
    locates: bool = True

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
        given = np.concatenate([problem.inputs, problem.counter_inputs])
        try:
            found = decompiled(problem.network, given, seed=problem.seed, clock=problem.clock)
        except FORESEEN:
            return
        store = found.walk.store
        settings = {
            "lengths": list(store.words),
            "words": sum(map(len, store.words.values())),
            "components": {name: store.sites[name] for name in found.program.variables if name in store.sites},
        }
        alignment = Alignment(found.sites)
        yield Hypothesis(found.program, alignment, Provenance(self.name, settings, problem.seed, SOURCES))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Decompiled:
    """A program read off a transformer.

    Arguments:
        sites: where its variables live, of those that can be set apart from others. walk: how it was found.
    """

    program: Program
    sites: Mapping[str, str]
    walk: Walk


def decompiled(network: Network, given: np.ndarray, *, seed: int, clock: Clock) -> Decompiled:
    """The program of a transformer.

    Arguments:
        given: inputs, `(n, length)`, that must be among the words it is read on.

    Raises:
        NotRead: a part is none of the things that are read here. NotCaptured: its operations cannot be followed.
    """
    reading = read(network, words(network, given, seed), clock=clock)
    try:
        walk, output = _walked(network, reading, clock, uneven=False)
    except Blurred:
        walk, output = _walked(network, reading, clock, uneven=True)
    store = walk.store
    store.inlined(walk.sites.found(name for name in store.varying(store.lets) if name != output))
    program = simplify(store.program(output), given[:256], seconds=clock.at_most(2.0).left)
    return Decompiled(program, walk.sites.found(store.varying(program.variables)), walk)


def _walked(network: Network, reading: Reading, clock: Clock, *, uneven: bool) -> tuple[Walk, str]:
    walk = Walk(reading, Store(program_inputs(network.inputs)[0], reading.words), clock, uneven)
    return walk, output_of(walk)
