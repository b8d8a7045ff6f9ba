"""Taking networks in: layouts, decoding, checks, facts, and what is refused."""
# ruff: noqa: F722 (shapes in annotations are jaxtyping's, not names)

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from beartype import beartype
from jaxtyping import Float, Int, jaxtyped
from networks import CASES, Case, EmbeddingGru, cell, cnn, inputs_of, mlp, summed
from torch import Tensor, nn
from torch.nn import functional as F

from scrutable.errors import UserError
from scrutable.network import Bits, Category, Columns, Image, Integers, Network, Reals, Recurrent, Tokens, _runner

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_predictions_are_data_of_the_output_domain(case: Case):
    network = case.network()
    x = inputs_of(case, 9)
    y = network.predict(x)
    assert y.shape == (9, *case.outputs.shape)
    assert np.array_equal(y, case.outputs.decode(network.raw(x)))
    assert np.array_equal(network.predict(x[:0]), y[:0]) and network.raw(x[:0]).shape == (0, *network.raw(x).shape[1:])
    assert (network.recurrence is None) == (case.state is None)
    assert network.each_step == (case.inputs.is_sequence and case.outputs.is_sequence)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_facts_are_plain_data(case: Case):
    facts = case.network().facts
    assert facts.name == case.name and facts.inputs == case.inputs.spec and facts.outputs == case.outputs.spec
    assert facts.checks and all(isinstance(check, str) for check in facts.checks)
    if case.name == "function":
        assert (facts.kind, facts.parameters, facts.dtype, facts.sha256) == ("function", 0, "none", None)
    else:
        assert len(facts.sha256 or "") == 64
    assert case.network().facts == facts
    assert case.name in repr(case.network())


def test_the_users_module_is_left_alone():
    module = cnn()
    module.train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    random = torch.random.get_rng_state()
    network = Network(module, inputs=Image(2, 4, 4), outputs=Category(4))
    x = network.inputs.sample(4, np.random.default_rng(1))
    network.predict(x)
    network.patched(x, {"0[0:2]": np.ones((4, 2))})
    assert torch.equal(random, torch.random.get_rng_state())
    assert all(m.training for m in module.modules())
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in module.parameters())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())
    with torch.no_grad():
        module[5].weight.zero_()  # type: ignore[union-attr]
    assert network.raw(x).any(), "a change of the module afterwards does not reach the network"


@jaxtyped(typechecker=beartype)
def features(x: Float[Tensor, "n 4 1"]) -> Tensor:
    return x.sum(1)


@jaxtyped(typechecker=beartype)
def plain(x: Float[Tensor, "n 4"]) -> Tensor:
    return x.sum(1)


@jaxtyped(typechecker=beartype)
def whole(x: Int[Tensor, "n 4"]) -> Tensor:
    return x.sum(1)


@jaxtyped(typechecker=beartype)
def one_hot(x: Float[Tensor, "n 4 3"]) -> Tensor:
    return x[..., 1].sum(1)


@jaxtyped(typechecker=beartype)
def array(x: Int[np.ndarray, "n 4"]) -> np.ndarray:
    return x.sum(1)


