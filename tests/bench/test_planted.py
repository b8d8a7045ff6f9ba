"""A network trained to hold variables at sites passes the causal tests there; one trained on answers alone does not."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn

from scrutable.bench._planted import trained_to
from scrutable.errors import UserError
from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.network import Category, Columns, Network, Reals
from scrutable.program import INT, Input, Let, Program, Var, call
from scrutable.verify import Case, Sample, Scrubbing, interchange_value
from scrutable.work import Clock, generator

A, B, C, D, S, T = (Var(name, INT) for name in "abcdst")
SAME = Program(
    "same",
    tuple(Input(name, INT) for name in "abcd"),
    (
        Let("s", call("if", call("eq", A, B), 1, 0)),
        Let("t", call("if", call("eq", C, D), 1, 0)),
        Let("output", call("if", call("eq", S, T), 1, 0)),
    ),
    ("output",),
)
"""Hierarchical equality."""
SITES = {"s": "wide[0:16]", "t": "wide[16:32]"}
INPUTS = Columns(("a", "b", "c", "d"), lo=0, hi=3, integer=True)


class Layers(nn.Module):
    """One-hot inputs, two hidden layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.wide = nn.Linear(16, 64), nn.Linear(64, 32)
        self.then, self.last = nn.Linear(32, 16), nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hot = (x[:, :, None] == torch.arange(4)).float().flatten(1)
        return self.last(torch.relu(self.then(torch.relu(self.wide(torch.relu(self.first(hot)))))))


@cache
def taught(*, planted: bool) -> Network:
    torch.manual_seed(0)
    sites = SITES if planted else {}
    return trained_to(SAME, Layers(), inputs=INPUTS, outputs=Category(2), sites=sites, steps=400)


def case(net: Network) -> Case:
    x = INPUTS.enumerate()[generator(0, "rows").permutation(256)]
    find, test = (Sample(part, net.predict(part)) for part in (x[::2], x[1::2]))
    return Case(net, Hypothesis(SAME, Alignment(SITES)), find, test, 0, Clock(600))


@pytest.mark.slow
@pytest.mark.parametrize("planted", [True, False])
def test_both_learn_the_answers(planted: bool):
    x = INPUTS.enumerate()
    assert (taught(planted=planted).predict(x) == SAME(x)).mean() > 0.99


@pytest.mark.slow
def test_variables_are_where_they_were_put():
    trial = case(taught(planted=True))
    (result,) = Scrubbing().apply(trial)
    assert result.passed, result.reason
    assert (interchange_value(trial) or 0.0) > 0.95


@pytest.mark.slow
def test_ordinary_training_does_not_put_them_there():
    trial = case(taught(planted=False))
    assert Scrubbing().apply(trial)[0].status == "fail"
    assert (interchange_value(trial) or 0.0) < 0.9


def test_mistakes_are_said():
    with pytest.raises(UserError, match="expected labels"):
        trained_to(SAME, Layers(), inputs=INPUTS, outputs=Reals(), sites={}, steps=1)
    with pytest.raises(UserError, match="one of the program's"):
        trained_to(SAME, Layers(), inputs=INPUTS, outputs=Category(2), sites={"q": "wide"}, steps=1)
