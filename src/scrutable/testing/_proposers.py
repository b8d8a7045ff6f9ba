"""What every proposer promises, checked on small networks made here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.hypothesis import Hypothesis
from scrutable.network import Columns, Integers, Network
from scrutable.propose import Problem, Proposer
from scrutable.work import Clock, generator


def check_proposer(proposer: Proposer, *, seconds: float = 5.0) -> None:
    """Raise AssertionError, naming the broken promise, unless `proposer` keeps all of them.

    The promises: a name; a reason in words when a network does not suit it; hypotheses that carry a program for the
    network's own inputs and say where they came from; a stop soon after the clock has run out; the same answer for the
    same seed; inputs and outputs left as they were.
    """
    assert proposer.name and proposer.name.strip() == proposer.name, "a proposer has a name"
    for network in _networks():
        problem = _problem(network, seconds)
        reason = proposer.unsuitable(problem)
        assert reason is None or len(reason) > 3, "unsuitable() gives a reason in words, or None"
        if reason is None:
            _check_on(proposer, network, seconds)


def _networks() -> Iterator[Network]:
    pair = Columns(["a", "b"], lo=0, hi=7, integer=True)
    yield Network(lambda x: np.abs(x[:, 0] - x[:, 1]).astype(float), inputs=pair, outputs=Integers())
    yield Network(lambda x: (x[:, 0] > x[:, 1]).astype(float), inputs=pair, outputs=Integers(0, 1))


def _problem(network: Network, seconds: float) -> Problem:
    x = network.inputs.sample(64, generator(0, "conformance"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], seed=0, clock=Clock(seconds))


def _check_on(proposer: Proposer, network: Network, seconds: float) -> None:
    problem = _problem(network, seconds)
    x, y = problem.inputs.copy(), problem.outputs.copy()
    found = list(proposer.propose(problem))
    late = problem.clock.used - seconds
    assert late < max(2.0, seconds), f"stops when the clock has run out, not {late:.1f} s later"
    assert (x == problem.inputs).all() and (y == problem.outputs).all(), "leaves inputs and outputs as they were"
    for hypothesis in found:
        assert isinstance(hypothesis, Hypothesis), f"yields Hypothesis objects, not {type(hypothesis).__name__}"
        assert hypothesis.provenance.proposer == proposer.name, "says where a hypothesis came from"
        assert len(hypothesis.program(x)) == len(x), "its programs run on the network's inputs"
        assert np.isfinite(hypothesis.program.bits), "its programs have a finite description length"
    again = [h.program.source for h in proposer.propose(_problem(network, seconds))]
    shared = min(len(again), len(found))
    assert [h.program.source for h in found][:shared] == again[:shared], "same seed, same answer"
