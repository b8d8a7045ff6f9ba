"""Proofs about small networks: right programs are proved, wrong ones refuted, and nothing else is claimed."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest
import torch
from planted import adder_network, adder_program
from torch import Tensor, nn

from scrutable.hypothesis import Hypothesis, Provenance
from scrutable.network import Bits, Category, Columns, Domain, Integers, Network, Reals
from scrutable.program import BOOL, INT, REAL, Expr, Input, Let, Program, Type, Var, call
from scrutable.verify import Case, Equivalence, Sample
from scrutable.verify.equivalence._layer_bounds import bounds_of
from scrutable.work import Clock

RA, RB = Var("a", REAL), Var("b", REAL)
A, B = Var("a", INT), Var("b", INT)


def program(expr: Expr, type_: Type = REAL) -> Program:
    return Program("p", (Input("a", type_), Input("b", type_)), (Let("y", expr),), ("y",))


def layers(*weights: tuple[list[list[float]], list[float]]) -> nn.Module:
    """Linear layers with these weights and biases, relu between them."""
    parts: list[nn.Module] = []
    for weight, bias in weights:
        layer = nn.Linear(len(weight[0]), len(weight))
        layer.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
        parts += [layer, nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def maximum() -> nn.Module:
    """max(a, b) = relu(a - b) + relu(b) - relu(-b)."""
    return layers(([[1.0, -1.0], [0.0, 1.0], [0.0, -1.0]], [0.0] * 3), ([[1.0, 1.0, -1.0]], [0.0]))


@cache
def trained(sizes: tuple[int, ...], seed: int = 0, steps: int = 400) -> nn.Module:
    """A network trained a little on the maximum of its inputs."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts = [part for a, b in zip(sizes, sizes[1:], strict=False) for part in (nn.Linear(a, b), nn.ReLU())]
        module = nn.Sequential(*parts[:-1])
        optimiser = torch.optim.Adam(module.parameters(), lr=1e-2)
        for _ in range(steps):
            x = torch.rand(256, sizes[0]) * 2 - 1
            loss = ((module(x)[:, 0] - x.max(dim=1).values) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return module


def case(
    module: nn.Module,
    hypothesis: Program,
    *,
    inputs: Domain | None = None,
    outputs: Domain | None = None,
    within: float | None = None,
    mode: str = "exact",
    seconds: float = 60.0,
) -> Case:
    network = Network(module.eval(), inputs or Reals(-1, 1, channels=2), outputs or Reals())
    samples = []
    for seed in (0, 1):
        x = network.inputs.sample(200, np.random.default_rng(seed))
        samples.append(Sample(x, network.predict(x)))
    claim = Hypothesis(hypothesis, provenance=Provenance("person", {"mode": mode}), within=within)
    return Case(network, claim, *samples, seed=0, clock=Clock(seconds))


def largest_difference(on: Case) -> float:
    x = on.network.inputs.sample(50_000, np.random.default_rng(5))
    return float(np.abs(on.network.predict(x) - on.hypothesis.program(x)).max())


def only(on: Case):
    (result,) = Equivalence().apply(on)
    return result


def test_a_planted_maximum_is_proved() -> None:
    result = only(case(maximum(), program(call("max", RA, RB)), within=1e-5))
    assert result.passed and result.value == 1.0 and result.kind == "exhaustive"
    assert "proved within 1e-05 on all of Reals" in result.reason and "rounding" in result.reason


def test_a_claim_below_the_rounding_is_not_proved() -> None:
    result = only(case(maximum(), program(call("max", RA, RB)), within=1e-9))
    assert result.status == "unknown" and "rounding" in result.reason and result.value is None


@pytest.mark.parametrize("where", [0.25, -0.999, 0.7124])
def test_an_error_in_a_tiny_corner_is_found(where: float) -> None:
    inside = call("and", call("lt", where - 1e-4, RA), call("lt", RA, where + 1e-4), call("lt", 0.998, RB))
    wrong = program(call("if", inside, call("max", RA, RB) + 0.5, call("max", RA, RB)))
    result = only(case(maximum(), wrong, within=1e-3))
    assert result.status == "fail"
    (example,) = result.counter_examples
    assert abs(example.input[0] - where) <= 1e-4 and abs(example.expected - example.got) > 0.49


@pytest.mark.parametrize("sizes", [(2, 4, 4, 1), (2, 8, 8, 1), (3, 6, 1)])
def test_trained_networks_are_proved_to_their_largest_error_and_no_further(sizes: tuple[int, ...]) -> None:
    names = ("a", "b") if sizes[0] == 2 else ("x0", "x1", "x2")
    inputs = [Var(name, REAL) for name in names]
    claim = Program("p", tuple(Input(v.name, REAL) for v in inputs), (Let("y", call("max", *inputs)),), ("y",))
    loose = case(trained(sizes), claim, within=1.0, inputs=Reals(-1, 1, channels=sizes[0]))
    error = largest_difference(loose)
    for factor, status in ((1.5, "pass"), (0.9, "fail")):
        tight = case(trained(sizes), claim, within=factor * error, inputs=Reals(-1, 1, channels=sizes[0]))
        assert only(tight).status == status, factor


def test_whole_numbers_are_proved_as_decoded() -> None:
    wide = Integers(-4000, 4000, channels=2)
    right = program(call("max", A, B), INT)
    result = only(case(maximum(), right, inputs=wide, outputs=Integers()))
    assert result.passed and "proved equal on all of Integers(-4000, 4000, channels=2)" in result.reason
    wrong = program(call("if", call("eq", A * 3 + B, 5555), A, call("max", A, B)), INT)
    refuted = only(case(maximum(), wrong, inputs=wide, outputs=Integers()))
    assert refuted.status == "fail"
    a, b = refuted.counter_examples[0].input
    assert 3 * a + b == 5555


def test_halves_are_left_to_rounding() -> None:
    half = layers(([[0.5, 0.0]], [0.0]))
    result = only(
        case(
            half,
            program(call("round", call("div", A, 2)), INT),
            inputs=Integers(0, 9000, channels=2),
            outputs=Integers(),
        )
    )
    assert result.status == "unknown", "odd numbers are halved to ties"
    quarter = layers(([[1.0, 0.0]], [0.25]))
    assert only(case(quarter, program(A, INT), inputs=Integers(0, 9000, channels=2), outputs=Integers())).passed


def test_bits_with_a_margin_are_proved() -> None:
    wide, margin = Integers(0, 5000, channels=2), layers(([[1.0, -1.0]], [0.0]))
    above = program(call("lt", B, A), INT)
    outputs = Bits(threshold=0.5)
    assert only(case(margin, above, inputs=wide, outputs=outputs)).passed
    off = program(call("le", B, A), INT)
    assert only(case(margin, off, inputs=wide, outputs=outputs)).status == "fail"


def test_labels_with_a_margin_are_proved_and_boundaries_are_not() -> None:
    scores = layers(([[1.0, 0.0], [0.0, 1.0]], [0.25, 0.0]))
    whole, answer = Integers(-3000, 3000, channels=2), call("if", call("le", B, A), 0, 1)
    assert only(case(scores, program(answer, INT), inputs=whole, outputs=Category(2))).passed
    wrong = call("if", call("lt", B, A), 0, 1)
    assert only(case(scores, program(wrong, INT), inputs=whole, outputs=Category(2))).status == "fail"
    real = call("if", call("le", RB - RA, 0.25), 0, 1)
    close = only(case(scores, program(real), outputs=Category(2)))
    assert close.status in ("unknown", "fail"), "on its boundary a real network decides by rounding"
    with_softmax = nn.Sequential(scores, nn.Softmax(dim=-1))
    assert (
        only(
            case(with_softmax, program(answer, INT), inputs=Integers(-20, 2**22, channels=2), outputs=Category(2))
        ).status
        != "fail"
    )


class Threshold(nn.Module):
    """Two threshold units: a > 2.5, and a + b above or at another number."""

    def __init__(self, at: float) -> None:
        super().__init__()
        self.units = layers(([[1.0, 0.0], [1.0, 1.0]], [-2.5, -at]))

    def forward(self, x: Tensor) -> Tensor:
        steps = (self.units(x) >= 0).float()
        return steps[:, 0] + 2 * steps[:, 1]


def test_steps_with_a_margin_are_proved() -> None:
    def of(at: float, least: int) -> Case:
        first, second = call("if", call("lt", least, A), 1, 0), call("if", call("le", 1000, A + B), 2, 0)
        wide = Integers(0, 5000, channels=2)
        return case(Threshold(at), program(first + second, INT), inputs=wide, outputs=Integers())

    assert only(of(999.5, 2)).passed
    assert only(of(1000.0, 2)).status != "fail", "a + b = 1000 lies on the edge of the second step"
    assert only(of(999.5, 3)).status == "fail"


def test_truth_values_and_columns_are_taken_as_they_are() -> None:
    flags = Columns(["a", "b"], lo=(0, -9000.0), hi=(1, 9000.0), integer=(True, False))
    module = layers(([[2.0, 0.5]], [0.0]))
    claim = Program(
        "p", (Input("a", BOOL), Input("b", REAL)), (Let("y", call("if", Var("a", BOOL), 2.0, 0.0) + RB * 0.5),), ("y",)
    )
    assert only(case(module, claim, inputs=flags, within=0.01)).passed


class Median(nn.Module):
    """The middle one of three numbers, which nothing here can bound."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, x.sum(1, keepdim=True)], 1).median(1).values


NOT_FOR_IT = [
    (lambda: case(Median(), program(RA)), "median has no bounds; the network is no chain"),
    (lambda: case(maximum(), program(RA), inputs=Reals(-1, 1, channels=2), mode="approximate"), "approximate"),
    (lambda: case(maximum(), program(RA), outputs=Integers()), "answers are real"),
]


@pytest.mark.parametrize(("make", "reason"), NOT_FOR_IT)
def test_what_it_is_not_for_is_said(make, reason: str) -> None:
    result = only(make())
    assert result.status == "not applicable" and reason in result.reason


def test_few_inputs_are_compared_and_networks_with_a_state_are_left_alone() -> None:
    small = case(maximum(), program(call("max", A, B), INT), inputs=Integers(0, 9, channels=2), outputs=Integers())
    assert only(small).name == "exhaustive" and only(small).n == 100
    network = adder_network(length=12)
    x = network.inputs.sample(20, np.random.default_rng(0))
    sample = Sample(x, network.predict(x))
    result = only(Case(network, Hypothesis(adder_program()), sample, sample, 0, Clock(9)))
    assert result.status == "not applicable" and "state" in result.reason


def test_time_is_respected() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        wide = nn.Sequential(nn.Linear(4, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1))
    names = [Var(f"x{i}", REAL) for i in range(4)]
    claim = Program("p", tuple(Input(v.name, REAL) for v in names), (Let("y", call("max", *names)),), ("y",))
    on = case(wide, claim, inputs=Reals(-1, 1, channels=4), within=2.0, seconds=6.0)
    began = time.process_time()
    result = only(on)
    assert result.status in ("unknown", "pass", "fail")
    assert time.process_time() - began < 30, "in processor time, since other work may slow this one down"


def test_bounds_hold_for_every_value_and_every_rounding() -> None:
    rng = np.random.default_rng(0)
    for seed in range(5):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = nn.Sequential(nn.Linear(3, 7), nn.LeakyReLU(0.1), nn.Linear(7, 5), nn.Hardtanh(), nn.Linear(5, 2))
        network = Network(module, Reals(-2, 3, channels=3), Category(2))
        assert network.layers is not None
        last = bounds_of(network.layers, np.full(3, -2.0), np.full(3, 3.0), unit=2.0**-24)[-1]
        x = network.inputs.sample(2000, rng)
        raw = network.raw(x)
        exact = Network(module.double(), Reals(-2, 3, channels=3), Category(2)).raw(x)
        assert (raw >= last.lo - last.error).all() and (raw <= last.hi + last.error).all()
        assert (np.abs(raw - exact) <= last.error).all()