class Calls(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.mark.parametrize(
    "function, inputs, given",
    [
        (Calls(features), Integers(0, 2, length=4), "float (n, 4, 1)"),
        (Calls(plain), Integers(0, 2, length=4), "float (n, 4)"),
        (Calls(whole), Integers(0, 2, length=4), "long (n, 4)"),
        (Calls(whole), Tokens(3, length=4), "long (n, 4)"),
        (Calls(one_hot), Tokens(3, length=4), "float (n, 4, 3)"),
        (array, Tokens(3, length=4), "NumPy array (n, 4)"),
        (plain, Bits(length=4), "float (n, 4)"),
        (Calls(plain), Reals(0, 1, length=2, channels=2), "float (n, 4)"),
        (Calls(plain), Image(1, 2, 2), "float (n, 4)"),
        (Calls(whole), Columns(list("abcd"), lo=0, hi=3, integer=True), "long (n, 4)"),
    ],
)
def test_the_layout_that_the_module_wants_is_found_and_recorded(function, inputs, given):
    network = Network(function, inputs=inputs, outputs=Reals())
    assert f"the network is given {given}" in network.facts.checks
    x = inputs.sample(5, np.random.default_rng(0))
    wanted = (x == 1).sum(1) if "3)" in given and "4, 3" in given else x.reshape(5, -1).sum(1)
    assert np.allclose(network.predict(x), wanted)


def test_when_no_layout_works_every_error_is_given():
    with pytest.raises(UserError, match=r"given float \(n, 3, 1\).*given float \(n, 3\).*given long \(n, 3\)"):
        Network(nn.Linear(99, 1), inputs=Integers(0, 9, length=3), outputs=Integers())


@pytest.mark.parametrize(
    "module, inputs, outputs, hint",
    [
        (nn.Linear(2, 3), Columns(["a", "b"], lo=0, hi=1), Integers(), r"try Category\(3\)"),
        (nn.Linear(2, 1), Columns(["a", "b"], lo=0, hi=1), Category(2), "try Bits or Integers"),
        (nn.RNN(1, 2, batch_first=True), Bits(length=5), Category(2), "try outputs with a length"),
        (nn.Sequential(nn.Flatten(), nn.Linear(5, 2)), Bits(length=5), Category(2, length=5), "without a length"),
        (lambda x: "text", Bits(length=5), Bits(), "expected a tensor"),
        (lambda x: {"a": 1}, Bits(length=5), Bits(), "expected a tensor"),
        (lambda x: x * 1j, Bits(length=5), Bits(length=5), "complex"),
    ],
)
def test_outputs_that_do_not_fit(module, inputs, outputs, hint):
    with pytest.raises(UserError, match=hint):
        Network(module, inputs=inputs, outputs=outputs)


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.dropout = nn.Linear(2, 1), nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(self.linear(self.dropout(x)))


def test_a_network_that_draws_random_numbers_is_refused():
    inputs = Reals(0, 1, channels=2)
    with pytest.raises(UserError, match=r"different outputs for the same inputs.*dropout \(Dropout\).*eval"):
        Network(Noisy(), inputs=inputs, outputs=Reals())
    Network(nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5)), inputs=inputs, outputs=Reals())


def test_rows_that_influence_each_other_are_refused():
    module = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 1))
    with pytest.raises(UserError, match=r"depend on the other rows.*1 \(BatchNorm1d\)"):
        Network(module, inputs=Reals(0, 1, channels=2), outputs=Reals())


def test_rounding_of_large_numbers_is_no_influence_between_rows():
    def unsteady(x: np.ndarray) -> np.ndarray:
        """Two scores, one of them near zero: off by 4e-3 among other rows, where the other score is 500 or more."""
        score = (x.sum(axis=1) - 1.5) * 1000
        return np.stack([score * 0 + (2e-3 if len(x) > 1 else -2e-3), score], axis=1)

    network = Network(unsteady, inputs=Bits(length=3), outputs=Category(2))
    assert network.predict(np.array([[1, 1, 0], [0, 0, 1]])).tolist() == [1, 0]
    with pytest.raises(UserError, match="depend on the other rows"):
        Network(lambda x: unsteady(x) + len(x), inputs=Bits(length=3), outputs=Category(2))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_raw_outputs_that_are_not_finite_are_refused(bad: float):
    with pytest.raises(UserError, match="NaN or infinite raw outputs for 16 of 16 inputs"):
        Network(lambda x: x.sum(1) * bad, inputs=Integers(1, 9, length=3), outputs=Reals())


def test_a_constant_network_is_noted_and_studied():
    network = Network(lambda x: np.ones(len(x)), inputs=Bits(length=3), outputs=Bits())
    assert any("same for all" in check for check in network.facts.checks)


def test_the_networks_own_forward_is_compared():
    module = mlp().eval()
    network = Network(module, inputs=Reals(-1, 1, channels=2), outputs=Reals())
    assert any("equal the network's own forward" in check for check in network.facts.checks)
    x = network.inputs.sample(7, np.random.default_rng(1))
    own = module(torch.tensor(x, dtype=torch.float32)).detach().numpy()[:, 0]
    assert np.allclose(network.raw(x), own, atol=1e-6)


@pytest.mark.parametrize(
    "x, reason",
    [
        (np.zeros((3, 4, 1), int), "got data of shape"),
        (np.full((3, 4), 3), "got 3 in row 0"),
        (np.full((3, 4), np.nan), "NaN"),
        (np.zeros((3, 0), int), "expected"),
        ([["a"] * 4], "expected numbers"),
        (7, "expected"),
    ],
)
def test_data_that_cannot_be_run(x, reason):
    network = Network(EmbeddingGru(), inputs=Tokens(3, length=4), outputs=Category(2, length=4))
    with pytest.raises(UserError, match=reason):
        network.predict(np.asarray(x))


