"""Guards pass a real finding, fire on a search that fits anything, and say when they cannot tell."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import nn

from scrutable.guard import (
    GuardCase,
    Lookup,
    RandomWeights,
    Scores,
    ShuffledOutputs,
    baseline,
    guard_all,
    shuffled_network,
)
from scrutable.guard._nulls import Null, judged
from scrutable.hypothesis import Evidence, Hypothesis, Result
from scrutable.network import Bits, Category, Columns, Integers, Network, Recurrent
from scrutable.program import INT, Const, Input, Let, Program, Scan, Seq, State, Var, call
from scrutable.work import Clock, executor, generator


@dataclass(frozen=True)
class Data:
    inputs: np.ndarray
    outputs: np.ndarray


class ParityCell(nn.Module):
    """Parity of the bits so far, in two ReLU layers: xor(s, x) = s + x - 2 relu(s + x - 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.out = nn.Linear(2, 2), nn.Linear(2, 1), nn.Linear(1, 1)
        with torch.no_grad():
            self.first.weight.copy_(torch.ones(2, 2))
            self.first.bias.copy_(torch.tensor([0.0, -1.0]))
            self.second.weight.copy_(torch.tensor([[1.0, -2.0]]))
            self.second.bias.zero_()
            self.out.weight.fill_(1.0)
            self.out.bias.zero_()

    def forward(self, state: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        state = self.second(torch.relu(self.first(torch.cat([state, x], dim=-1))))
        return state, self.out(state)


def parity_network(length: int = 8) -> Network:
    return Network(Recurrent(ParityCell(), torch.zeros(1)), inputs=Bits(length), outputs=Bits(length))


X = Var("x", Seq(INT))


def looped(next_s, output) -> Program:
    scan = Scan((("x_t", X),), (State("s", Const(0, INT), next_s),), (Let("output", output),))
    return Program("loop", (Input("x", Seq(INT)),), (scan,), ("output",))


S, X_T = Var("s", INT), Var("x_t", INT)
PARITY = looped((S + X_T) % 2, (S + X_T) % 2)
LATCH = looped(call("max", S, X_T), call("max", S, X_T))
COPY = Program("copy", (Input("x", Seq(INT)),), (Let("output", X),), ("output",))
ZERO = Program("zero", (Input("x", Seq(INT)),), (Let("output", X * 0),), ("output",))


def honest_search(network, inputs, outputs, *, seconds, seed):
    """The programs of a small list that are right on the rows at hand."""
    return tuple(Hypothesis(p) for p in (ZERO, COPY, LATCH, PARITY) if (p(inputs) == outputs).all())


def fits_anything(network, inputs, outputs, *, seconds, seed):
    """A search that claims the same program whatever it is shown."""
    return (Hypothesis(PARITY),)


def honest_score(network, hypothesis, inputs, outputs, *, seed):
    right = (hypothesis.program(inputs) == outputs).reshape(len(inputs), -1).all(axis=1)
    return Scores(float(right.mean()), None)


def flattering_score(network, hypothesis, inputs, outputs, *, seed):
    return Scores(1.0, 1.0)


def guard_case(network: Network, program: Program, **changes) -> GuardCase:
    x = network.inputs.sample(400, generator(0, "guards"))
    rows = Data(x, network.predict(x))
    given = {
        "evidence": Evidence(),
        "seed": 0,
        "clock": Clock(60),
        "search": honest_search,
        "score": honest_score,
        "search_seconds": 0.01,
    }
    half = [Data(rows.inputs[part], rows.outputs[part]) for part in (slice(0, 200), slice(200, 400))]
    return GuardCase(network, Hypothesis(program), find=half[0], test=half[1], **(given | changes))


@pytest.mark.parametrize("guard", [RandomWeights(), ShuffledOutputs(), Lookup()], ids=lambda g: g.name)
def test_a_real_finding_passes(guard) -> None:
    result = guard.apply(guard_case(parity_network(), PARITY))
    assert result.passed and result.kind == "guard" and result.name == guard.name
    if guard.name != "guard.lookup":
        details = dict(result.details)
        assert result.value == pytest.approx(0.05) and result.n == 19
        assert details["found"] == 1.0 and len(details["nulls"]) == 19 and max(details["nulls"]) < 1


def weighing() -> tuple[Network, Program]:
    """Three times a plus b, and the program that says so."""
    module = nn.Linear(2, 1)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[3.0, 1.0]]))
        module.bias.zero_()
    columns = Columns(["a", "b"], lo=0, hi=9, integer=True)
    a, b = Var("a", INT), Var("b", INT)
    program = Program("weigh", (Input("a", INT), Input("b", INT)), (Let("output", a * 3 + b),), ("output",))
    return Network(module, inputs=columns, outputs=Integers()), program


