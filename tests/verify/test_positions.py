"""Variables with a value at each position, which a network may hold in another way at each of them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

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


def interchange_of(moved: Expr) -> Result:
    more = call("lt", LENGTH // 2, call("width", call("select", MOVED, 1, params=("eq",))))
    lets = (Let("moved", moved), Let("output", call("if", more, 1, 0)))
    said = Program("p", (Input("x", Seq(INT)),), lets, ("output",))
    network = Network(Majority(), inputs=Tokens(2, length=LENGTH), outputs=Category(2, length=LENGTH))
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
