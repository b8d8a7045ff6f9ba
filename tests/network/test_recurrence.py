"""A recurrent network as a step function: equal to its own forward, or refused with the reason."""

from __future__ import annotations

import numpy as np
import pytest
from networks import RECURRENT, Around, Case, CellLoop, DeepLstm, EmbeddingGru, inputs_of
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network import Bits, Category, Columns, Integers, Network, Reals, Tokens
from scrutable.network._recognise import recurrent_layers
from scrutable.network._steppers import hooked

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


@pytest.mark.parametrize("length", [1, 3, 11])
@pytest.mark.parametrize("case", RECURRENT, ids=lambda c: c.name)
def test_stepping_gives_what_the_forward_gives(case: Case, length: int):
    network = case.network()
    assert network.recurrence is not None and network.no_recurrence == ""
    x = inputs_of(case, 6, length=length)
    states, decoded = network.recurrence.run(x)
    assert states.shape == (6, length, case.state) and network.recurrence.size == case.state
    if network.each_step:
        assert np.array_equal(decoded, network.predict(x))
    else:
        prefixes = [network.predict(x[:, : t + 1]) for t in range(length)]
        assert np.array_equal(decoded, np.stack(prefixes, 1))


@pytest.mark.parametrize("case", RECURRENT, ids=lambda c: c.name)
def test_running_goes_on_from_a_state(case: Case):
    recurrence = case.network().recurrence
    assert recurrence is not None
    x = inputs_of(case, 4, length=6)
    states, decoded = recurrence.run(x)
    later, answers = recurrence.run(x[:, 2:], states[:, 1])
    assert np.allclose(later, states[:, 2:], atol=1e-5) and np.array_equal(answers, decoded[:, 2:])
    state = recurrence.initial(4)
    for t in range(6):
        state, answer, raw = recurrence.step(state, x[:, t])
        assert np.allclose(state, states[:, t], atol=1e-5) and np.array_equal(answer, decoded[:, t])
        assert len(raw) == 4
    assert recurrence.run(x[:0])[0].shape == (0, 6, case.state)


@pytest.mark.parametrize("case", RECURRENT, ids=lambda c: c.name)
def test_parts_tile_the_state(case: Case):
    recurrence = case.network().recurrence
    assert recurrence is not None
    ends = [0, *(part.stop for part in recurrence.parts.values())]
    assert [part.start for part in recurrence.parts.values()] == ends[:-1] and ends[-1] == case.state


@pytest.mark.parametrize(
    "name, parts",
    [
        ("gru", ["hidden"]),
        ("recurrent", ["hidden"]),
        ("lstm", ["layer0.hidden", "layer0.cell", "layer1.hidden", "layer1.cell"]),
        ("cells", ["low.layer0.hidden", "low.layer0.cell", "high.layer0.hidden"]),
    ],
)
def test_names_of_parts(name: str, parts: list[str]):
    recurrence = next(c for c in RECURRENT if c.name == name).network().recurrence
    assert recurrence is not None and list(recurrence.parts) == parts


def test_a_learned_start_is_the_initial_state():
    module = CellLoop()
    network = Network(module, inputs=Bits(length=6, channels=2), outputs=Bits(length=6))
    assert network.recurrence is not None
    assert np.allclose(network.recurrence.initial(2)[:, :3], module.start.detach().numpy())


def test_states_keep_the_precision_of_the_module():
    network = next(c for c in RECURRENT if c.name == "lstm64").network()
    assert network.recurrence is not None and network.recurrence.initial(1).dtype == np.float64
    assert network.facts.dtype == "float64"


@pytest.mark.parametrize(
    "module, reason",
    [
        (lambda: Around("", bidirectional=True), "gru is bidirectional"),
        (lambda: Around("reversed"), "mixes steps"),
        (lambda: Around("window"), "mixes steps"),
        (lambda: Around("twice"), "called 2 times in each step"),
    ],
)
def test_networks_that_cannot_be_stepped_say_why(module, reason: str):
    network = Network(module(), inputs=Reals(-1, 1, length=6), outputs=Reals(length=6))
    assert network.recurrence is None and reason in network.no_recurrence
    assert network.no_recurrence in network.facts.recurrence
    assert "gru" not in network.sites or network.width("gru")