@pytest.mark.parametrize("guard", [RandomWeights(), ShuffledOutputs()], ids=lambda g: g.name)
def test_a_search_and_tests_that_fit_anything_are_frivolous(guard) -> None:
    network, program = weighing()
    fits_anything = lambda *a, **k: (Hypothesis(program),)  # noqa: E731
    result = guard.apply(guard_case(network, program, search=fits_anything, score=flattering_score))
    assert result.status == "fail" and result.value is not None and result.value > 0.2


def test_the_same_finding_passes_with_an_honest_search() -> None:
    network, program = weighing()

    def honest(network, inputs, outputs, *, seconds, seed):
        return (Hypothesis(program),) if (program(inputs) == outputs).all() else ()

    assert RandomWeights().apply(guard_case(network, program, search=honest)).passed


def test_a_search_that_claims_anything_is_caught_by_honest_scores() -> None:
    assert ShuffledOutputs().apply(guard_case(parity_network(), PARITY, search=fits_anything)).passed


def test_constant_networks_leave_nothing_to_doubt() -> None:
    network = Network(lambda x: 0 * x, inputs=Bits(8), outputs=Bits(8))
    for guard in (RandomWeights(), ShuffledOutputs(), Lookup()):
        assert guard.apply(guard_case(network, ZERO)).status == "not applicable"


def test_functions_have_no_random_weights() -> None:
    network = Network(lambda x: torch.cumsum(x, 1) % 2, inputs=Bits(8), outputs=Bits(8))
    assert "without weights" in RandomWeights().apply(guard_case(network, PARITY)).reason


def thorough(network, inputs, outputs, *, seconds, seed):
    """A search that takes all the time it is given."""
    time.sleep(seconds)
    return honest_search(network, inputs, outputs, seconds=seconds, seed=seed)


def test_too_little_time_is_unknown_and_a_null_that_is_cut_short_counts_for_nothing() -> None:
    case = guard_case(parity_network(), PARITY, search=thorough, clock=Clock(1.0), search_seconds=0.4)
    result = ShuffledOutputs().apply(case)
    assert result.status == "unknown" and "5 are needed" in result.reason
    assert 1 <= result.n <= 2


def test_nulls_whose_search_ends_early_are_no_dearer_than_that() -> None:
    assert RandomWeights().apply(guard_case(parity_network(), PARITY, clock=Clock(20.0), search_seconds=15.0)).n == 19


def test_a_simpler_mechanism_of_a_null_network_is_no_hit() -> None:
    """Untrained networks that copy their input, found out as such, are no evidence against parity."""
    result = RandomWeights().apply(
        guard_case(parity_network(), PARITY, search=lambda *a, **k: (Hypothesis(COPY),), score=flattering_score)
    )
    assert COPY.bits < PARITY.bits / 2
    assert result.passed


@pytest.mark.parametrize(
    ("hits", "count", "status"),
    [
        (0, 19, "pass"),
        (1, 19, "unknown"),
        (5, 19, "fail"),
        (0, 5, "pass"),
        (0, 4, "unknown"),
        (3, 5, "fail"),
        (0, 0, "unknown"),
        (2, 59, "pass"),
        (3, 59, "unknown"),
        (30, 59, "unknown"),
    ],
)
def test_the_rule(hits: int, count: int, status: str) -> None:
    assert judged(hits, count, lively=count) == status