def test_other_lengths_and_values_beyond_the_range_can_be_asked():
    network = Network(summed, inputs=Integers(0, 5, length=4), outputs=Integers())
    assert network.predict(np.full((2, 9), 100)).tolist() == [900, 900]
    fixed = Network(nn.Linear(4, 1), inputs=Bits(length=4), outputs=Bits())
    with pytest.raises(UserError, match=r"from the network on \(n, 5\) inputs"):
        fixed.predict(np.zeros((2, 5), int))


def test_labels_are_not_cut_to_whole_numbers():
    network = Network(nn.Embedding(5, 1), inputs=Integers(0, 4), outputs=Reals())
    assert "the network is given long (n,)" in network.facts.checks
    with pytest.raises(UserError, match="got 1.5 as an input"):
        network.predict(np.array([1.5]))
    with pytest.raises(UserError, match="got 0.5 as an input"):
        network.patched(np.array([1]), {"input": np.array([[0.5]])})


def test_domains_may_be_given_as_text():
    network = Network(nn.Linear(4, 1), inputs="Bits(length=4)", outputs="Bits()")
    assert network.inputs == Bits(length=4)


@pytest.mark.parametrize("module", [None, nn.Linear, "net", Bits(length=3)])
def test_what_is_no_network(module):
    with pytest.raises(UserError, match="expected"):
        Network(module, inputs=Bits(length=4), outputs=Bits())


def test_a_module_that_cannot_be_copied():
    module = nn.Linear(4, 1)
    module.extra = torch.ones(2, requires_grad=True) * 2  # type: ignore[assignment]
    with pytest.raises(UserError, match="cannot be copied"):
        Network(module, inputs=Bits(length=4), outputs=Bits())


def test_open_ranges_are_closed_for_the_checks_only():
    for inputs in (Integers(length=3), Integers(5, None, length=3), Reals(None, 2, length=3), Columns(["a"], lo=3)):
        network = Network(lambda x: np.asarray(x).sum(1), inputs=inputs, outputs=Reals())
        assert network.inputs == inputs and "drawn from" in network.facts.checks[0]


def test_out_of_memory_halves_the_rows_and_says_so(monkeypatch: pytest.MonkeyPatch):
    sizes = []

    def hungry(x: np.ndarray) -> np.ndarray:
        sizes.append(len(x))
        if len(x) > 5:
            raise RuntimeError("CUDA out of memory: tried to allocate")
        return x.sum(1)

    network = Network(lambda x: x.sum(1), inputs=Integers(0, 5, length=4), outputs=Integers())
    object.__setattr__(network._runner, "call", hungry)
    x = network.inputs.sample(23, np.random.default_rng(1))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert np.array_equal(network.predict(x), x.sum(1))
    assert [str(w.message) for w in caught] == [f"out of memory: going on with {k} rows at a time" for k in (11, 5)]
    assert max(sizes[2:]) <= 11 and sum(s for s in sizes if s <= 5) == 23


def test_chunks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch):
    network = Network(cell(), inputs=Bits(length=8, channels=2), outputs=Bits(length=8))
    x = network.inputs.sample(50, np.random.default_rng(1))
    whole_raw = network.raw(x)
    monkeypatch.setattr(_runner, "MOST_ROWS", 7)
    assert np.allclose(network.raw(x), whole_raw, atol=1e-6)
    states, _ = network.recurrence.run(x)  # type: ignore[union-attr]
    assert states.shape == (50, 8, 5)


def test_what_a_hand_written_cell_must_be():
    with pytest.raises(UserError, match="expected a module or function"):
        Recurrent(3, [0.0])  # type: ignore[arg-type]
    for state in ([[0.0]], [], [float("nan")], "ab"):
        with pytest.raises(UserError, match="initial state"):
            Recurrent(lambda s, x: (s, x), state)  # type: ignore[arg-type]
    for bad in (lambda s, x: s, lambda s, x: (s[:, :1], x), lambda s, x: (s, None)):
        with pytest.raises(UserError, match="expected the pair|got a state|got y_t"):
            Network(Recurrent(bad, [0.0, 0.0]), inputs=Bits(length=3), outputs=Bits(length=3))


def test_a_learned_initial_state_is_a_weight():
    net = cell()
    assert "initial_state" in net.state_dict() and not any(n == "initial_state" for n, _ in net.named_parameters())
    learned = Recurrent(net.cell, nn.Parameter(torch.zeros(5)))
    assert any(n == "initial_state" for n, _ in learned.named_parameters())
