"""The edge graph is found by structure, in networks written in different ways."""

from __future__ import annotations

import pytest
import torch
from known_circuits import TRUE, reverse
from torch import Tensor, nn

from scrutable.circuits import Edge, wire
from scrutable.errors import UserError

TOKENS = torch.randint(0, 3, (6, 5), generator=torch.Generator().manual_seed(1))


class Encoder(nn.Module):
    """PyTorch's own layers, several heads in one tensor."""

    def __init__(self, *, norm_first: bool, time_first: bool = False) -> None:
        super().__init__()
        self.time_first = time_first
        self.embed, self.place = nn.Embedding(3, 8), nn.Parameter(torch.randn(5, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=not time_first, norm_first=norm_first)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x) + self.place
        h = self.layers(h.transpose(0, 1)).transpose(0, 1) if self.time_first else self.layers(h)
        return self.out(h)


class Parallel(nn.Module):
    """Attention and a gated ReLU layer side by side; the gate's own sums are no part of the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm = nn.Embedding(3, 8), nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.up, self.down, self.out = nn.Linear(8, 12), nn.Linear(12, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x)
        z = self.norm(h)
        u = self.up(z)
        mlp = self.down(0.5 * u * (1 + torch.tanh(u + 0.1 * u**3)))
        return self.out(self.attention(z, z, z)[0] + mlp + h)


def readers_of(source: str, edges: tuple[Edge, ...]) -> set[str]:
    return {f"{e.target}.{e.port}" for e in edges if e.source == source}


def test_written_by_hand():
    wiring = wire(reverse(), TOKENS)
    assert wiring.components == ("token", "position", "heads.0.0", "heads.1.0", "mlp", "output")
    assert set(TRUE) <= set(wiring.edges)
    # two of embeddings for each port of two heads, four into the ReLU layer, five into the output
    assert len(wiring.edges) == len(set(wiring.edges)) == 2 * 3 * 2 + 4 + 5


@pytest.mark.parametrize("time_first", [False, True])
def test_norm_first_reads_the_sum(time_first: bool):
    wiring = wire(Encoder(norm_first=True, time_first=time_first).eval(), TOKENS)
    assert len(wiring.components) == 2 + 2 * 3 + 1
    # before each component there are 2, 4, 5 and 7 others, of which heads read three times
    assert len(wiring.edges) == 2 * 3 * 2 + 4 + 2 * 3 * 5 + 7 + 8


def test_norm_last_is_a_component_that_all_goes_through():
    wiring = wire(Encoder(norm_first=False).eval(), TOKENS)
    assert readers_of("embed", wiring.edges) == {
        *(f"layers.layers.0.self_attn.{head}.{port}" for head in (0, 1) for port in ("query", "key", "value")),
        "layers.layers.0.norm1.input",
    }
    assert readers_of("layers.layers.0.norm1", wiring.edges) == {
        "layers.layers.0.linear2.input",
        "layers.layers.0.input",
    }


def test_side_by_side_and_without_positions():
    wiring = wire(Parallel().eval(), TOKENS)
    assert wiring.components == ("embed", "down", "attention.0", "attention.1", "output")
    assert readers_of("embed", wiring.edges) == {
        *(f"attention.{head}.{port}" for head in (0, 1) for port in ("query", "key", "value")),
        "down.input",
        "output.input",
    }
    assert readers_of("down", wiring.edges) == {"output.input"}


@pytest.mark.slow
def test_gpt2():
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(
        vocab_size=3, n_positions=5, n_embd=8, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    wiring = wire(transformers.GPT2LMHeadModel(config).eval(), TOKENS)
    assert len(wiring.edges) == 2 * 3 * 2 + 4 + 2 * 3 * 5 + 7 + 8


def test_units_of_a_chain_of_layers():
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 1))
    wiring = wire(module, torch.randn(5, 3))
    assert len(wiring.edges) == 3 * 4 + 4 * 2 + 2
    assert Edge("input.2", "layer 1.3", "input") in wiring.edges
    assert Edge("layer 2.1", "output", "input") in wiring.edges


def test_what_has_neither_stream_nor_layers_is_refused():
    with pytest.raises(UserError, match="expected one of the two"):
        wire(_Product(), torch.randn(5, 3))


class _Product(nn.Module):
    """Two layers that read the input, multiplied."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 2), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) * self.b(x)