@pytest.mark.parametrize(
    ("hits", "asked", "status"),
    [
        ((), 19, "pass"),
        ((3,), 59, "pass"),
        ((3, 40), 59, "pass"),
        ((3, 40, 50), 59, "unknown"),
        ((3, 4), 19, "unknown"),
    ],
)
def test_one_null_that_does_as_well_is_followed_by_a_closer_look(
    hits: tuple[int, ...], asked: int, status: str
) -> None:
    def scores(item, indices):
        del item
        return [Null(2.0 if i in hits else 0.0, 0.0, 0.0 if i < 19 else 1.0, "") for i in indices]

    result = RandomWeights().apply(guard_case(parity_network(), PARITY, score=flattering_score, map=scores))
    assert (result.n, result.status) == (asked, status)


def test_constant_nulls_do_not_hide_that_all_others_reach_it() -> None:
    assert judged(3, 19, lively=4) == "fail"


NETWORKS = (
    parity_network(),
    Network(
        nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3)),
        inputs=Columns(["a", "b", "c"], lo=0, hi=9, integer=True),
        outputs=Category(3),
    ),
    Network(nn.Linear(2, 1), inputs=Columns(["a", "b"], lo=-1.0, hi=1.0), outputs=Integers()),
)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.facts.kind)
def test_shuffled_networks_are_functions_of_the_input_with_its_outputs(network: Network) -> None:
    program = PARITY if network.recurrence is not None else ZERO
    trial = guard_case(network, program)
    null, other = (shuffled_network(trial, index) for index in (0, 1))
    x = network.inputs.sample(500, generator(3, "shuffled"))
    said = null.predict(x)
    assert said.shape == network.predict(x).shape and said.dtype == network.predict(x).dtype
    assert (null.predict(x[::-1])[::-1] == said).all()
    assert set(np.unique(said)) <= set(np.unique(network.predict(trial.find.inputs)))
    assert (network.recurrence is None) == (null.recurrence is None)
    if len(np.unique(network.predict(x))) > 1:
        assert (other.predict(x) != said).any()


def test_shuffled_bits_are_fair() -> None:
    null = shuffled_network(guard_case(parity_network(), PARITY), 0)
    x = null.inputs.sample(2000, generator(4, "fair"))
    said = null.predict(x)
    assert abs(said.mean() - 0.5) < 0.1
    assert abs(np.corrcoef(said[:, -1], x.sum(axis=1) % 2)[0, 1]) < 0.1
    assert abs(np.corrcoef(said[:, -1], x[:, -1])[0, 1]) < 0.15


def test_lookup_fires_when_remembering_would_do() -> None:
    network = parity_network(length=3)
    rich = looped(
        (S + X_T) % 2, call("add", (S + X_T) % 2, call("table", X_T, params=(tuple(((i,), 0) for i in range(60)), 0)))
    )
    assert Lookup().apply(guard_case(network, rich)).status == "fail"
    whole = Result("exhaustive", "exhaustive", "pass", 1.0, 8, None, "census", "equal")
    assert Lookup().apply(guard_case(network, rich, evidence=Evidence((whole,)))).status == "not applicable"


def test_the_baseline_of_a_memoryless_network_is_its_table() -> None:
    network = Network(lambda x: 1 - x, inputs=Bits(8), outputs=Bits(8))
    remembering, memoryless = guard_case(network, PARITY), guard_case(network, COPY)
    assert baseline(remembering, remembering.find, remembering.test) == 1.0
    assert baseline(memoryless, memoryless.find, memoryless.test) < 0.1


def test_all_guards_and_processes_give_the_same_as_one() -> None:
    trial = guard_case(parity_network(), PARITY)
    alone = guard_all(trial)
    assert [r.name for r in alone] == ["guard.lookup", "guard.random_weights", "guard.shuffled_outputs"]
    again = guard_all(replace(trial, map=executor(1).map, clock=Clock(60)))
    assert alone == again
