"""Variables with a value at each position, which a network may hold in another way at each of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scrutable.bench.trained._store import kept, network_of
from scrutable.hypothesis import Alignment, Hypothesis, Result
from scrutable.network import Category, Network, Tokens
from scrutable.program import INT, Expr, Input, Let, Program, Seq, Var, call
from scrutable.verify import Case, Interchange, Sample
from scrutable.work import Clock, generator

LENGTH = 9
SIGNS = torch.tensor([1.0, -1.0] * 5)[:LENGTH]
X, MOVED = Var("x", Seq(INT)), Var("moved", Seq(INT))


class Held(nn.Module):
    """A token as one or minus one, the other way round at every second position."""

    def forward(self, x: Tensor) -> Tensor:
        signed = (2.0 * x - 1) * SIGNS
        return torch.stack([signed, SIGNS.expand_as(signed)], dim=-1)


class Majority(nn.Module):
    """Everywhere, whether more than half of the tokens are ones."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Held()

    def forward(self, x: Tensor) -> Tensor:
        total = (self.held(x)[..., 0] * SIGNS).sum(1, keepdim=True).expand(-1, LENGTH)
        return torch.stack([-total, total], dim=-1)


class Before(nn.Module):
    """The token before, at the first position the token itself."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x[:, :1], x[:, :-1]], dim=1)[..., None].float()


class WithTheOneBefore(nn.Module):
    """Each token and the one before added up; of the first what is held there alone."""

    def __init__(self) -> None:
        super().__init__()
        self.held = Before()

    def forward(self, x: Tensor) -> Tensor:
        held = self.held(x)[..., 0]
        total = torch.where(torch.arange(LENGTH) > 0, x + held, held)
        return -((total[..., None] - torch.arange(3.0)) ** 2)


def interchange_of(moved: Expr) -> Result:
    more = call("lt", LENGTH // 2, call("width", call("select", MOVED, 1, params=("eq",))))
    lets = (Let("moved", moved), Let("output", call("if", more, 1, 0)))
    return measured(Program("p", (Input("x", Seq(INT)),), lets, ("output",)), Majority(), answers=2)


def measured(said: Program, module: nn.Module, *, answers: int) -> Result:
    network = Network(module, inputs=Tokens(2, length=LENGTH), outputs=Category(answers, length=LENGTH))
    x = network.inputs.enumerate()[generator(0, "rows").permutation(2**LENGTH)]
    assert np.array_equal(said(x), network.predict(x))
    find, test = (Sample(part, network.predict(part)) for part in (x[::2], x[1::2]))
    case = Case(network, Hypothesis(said, Alignment({"moved": "held"})), find, test, 0, Clock(60))
    return next(each for each in Interchange().apply(case) if each.name == "interchange")


def test_what_is_held_otherwise_at_each_position_is_found() -> None:
    assert interchange_of(X).passed


def test_the_token_of_another_position_is_not_found() -> None:
    mirrored = call("sub", call("sub", call("length", X), 1), call("position", X))
    elsewhere = call("pick", call("select", call("position", X), mirrored, params=("eq",)), X, params=(0,))
    assert interchange_of(elsewhere).status == "fail"


def before(first: int) -> Result:
    """Of the token before, `first` at the first position, which makes no difference to the answers."""
    place = call("position", X)
    moved = call("pick", call("select", place, place - 1, params=("eq",)), X, params=(0,))
    moved = call("if", call("eq", place, 0), call("mul", X, first), moved)
    used = call("if", call("eq", place, 0), 0, MOVED)
    lets = (Let("moved", moved), Let("output", X + used))
    return measured(Program("p", (Input("x", Seq(INT)),), lets, ("output",)), WithTheOneBefore(), answers=3)


def test_a_place_may_hold_anything_where_the_variable_never_varies() -> None:
    assert before(0).passed


def test_but_not_where_it_does() -> None:
    assert before(1).status == "fail"


@pytest.mark.slow
def test_what_a_place_holds_where_the_variable_never_varies_shows_what_else_it_holds() -> None:
    """Of the first token no earlier one can be the same, and only there the count does not blur the token itself."""
    network = network_of(next(facts for facts in kept() if facts.name == "first_time.gpt2.0"))
    place = call("position", X)
    earlier = call("select", place, place, params=("lt",))
    count = call("width", call("and", call("select", X, X, params=("eq",)), earlier))
    lets = (Let("count", count), Let("output", call("eq", Var("count", X.type), 0)))
    said = Program("p", (Input("x", X.type),), lets, ("output",))
    x = np.unique(network.inputs.sample(6000, generator(0, "rows")), axis=0)
    x = x[generator(1, "rows").permutation(len(x))]
    find, test = (Sample(part, network.predict(part)) for part in (x[::2], x[1::2]))
    case = Case(network, Hypothesis(said, Alignment({"count": "stack.h.0.mlp.act"})), find, test, 0, Clock(120))
    result = next(each for each in Interchange().apply(case) if each.name == "interchange")
    assert result.passed and result.value > 0.95
