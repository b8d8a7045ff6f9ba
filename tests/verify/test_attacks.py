"""Attacks find what random inputs do not: errors planted in thin slices, at corners and near boundaries."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from scrutable.hypothesis import Hypothesis
from scrutable.network import Bits, Category, Columns, Domain, Integers, Network, Reals
from scrutable.program import INT, REAL, Expr, Input, Let, Program, Var, call
from scrutable.verify import Case, Equivalence, Sample, find_counter_examples
from scrutable.verify._ascent import distance, gradient_ascent, greedy_ascent
from scrutable.verify._boundaries import boundaries, corners
from scrutable.verify._inputs import Box
from scrutable.work import Clock, generator

RX = [Var(f"x{i}", REAL) for i in range(6)]
IX = [Var(f"x{i}", INT) for i in range(12)]


def program(expr: Expr, variables: list[Var]) -> Program:
    return Program("p", tuple(Input(v.name, v.type) for v in variables), (Let("y", expr),), ("y",))


def case(network: Network, claim: Program, *, n: int = 200, within: float | None = None, seconds: float = 60) -> Case:
    samples = []
    for seed in (0, 1):
        x = network.inputs.sample(n, np.random.default_rng(seed))
        samples.append(Sample(x, network.predict(x)))
    return Case(network, Hypothesis(claim, within=within), *samples, seed=0, clock=Clock(seconds))


def total(variables: list[Var]) -> Expr:
    expr: Expr = variables[0]
    for v in variables[1:]:
        expr = expr + v
    return expr


class Slope(nn.Module):
    """The sum of its inputs, and a slow rise that only shows far out along one direction."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        alternating = x @ torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
        return x.sum(dim=1, keepdim=True) + 0.15 * torch.nn.functional.softplus(alternating - 3)[:, None]


def test_gradient_ascent_climbs_to_where_random_inputs_do_not_come() -> None:
    network = Network(Slope(), Reals(-1, 1, channels=6), Reals())
    on = case(network, program(total(RX), RX), within=0.4)
    x = network.inputs.sample(20_000, np.random.default_rng(7))
    assert np.abs(network.predict(x) - on.hypothesis.program(x)).max() < 0.4, "random inputs find nothing"
    climbed = np.concatenate(list(gradient_ascent(on, on.find.inputs, generator(0, "test"))))
    assert (np.abs(climbed) <= 1).all()
    assert np.abs(network.predict(climbed) - on.hypothesis.program(climbed)).max() > 0.4
    found = find_counter_examples(on, 4)
    assert len(found)
    assert (np.abs(on.hypothesis.program(found.inputs) - network.predict(found.inputs)) > 0.4).all()


def test_gradient_ascent_subtracts_the_programs_own_slope() -> None:
    """The network rises everywhere; only where it rises faster than the program is there anything to find."""
    network = Network(Slope(), Reals(-1, 1, channels=6), Reals())
    on = case(network, program(total(RX), RX), within=0.4)
    for batch in gradient_ascent(on, on.find.inputs, generator(0, "test")):
        last = batch
    signs = np.sign(last[:8]) if len(last) else np.zeros((1, 6))
    assert (signs == [1, -1, 1, -1, 1, -1]).all(axis=1).any()


def labelled(shift: float) -> Network:
    """Two labels, apart at x0 + x1 = shift."""
    module = nn.Linear(2, 2)
    module.load_state_dict({"weight": torch.tensor([[0.0, 0.0], [1.0, 1.0]]), "bias": torch.tensor([0.0, -shift])})
    return Network(module, Reals(-1, 1, channels=2), Category(2))


@pytest.mark.parametrize("off", [1e-2, 1e-3, 1e-4, -1e-4])
def test_boundaries_that_are_a_little_off_are_found(off: float) -> None:
    claim = program(call("if", call("lt", 0.25 + off, RX[0] + RX[1]), 1, 0), RX[:2])
    on = case(labelled(0.25), claim)
    edge = boundaries(on, on.find.inputs, generator(0, "test"))
    assert (on.network.predict(edge) != claim(edge)).any()
    assert len(find_counter_examples(on, 8))


def test_ascent_on_labels_crosses_the_boundary() -> None:
    claim = program(call("if", call("lt", 3, RX[0] + RX[1]), 1, 0), RX[:2])
    on = case(labelled(1.9), claim, n=20)
    climbed = np.concatenate(list(gradient_ascent(on, on.find.inputs, generator(0, "test"))))
    assert (on.network.predict(climbed) == 1).any(), "one in 800 random inputs"


def test_corners_of_hidden_units_are_found() -> None:
    module = nn.Sequential(nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 1))
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), ([[1.0, -1.0]], [-0.3], [[2.0]], [0.0]), strict=True):
            parameter.copy_(torch.tensor(value))
    network = Network(module, Reals(-1, 1, channels=2), Reals())
    on = case(network, program(RX[0], RX[:2]))
    found = corners(on, on.find.inputs, generator(0, "test"))
    assert len(found)
    assert np.abs(found[:, 0] - found[:, 1] - 0.3).max() < 1e-5


def test_conditions_of_a_program_are_boundaries_too() -> None:
    inside = call("and", call("lt", 0.5, RX[0]), call("lt", RX[0], 0.50001))
    claim = program(call("if", inside, 5.0, RX[1]), RX[:2])
    network = Network(nn.Linear(2, 1), Reals(-1, 1, channels=2), Reals())
    edge = boundaries(case(network, claim), network.inputs.sample(400, np.random.default_rng(0)), generator(0, "t"))
    assert np.abs(edge[:, 0, None] - [0.5, 0.50001]).min(axis=1).max() < 1e-5


