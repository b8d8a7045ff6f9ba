"""On a handful of inputs, all compared, the controls of the search say that they do not apply; elsewhere they do."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.guard import Guard, GuardCase, RandomWeights, Scores, ShuffledOutputs
from scrutable.hypothesis import Evidence, Hypothesis, Interval, Result
from scrutable.network import Bits, Columns, Network
from scrutable.program import BOOL, Input, Let, Program, Var, call
from scrutable.verify import Sample
from scrutable.work import Clock

ALL = Result("exhaustive", "exhaustive", "pass", 1.0, 8, Interval(1.0, 1.0, 1.0), "every input", "equal")


def case(bits: int, evidence: Evidence) -> GuardCase:
    names = list("abcdefgh")[:bits]
    network = Network(
        lambda x: (x.sum(axis=1) % 2).astype(float), inputs=Columns(names, lo=0, hi=1, integer=True), outputs=Bits()
    )
    leaves = [Var(name, BOOL) for name in names]
    parity = leaves[0]
    for leaf in leaves[1:]:
        parity = call("ne", parity, leaf)
    inputs = tuple(Input(name, BOOL) for name in names)
    program = Program("program", inputs, (Let("output", parity),), ("output",))
    x = network.inputs.enumerate()
    rows = Sample(x, network.predict(x))
    return GuardCase(
        network=network,
        hypothesis=Hypothesis(program),
        evidence=evidence,
        find=rows,
        test=rows,
        seed=0,
        clock=Clock(20),
        search=lambda *args, **options: (Hypothesis(program),),
        score=lambda network, found, x, y, *, seed: Scores(float(np.mean(found.program(x) == y))),
        search_seconds=0.01,
    )


@pytest.mark.parametrize(
    ("guard", "bits"), [(ShuffledOutputs(), 3), (RandomWeights(), 6)], ids=["shuffled", "random weights"]
)
def test_all_of_a_few_inputs_compared_leaves_nothing_to_control(guard: Guard, bits: int) -> None:
    result = guard.apply(case(bits, Evidence((ALL,))))
    assert result.status == "not applicable"
    assert f"{2**bits} inputs" in result.reason


def test_a_larger_domain_is_controlled() -> None:
    result = ShuffledOutputs().apply(case(7, Evidence((ALL,))))
    assert result.status == "pass" and result.n == 19


def test_a_small_domain_that_was_not_compared_is_controlled() -> None:
    result = ShuffledOutputs().apply(case(3, Evidence()))
    assert result.status != "not applicable"
