"""Bounds hold whatever a network computes, and proofs by them agree with trying every input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_equivalence import RA, RB, A, B, case, layers, maximum, program
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.hypothesis import Hypothesis, Provenance
from scrutable.network import Category, Integers, Network, Reals, Tokens
from scrutable.program import INT, Input, Let, Program, Seq, Var, call
from scrutable.verify import Case, Equivalence, Sample
from scrutable.verify.equivalence._branch import by_bounds
from scrutable.verify.equivalence._claim import Claim
from scrutable.verify.equivalence._network_forms import BoundedNetwork
from scrutable.verify.equivalence._outcome import Outcome
from scrutable.verify.equivalence._program_forms import BoundedProgram
from scrutable.work import Clock

FOREVER = 1e18


class Residual(nn.Module):
    """Sums of branches, products, normalisation, and a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm, self.b, self.c = nn.Linear(3, 8), nn.LayerNorm(8), nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.a(x))
        h = h + F.gelu(self.b(self.norm(h)))
        return torch.softmax(self.c(h), -1) * h[:, :4] - 0.5 * h[:, 4:] ** 2


class Attending(nn.Module):
    """Three numbers as a sequence that looks at itself."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.q, self.k, self.out = nn.Linear(1, 4), nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.up(x.unsqueeze(-1))
        pattern = torch.softmax(self.q(h) @ self.k(h).transpose(1, 2) / 2, -1)
        return self.out(pattern @ h).squeeze(-1).mean(1, keepdim=True)


class Grid(nn.Module):
    """Three numbers spread on a small image, convolved and pooled."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.conv, self.out = nn.Linear(3, 16), nn.Conv2d(1, 2, 3, padding=1), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        grid = F.relu(self.conv(self.up(x).reshape(-1, 1, 4, 4)))
        return self.out(F.avg_pool2d(grid, 2).flatten(1))