class Password(nn.Module):
    """One bit: whether enough of twenty bits are as they should be; the code is full for a single input."""

    code = torch.tensor([1.0, 0.0] * 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu((x == self.code).float().sum(dim=1) - 19)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_greedy_ascent_finds_the_one_input_when_there_is_a_slope(seed: int) -> None:
    class Sloped(Password):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 0.026 * (x == self.code).float().sum(dim=1)  # above a half for the full code alone

    network = Network(Sloped(), Bits(channels=20), Bits())
    inputs = [Var(f"x{i}", INT) for i in range(20)]
    on = case(network, program(inputs[0] * 0, inputs), n=400)
    tried = np.concatenate(list(greedy_ascent(on, on.find.inputs, generator(seed, "test"))))
    assert (network.predict(tried) == 1).any()
    assert find_counter_examples(on, 3).inputs.tolist() == [[1, 0] * 10]


def test_greedy_ascent_stays_inside_the_domain() -> None:
    network = Network(nn.Linear(3, 4), Integers(-2, 5, channels=3), Category(4))
    on = case(network, program(IX[0] * 0, IX[:3]))
    for batch in greedy_ascent(on, on.find.inputs, generator(0, "test")):
        assert not network.inputs.problems(batch)


def test_whole_columns_stay_whole_in_every_attack() -> None:
    mixed = Columns(["x0", "x1"], lo=(0, -1.0), hi=(9, 1.0), integer=(True, False))
    network = Network(nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2)), mixed, Category(2))
    claim = Program(
        "p", (Input("x0", INT), Input("x1", REAL)), (Let("y", call("if", call("lt", 0, RX[1]), 1, 0)),), ("y",)
    )
    on = case(network, claim)
    rng = generator(0, "test")
    attacks = [boundaries(on, on.find.inputs, rng), corners(on, on.find.inputs, rng)]
    attacks += list(gradient_ascent(on, on.find.inputs, rng)) + [Box(mixed, on.find.inputs).draw(100, rng)]
    for batch in attacks:
        assert not len(batch) or not mixed.problems(batch)
    found = find_counter_examples(on, 5)
    assert len(found) == 5
    assert not mixed.problems(found.inputs)


def test_found_inputs_are_real_distinct_and_capped() -> None:
    on = case(labelled(0.2), program(call("if", call("lt", 0, RX[0] + RX[1]), 1, 0), RX[:2]))
    found = find_counter_examples(on, 7)
    assert len(found) == 7
    assert len(np.unique(found.inputs, axis=0)) == 7
    assert (on.network.predict(found.inputs) == found.outputs).all()
    assert (on.hypothesis.program(found.inputs) != found.outputs).all()


def test_right_programs_survive_every_attack() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    with torch.no_grad():
        values = ([[1.0, -1.0], [-1.0, 1.0]], [0.0, 0.0], [[1.0, 1.0]], [0.0])
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(value))
    on = case(Network(module, Reals(-1, 1, channels=2), Reals()), program(call("abs", RX[0] - RX[1]), RX[:2]))
    assert not len(find_counter_examples(on, 5))
    whole = Network(module, Integers(-50, 50, channels=2), Integers())
    assert not len(find_counter_examples(case(whole, program(call("abs", IX[0] - IX[1]), IX[:2])), 5))


def test_distance_is_how_near_the_network_is_to_leaving_the_answer() -> None:
    on = case(labelled(0.0), program(call("if", call("lt", 0, RX[0]), 1, 0), RX[:2]))
    x = np.array([[0.5, 0.25], [0.5, -0.75], [-0.5, 0.125]])
    np.testing.assert_allclose(distance(on, x), [-0.75, 0.25, -0.375], atol=1e-6)


def test_an_over_long_domain_stops_with_the_clock() -> None:
    network = Network(nn.Linear(21, 2), Bits(channels=21), Category(2))
    inputs = [Var(f"x{i}", INT) for i in range(21)]
    score = network.layers[0].weight[1] - network.layers[0].weight[0]  # type: ignore[index, union-attr]
    bias = network.layers[0].bias[1] - network.layers[0].bias[0]  # type: ignore[index, union-attr]
    expr: Expr = inputs[0] * float(score[0])
    for v, w in zip(inputs[1:], score[1:], strict=True):
        expr = expr + v * float(w)
    claim = program(call("if", call("lt", -float(bias), expr), 1, 0), inputs)
    (result,) = Equivalence().apply(case(network, claim, seconds=0.4))
    assert result.status == "unknown"
    assert "time ran out after" in result.reason and "of 2097152" in result.reason


@pytest.mark.slow
def test_two_million_inputs_are_compared() -> None:
    network = Network(nn.Linear(21, 1), Bits(channels=21), Bits(threshold=-1000.0))
    inputs = [Var(f"x{i}", INT) for i in range(21)]
    wrong = program(call("if", call("lt", 20, total(inputs)), 0, 1), inputs)
    (result,) = Equivalence().apply(case(network, wrong, seconds=600))
    assert result.status == "fail"
    assert result.n == 2**21
    assert dict(result.details)["disagreements"] == 1


@pytest.mark.parametrize(
    "domain", [Integers(-1, 2, channels=3), Bits(5), Columns(["a", "b"], lo=0, hi=(2, 3), integer=True)]
)
def test_items_are_the_enumeration_in_parts(domain: Domain) -> None:
    whole = domain.enumerate()
    parts = [domain.items(np.arange(start, min(len(whole), start + 5))) for start in range(0, len(whole), 5)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
