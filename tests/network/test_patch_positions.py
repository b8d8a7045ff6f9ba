"""Sites with an entry for each position of a sequence, behind a token that the network puts before it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network import Category, Network, Site, Tokens

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


class Started(nn.Module):
    """Puts a token of its own before each sequence, and adds up what came before by a product with weights."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.start = nn.Parameter(torch.randn(3))
        self.inner = nn.Linear(3, 5)
        self.head = nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        e = torch.cat([self.start.expand(len(x), 1, -1), self.embedding(x)], 1)
        h = self.inner(e).relu()
        mean = torch.ones(e.shape[1], e.shape[1]).tril().softmax(-1) @ h
        return self.head(mean)[:, 1:]

    def with_unit(self, x: Tensor, at: Tensor, unit: int, value: Tensor) -> Tensor:
        """The same, one unit set at one position of each row."""
        e = torch.cat([self.start.expand(len(x), 1, -1), self.embedding(x)], 1)
        h = self.inner(e).relu()
        h[torch.arange(len(x)), at + 1, unit] = value
        return self.head(torch.ones(e.shape[1], e.shape[1]).tril().softmax(-1) @ h)[:, 1:]


def started() -> tuple[Started, Network]:
    torch.manual_seed(0)
    module = Started().eval()
    return module, Network(module, inputs=Tokens(4, length=6), outputs=Category(4, length=6))


def test_positions_behind_a_token_of_the_network_are_counted_from_the_first_of_the_sequence():
    module, network = started()
    rng = np.random.default_rng(0)
    x, other = rng.integers(0, 4, size=(2, 7, 6))
    (inner,) = network.read(x, "relu[t+1, :]").values()
    assert inner.shape == (7, 6, 5)
    with torch.no_grad():
        assert np.allclose(inner, module.inner(module.embedding(torch.from_numpy(x))).relu(), atol=1e-6)
    assert np.allclose(network.read(x, "inner[t+1, 2]")[Site.parse("inner[t+1, 2]")].clip(min=0), inner[..., 2:3])
    steps = rng.integers(0, 6, size=7)
    value = network.read(other, "relu[t+1, 3]")[Site.parse("relu[t+1, 3]")][np.arange(7), steps]
    with torch.no_grad():
        wanted = module.with_unit(torch.from_numpy(x), torch.from_numpy(steps), 3, torch.from_numpy(value[:, 0]))
    assert np.allclose(network.patched_raw(x, {"relu[t+1, 3]": value}, steps=steps), wanted, atol=1e-5)


def test_directions_at_each_position_leave_what_is_orthogonal_to_them():
    _, network = started()
    rng = np.random.default_rng(1)
    x, steps = rng.integers(0, 4, size=(7, 6)), rng.integers(0, 6, size=7)
    site = network.site("inner[t+1, 1:5]").along(rng.normal(size=(2, 4)))
    (held,) = network.read(x, site).values()
    assert held.shape == (7, 6, 2)
    at = held[np.arange(7), steps]
    assert np.allclose(network.patched_raw(x, {site: at}, steps=steps), network.raw(x), atol=1e-5)
    assert not np.allclose(network.patched_raw(x, {site: at + 1}, steps=steps), network.raw(x), atol=1e-2)
    every = network.site("inner[t+1, 1:5]").along(np.eye(4))
    (units,) = network.read(x, "inner[t+1, 1:5]").values()
    both = [network.patched_raw(x, {s: units + 1}) for s in ("inner[t+1, 1:5]", every)]
    assert np.allclose(*both, atol=1e-5)


@pytest.mark.parametrize("site", ["inner[t+2, :]", "inner[t+1]", "output[t, :]", "relu[:, t]", "inner[t+1, 9]"])
def test_positions_that_a_value_does_not_have(site: str):
    _, network = started()
    with pytest.raises(UserError, match="expected"):
        network.read(np.zeros((2, 6), int), site)


def test_a_value_is_read_on_sequences_of_the_length_it_was_captured_on():
    _, network = started()
    with pytest.raises(UserError, match="length 4"):
        network.patched_raw(np.zeros((2, 4), int), {"inner[t+1, :]": np.zeros((2, 4, 5))})