def test_pooling_over_time_cannot_be_stepped():
    network = Network(Around("pooled"), inputs=Reals(-1, 1, length=6), outputs=Reals())
    assert network.recurrence is None and "pooling over time" in network.no_recurrence


class StartsFromInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(1, 4, batch_first=True)
        self.head = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        start = x[:, 0].expand(-1, 4).unsqueeze(0).contiguous()
        return self.head(self.gru(x, start)[0])


class FixedLength(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(1, 4, batch_first=True)
        self.head = nn.Linear(24, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(x)[0].flatten(1))


@pytest.mark.parametrize(
    "module, inputs, outputs, reason",
    [
        (StartsFromInput(), Reals(-1, 1, length=6), Reals(length=6), "initial state depends on the input"),
        (FixedLength(), Reals(-1, 1, length=6), Reals(), "does not run on sequences of one step"),
        (nn.Linear(2, 1), Columns(["a", "b"], lo=0, hi=1), Reals(), "not sequences"),
        (nn.Flatten(), Reals(-1, 1, length=6), Reals(length=6), "no recurrent layer"),
        (nn.Linear(6, 3), Reals(-1, 1, length=6), Reals(length=3), "3 outputs for 6 inputs"),
        (lambda x: x, Reals(-1, 1, length=6), Reals(length=6), "plain function"),
    ],
)
def test_other_reasons(module, inputs, outputs, reason: str):
    network = Network(module, inputs=inputs, outputs=outputs)
    assert network.recurrence is None and reason in network.no_recurrence


def hooks_of(module: nn.Module) -> list[int]:
    return [
        len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._forward_hooks_with_kwargs) for m in module.modules()
    ]


def test_no_hook_stays_even_when_the_forward_raises():
    module = EmbeddingGru()
    network = Network(module, inputs=Tokens(3, length=6), outputs=Category(2, length=6))
    own = network._runner.module
    assert own is not None and network.recurrence is not None
    before = hooks_of(own)
    assert not any(before) and not any(hooks_of(module))
    with pytest.raises(UserError):
        network.recurrence.step(network.recurrence.initial(1), np.array([77]))
    assert hooks_of(own) == before
    with pytest.raises(ZeroDivisionError), hooked(recurrent_layers(own), None):
        assert hooks_of(own) != before
        raise ZeroDivisionError
    assert hooks_of(own) == before


def test_wrong_states_and_inputs():
    recurrence = Network(DeepLstm(), inputs=Reals(-1, 1, length=5, channels=2), outputs=Category(3)).recurrence
    assert recurrence is not None
    with pytest.raises(UserError, match="got inputs of shape"):
        recurrence.run(np.zeros((3, 5)))
    with pytest.raises(UserError, match="L of at least 1"):
        recurrence.run(np.zeros((3, 0, 2)))
    with pytest.raises(UserError, match=r"got states of shape \(2, 16\), expected \(3, 16\)"):
        recurrence.run(np.zeros((3, 5, 2)), np.zeros((2, 16)))


def test_an_embedding_of_integers_around_a_layer():
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.rnn = nn.Embedding(10, 3), nn.RNN(3, 4, batch_first=True)
            self.head = nn.Linear(4, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.rnn(self.embedding(x))[0])

    network = Network(Tagger(), inputs=Integers(0, 9, length=5), outputs=Integers(length=5))
    assert network.recurrence is not None and network.recurrence.size == 4


def test_a_big_batch_is_fast():
    import time

    network = Network(EmbeddingGru(), inputs=Tokens(3, length=10), outputs=Category(2, length=10))
    assert network.recurrence is not None
    x = network.inputs.sample(50_000, np.random.default_rng(0))
    start = time.monotonic()
    network.recurrence.run(x)
    assert time.monotonic() - start < 5