class Functions(nn.Module):
    """Functions of one number, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(3, 12)

    def forward(self, x: Tensor) -> Tensor:
        a, b, c, d, e, f = self.mix(x).chunk(6, dim=1)
        waves = torch.sin(a) + torch.cos(2 * b) - torch.exp(-c.abs())
        roots = torch.sqrt(1 + d * d) + torch.log(F.softplus(e) + 1) - F.silu(f) * 0.3
        return waves + roots + F.elu(a) - F.relu6(b) + (c > 0.3).float() + d.clamp(-0.5, 0.5)


def chain(activation: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(3, 7), activation, nn.BatchNorm1d(7), nn.Linear(7, 5), activation, nn.Linear(5, 2))


MADE = {
    "relu": lambda: chain(nn.ReLU()),
    "leaky": lambda: chain(nn.LeakyReLU(0.1)),
    "sigmoid": lambda: chain(nn.Sigmoid()),
    "residual": Residual,
    "attention": Attending,
    "convolution": Grid,
    "functions": Functions,
}


def made(kind: str, seed: int) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = MADE[kind]().eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm1d):
                part.running_mean, part.running_var = torch.randn(7), torch.rand(7) + 0.5
    return Network(module, Reals(-2, 3, channels=3), Reals(channels=module(torch.zeros(2, 3)).shape[1]))


@pytest.mark.parametrize("kind", MADE)
@settings(deadline=None, max_examples=4)
@given(seed=st.integers(0, 10_000), width=st.sampled_from([2.0, 0.3, 0.01, 0.0]))
def test_bounds_hold_for_every_value_of_random_networks(kind: str, seed: int, width: float) -> None:
    network, rng = made(kind, seed), np.random.default_rng(seed)
    assert not network.no_graph
    bounded = BoundedNetwork.of(network)
    middle = rng.uniform(-1, 2, size=(5, 3))
    lo, hi = middle - width / 2, middle + width / 2
    form = bounded.outputs(bounded.inputs(lo, hi), bounded.symbols(5))
    low, high = ((end + sign * form.error).numpy()[:, None] for end, sign in zip(form.ends, (-1, 1), strict=True))
    x = np.concatenate([rng.uniform(lo[:, None], hi[:, None], (5, 60, 3)), lo[:, None], hi[:, None]], axis=1)
    raw = network.raw(x.reshape(-1, 3)).reshape(5, 62, -1)
    outside = (raw < low) | (raw > high)  # what is not a number bounds nothing, and claims nothing
    assert not outside.any()
    if width <= 0.01:
        assert np.isfinite(low).all() and (high - low).max() < 0.2


@pytest.mark.parametrize("kind", MADE)
def test_double_precision_lies_within_the_account_of_rounding(kind: str) -> None:
    network = made(kind, 3)
    bounded = BoundedNetwork.of(network)
    x = np.random.default_rng(3).uniform(-1, 2, size=(40, 3))
    form = bounded.outputs(bounded.inputs(x, x), bounded.symbols(40))
    raw = network.raw(x).reshape(40, -1)
    assert (np.abs(raw - form.centre.numpy()) <= form.error.numpy() + form.terms.abs().sum(1).numpy()).all()
    assert form.error.max() < 1e-3


EXPRESSIONS = [
    call("max", A, B),
    call("if", call("lt", A, B), A * 3 - B, B * B),
    call("mod", A * 2 + B, 5),
    call("floordiv", A - B, 3),
    call("if", call("and", call("le", A, 3), call("not", call("eq", B, 2))), 4, call("abs", A - B)),
    call("round", call("div", A, 3)),
    call("min", call("sign", A - 4), call("mod", B, 3)),
    call("floor", call("sqrt", call("abs", A * B))),
]


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
@pytest.mark.parametrize("width", [0, 1, 4])
def test_bounds_hold_for_every_value_of_programs(expr, width: int) -> None:
    claim = Claim.of(case(maximum(), program(expr, INT), inputs=Integers(-9, 9, channels=2), outputs=Integers()))
    bounded = BoundedNetwork.of(claim.case.network)
    lo = np.random.default_rng(0).integers(-9, 10 - width, size=(30, 2)).astype(float)
    form = BoundedProgram.of(claim.inputs, claim.answers).outputs(bounded.inputs(lo, lo + width), bounded.symbols(30))[
        0
    ]
    low, high = ((end + sign * form.error).numpy() for end, sign in zip(form.ends, (-1, 1), strict=True))
    steps = np.stack(np.meshgrid(*[np.arange(width + 1)] * 2), -1).reshape(-1, 2)
    for i, start in enumerate(lo.astype(int)):
        answers = claim.case.hypothesis.program(start + steps)
        assert not ((answers < low[i] - 1e-9) | (answers > high[i] + 1e-9)).any()


def by_bounds_alone(on: Case, seconds: float = FOREVER) -> Outcome:
    return by_bounds(Claim.of(on), BoundedNetwork.of(on.network), seconds)


@settings(deadline=None, max_examples=4)
@given(seed=st.integers(0, 10_000), spoiled=st.booleans())
def test_proofs_agree_with_trying_every_input(seed: int, spoiled: bool) -> None:
    rng = np.random.default_rng(seed)
    a, b, c = rng.integers(-3, 4, size=3).astype(float).tolist()
    module = layers(([[a, b], [-a, 1.0], [1.0, c]], [0.0, 1.0, -2.0]), ([[1.0, -1.0, 2.0]], [0.125]))
    x, y = int(a) * A + int(b) * B, int(a) * -1 * A + B + 1
    expr = call("max", x, 0) - call("max", y, 0) + 2 * call("max", A + int(c) * B - 2, 0)
    if spoiled:
        at = rng.integers(-6, 7, size=2).tolist()
        expr = call("if", call("and", call("eq", A, at[0]), call("eq", B, at[1])), 99, expr)
    on = case(module, program(expr, INT), inputs=Integers(-6, 6, channels=2), outputs=Integers())
    every = on.network.inputs.enumerate()
    equal = bool((on.hypothesis.program(every) == on.network.predict(every)).all())
    outcome = by_bounds_alone(on)
    assert outcome.status == ("pass" if equal else "fail")
    assert outcome.boxes < 2 * len(every)
    if outcome.row is not None:
        assert on.hypothesis.program(outcome.row) != on.network.predict(outcome.row)


def bumped(size: float, height: float) -> nn.Module:
    """max(a, b), and a ridge of this height where a is within `size` of 0.3123."""
    s = 1 / size
    return layers(
        (
            [[1.0, -1.0], [0.0, 1.0], [0.0, -1.0], [s, 0.0], [s, 0.0], [s, 0.0]],
            [0.0, 0.0, 0.0, 1 - 0.3123 * s, -0.3123 * s, -1 - 0.3123 * s],
        ),
        ([[1.0, 1.0, -1.0, height, -2 * height, height]], [0.0]),
    )


@pytest.mark.parametrize(("size", "height"), [(1e-2, 0.1), (1e-3, 0.05), (1e-4, 0.02)])
def test_a_difference_in_a_small_box_is_never_proved_away(size: float, height: float) -> None:
    on = case(bumped(size, height), program(call("max", RA, RB)), within=0.011)
    (result,) = Equivalence().apply(on)
    assert result.status in ("fail", "unknown")
    assert by_bounds_alone(on, 0.0).status == "unknown"
    settled = dict(result.details)["share settled"]
    assert result.status == "fail" or 0.5 < settled < 1


class Squares(nn.Module):
    """A product, which the solver does not take."""

    def __init__(self, extra: float) -> None:
        super().__init__()
        self.extra = nn.Parameter(torch.tensor(extra))

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :1] * x[:, 1:] + torch.tanh(x[:, :1]) + self.extra


@pytest.mark.parametrize(("extra", "status"), [(0.0, "pass"), (0.05, "pass"), (0.11, "fail")])
def test_networks_that_are_no_chain_are_proved_within_their_tolerance(extra: float, status: str) -> None:
    (result,) = Equivalence().apply(case(Squares(extra), program(RA * RB + call("tanh", RA)), within=0.1))
    assert result.status == status and "bounds" in result.method
    assert result.n == dict(result.details)["boxes"] or status == "fail"


def test_labels_and_tokens_are_bounded() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        table = nn.Embedding(40, 2)
        with torch.no_grad():
            table.weight[:, 0], table.weight[:, 1] = torch.arange(40) - 0.5, 0.0
        module = nn.Sequential(table, nn.Flatten(), Weighed())
    network = Network(module.eval(), Tokens(40, length=5), Category(2))
    x = Var("x", Seq(INT))
    item = [call("last", each, params=(0,)) for each in (call("shift", x, params=(1, 0)), x)]
    claim = Program("p", (Input("x", Seq(INT)),), (Let("y", call("if", call("lt", item[0], item[1]), 1, 0)),), ("y",))
    x = network.inputs.sample(100, np.random.default_rng(0))
    assert (claim(x) == network.predict(x)).all()
    sample = Sample(x, network.predict(x))
    on = Case(network, Hypothesis(claim, provenance=Provenance("person", {})), sample, sample, 0, Clock(60))
    outcome = by_bounds_alone(on)
    assert outcome.status == "pass" and outcome.boxes < 40 * 40 * 2, "three of the five tokens say nothing"


class Weighed(nn.Module):
    """Scores for "no" and "yes": whether the last number but one is below the last."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x: Tensor) -> Tensor:
        ahead = self.scale * (x[:, 8] - x[:, 6] - 0.5)
        return torch.stack([-ahead, ahead], 1)


def test_what_is_the_same_on_both_sides_cancels_however_large_the_box() -> None:
    straight = layers(([[3.0, -2.0]], [0.5]))
    wide = Reals(-1000, 1000, channels=2)
    outcome = by_bounds_alone(case(straight, program(RA * 3.0 - RB * 2.0 + 0.5), inputs=wide, within=0.01))
    assert outcome.status == "pass" and outcome.boxes == 1


def test_a_proof_is_no_more_than_the_network_runs_to() -> None:
    half = layers(([[1.0, 0.0]], [0.0]))
    large = Reals(0, 1e6, channels=2)
    assert by_bounds_alone(case(half, program(RA + 0.0), inputs=large, within=4.0)).status == "pass"
    assert by_bounds_alone(case(half, program(RA + 0.0), inputs=large, within=1e-3), 0.5).status != "pass"
