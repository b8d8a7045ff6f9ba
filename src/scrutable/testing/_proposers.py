"""What every proposer promises, checked on small networks made here."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from scrutable.errors import ScrutableError
from scrutable.hypothesis import Hypothesis
from scrutable.network import Network
from scrutable.program import BOOL, Array, Input, Seq, Type
from scrutable.propose import Problem, Proposer
from scrutable.propose._inputs import program_inputs
from scrutable.testing._networks import networks
from scrutable.work import Clock, generator

ROWS = 64
LATE = 2.0
MOST = 64
"""So many hypotheses are looked at for each network."""


def check_proposer(proposer: Proposer, *, seconds: float = 5.0) -> None:
    """Raise AssertionError, naming the broken promise and the network, unless `proposer` keeps all of them.

    The promises:

    - a name, and a reason in words when a network does not suit it;
    - `Hypothesis` objects with a program for the network's own inputs, which gives answers of the right shape there,
      and a provenance that names the proposer and holds plain data;
    - nothing judged: no evidence; a claimed accuracy only for real outputs, and then a finite one;
    - a stop soon after the clock has run out, at once when it had run out before;
    - the same answer for the same seed, when there is time enough;
    - inputs, outputs and the network left as they were, and no exceptions.

    The networks have whole numbers, truths, real numbers, bits, labels, sequences, many columns and an image; a
    proposer may call any of them unsuitable.

    Cost: at most about twice `seconds` for each of the nine networks.
    """
    assert proposer.name and proposer.name.strip() == proposer.name, "a proposer has a name"
    for what, network in networks():
        try:
            _check_on(proposer, network, seconds)
        except AssertionError as error:
            raise AssertionError(f"on a network with {what}: {error}") from error


def _problem(network: Network, clock: Clock) -> Problem:
    x = network.inputs.sample(ROWS, generator(0, "conformance"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], seed=0, clock=clock)


def _check_on(proposer: Proposer, network: Network, seconds: float) -> None:
    problem = _problem(network, Clock(seconds))
    reason = _unsuitable(proposer, problem)
    if reason is not None:
        assert isinstance(reason, str) and len(reason) > 3, "unsuitable() gives a reason in words, or None"
        return
    problem = _problem(network, Clock(seconds))
    x, y = problem.inputs.copy(), problem.outputs.copy()
    found = _proposed(proposer, problem)
    late = problem.clock.used - seconds
    assert late < max(LATE, seconds), f"stops when the clock has run out, not {late:.1f} s later"
    unchanged = np.array_equal(x, problem.inputs) and np.array_equal(y, problem.outputs)
    assert unchanged, "leaves inputs and outputs as they were"
    assert np.array_equal(network.predict(x), y), "leaves the network as it was"
    for hypothesis in found:
        _check_hypothesis(proposer, hypothesis, problem)
    quick = problem.clock.used < seconds / 2
    problem = _problem(network, Clock(seconds))
    again = _proposed(proposer, problem)
    if quick and problem.clock.used < seconds / 2:
        assert [h.program.source for h in found] == [h.program.source for h in again], "same seed, same answer"
    _check_stopped(proposer, network)


def _unsuitable(proposer: Proposer, problem: Problem) -> str | None:
    try:
        return proposer.unsuitable(problem)
    except Exception as error:
        raise AssertionError(f"unsuitable() raises nothing, not {type(error).__name__}: {error}") from error


def _proposed(proposer: Proposer, problem: Problem) -> list[Any]:
    try:
        return [each for each, _ in zip(proposer.propose(problem), range(MOST), strict=False)]
    except Exception as error:
        raise AssertionError(f"propose() raises nothing, not {type(error).__name__}: {error}") from error


def _check_stopped(proposer: Proposer, network: Network) -> None:
    clock = Clock(0.0)
    _proposed(proposer, _problem(network, clock))
    assert clock.used < LATE, f"stops at once when the clock had run out before, not after {clock.used:.1f} s"


def _check_hypothesis(proposer: Proposer, hypothesis: Any, problem: Problem) -> None:
    assert isinstance(hypothesis, Hypothesis), f"yields Hypothesis objects, not {type(hypothesis).__name__}"
    provenance = hypothesis.provenance
    assert provenance.proposer == proposer.name, "says where a hypothesis came from"
    assert _plain(dict(provenance.settings)), "its settings are plain data, as JSON has them"
    assert not list(hypothesis.evidence), "judges nothing: its hypotheses carry no evidence"
    expected = program_inputs(problem.network.inputs)
    assert _same_inputs(hypothesis.program.inputs, expected, problem), (
        f"its programs take the network's inputs, {', '.join(each.name for each in expected)}, in this order"
    )
    assert np.isfinite(hypothesis.program.bits), "its programs have a finite description length"
    _check_answers(hypothesis, problem)
    _check_claim(hypothesis, problem)


def _same_inputs(inputs: tuple[Input, ...], expected: tuple[Input, ...], problem: Problem) -> bool:
    """Whether these are the network's inputs. Those that hold only 0 and 1 may be taken as truth values."""
    binary = all((each.lo, each.hi) == (0, 1) for each in problem.network.inputs.ranges)
    truths = tuple(Input(each.name, _as_truths(each.type)) for each in expected)
    return inputs == expected or (binary and inputs == truths)


def _as_truths(type_: Type) -> Type:
    match type_:
        case Array(shape, item):
            return Array(shape, _as_truths(item))
        case Seq(item):
            return Seq(_as_truths(item))
    return BOOL


def _check_answers(hypothesis: Hypothesis, problem: Problem) -> None:
    try:
        said = np.asarray(hypothesis.program(problem.inputs))
    except ScrutableError as error:
        raise AssertionError(f"its programs run on the network's inputs: {error}") from error
    shape = problem.outputs.shape
    constant = said.shape == shape[:1]  # one answer for all steps
    assert said.shape == shape or constant or said.size == problem.outputs.size, (
        f"its programs give answers of the network's shape {shape}, not {said.shape}"
    )


def _check_claim(hypothesis: Hypothesis, problem: Problem) -> None:
    if hypothesis.within is None:
        return
    assert problem.network.outputs.kind == "Reals", "claims an accuracy (`within`) for real outputs only"
    assert np.isfinite(hypothesis.within) and hypothesis.within >= 0, "an accuracy claimed is a finite number from 0 on"


def _plain(data: dict[str, Any]) -> bool:
    try:
        return json.loads(json.dumps(data)) is not None
    except (TypeError, ValueError):
        return False
