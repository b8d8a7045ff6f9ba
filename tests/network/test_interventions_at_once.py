"""Fused and cached interventions give what plain hooks give, one request at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from modules import KINDS, Kind
from test_graph import KIND, first, hooked, outputs_of, plain_attention, with_first  # noqa: F401 - a fixture
from torch import Tensor, nn

from scrutable.errors import UserError
from scrutable.network import Site
from scrutable.network.engine import Engine, Graph, Node, NotCaptured, Swap


def one_by_one(module: nn.Module, x: Tensor, name: str, base: int, source: int) -> Tensor:
    """One interchange with plain hooks, at batch 1."""
    value = first(outputs_of(module, x[source : source + 1])[name][0])

    def put(at: str, output: Any) -> Any:
        return with_first(output, value.clone()) if at == name else None

    return hooked(module, x[base : base + 1], put)[0]


def called_once(module: nn.Module, x: Tensor, engine: Engine) -> list[str]:
    """Submodules whose value, given once, depends on the input (unlike that of an embedding of positions)."""
    graph, found = engine.graph(x), outputs_of(module, x)
    names = [name for name, outputs in found.items() if len(outputs) == 1 and graph.node(name).is_site]
    return [name for name in names if first(found[name][0]).is_floating_point()]


@KIND
def test_many_single_requests_equal_one_hook_each(kind: Kind):
    module, x = kind.module(), torch.cat([kind.rows(4), kind.rows(2)])
    engine = Engine(module)
    names = called_once(module, x, engine)
    if not names:
        return  # each is called several times: the loop
    rng = np.random.default_rng(0)
    asked = [(names[rng.integers(len(names))], *map(int, rng.integers(len(x), size=2))) for _ in range(12)]
    got = engine.interchange(x, [Swap(base, {name: source}) for name, base, source in asked])
    expected = torch.stack([one_by_one(module, x, name, base, source) for name, base, source in asked])
    assert torch.allclose(got, expected, atol=1e-6, rtol=1e-5)


@KIND
def test_a_whole_batch_is_the_hooks_bit_for_bit(kind: Kind):
    module, x = kind.module(), kind.rows(5)
    engine, order = Engine(module), np.array([4, 0, 3, 1, 2])
    for name in called_once(module, x, engine):
        value = first(outputs_of(module, x)[name][0])
        rows = engine.graph(x).rows(name)
        wanted = rows.take(value, torch.from_numpy(order))
        expected = hooked(module, x, lambda at, out, w=wanted, n=name: with_first(out, w.clone()) if at == n else None)
        assert torch.equal(engine.interchange(x, [Swap(np.arange(5), {name: order})]), expected), name


class Blocks(nn.Module):
    """Residual blocks of attention and a layer, on sequences."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 8)
        self.mix = nn.ModuleList(nn.MultiheadAttention(8, 2, batch_first=True) for _ in range(3))
        self.fold = nn.ModuleList(nn.Sequential(nn.Linear(8, 8), nn.ReLU()) for _ in range(3))
        self.last = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        for mix, fold in zip(self.mix, self.fold, strict=True):
            h = h + mix(h, h, h)[0]
            h = h + fold(h)
        return self.last(h)


def blocks() -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    return Blocks().eval(), torch.randn(6, 5, 3)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_units_positions_and_several_sites_against_hooks(data: st.DataObject):
    module, x = blocks()
    rows = st.integers(0, len(x) - 1)
    names = data.draw(
        st.lists(st.sampled_from(["first", "fold.0", "mix.1", "fold.1", "fold.2"]), min_size=1, max_size=3, unique=True)
    )
    position, low = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 7))
    base, sources = data.draw(rows), {name: data.draw(rows) for name in names}
    values = {name: first(outputs_of(module, x[at : at + 1])[name][0]) for name, at in sources.items()}

    def put(at: str, output: Any) -> Any:
        if at not in sources:
            return None
        new = first(output).clone()
        new[:, position, low:] = values[at][:, position, low:]
        return with_first(output, new)

    swap = Swap(base, {f"{name}[{position}, {low}:]": source for name, source in sources.items()})
    got = Engine(module).interchange(x, [swap, swap])
    expected = hooked(module, x[base : base + 1], put)
    assert torch.allclose(got, expected.expand(2, -1, -1), atol=1e-6)


def test_heads_and_patterns_are_sites():
    module, x = blocks()
    engine, site = Engine(module), "mix.1.softmax[1, :, 0:4]"
    (pattern,) = engine.read(x, [site]).values()
    whole = engine.read(x, ["mix.1.softmax"])[Site("mix.1.softmax")]
    assert whole.shape == (6, 2, 5, 5) and torch.allclose(whole.sum(-1), torch.ones(6, 2, 5))
    assert pattern.shape == (6, 5, 4) and torch.equal(pattern, whole[:, 1, :, :4])
    got = engine.interchange(x, [Swap(0, {site: 1})])
    assert not torch.allclose(got, module(x[:1]))
    assert torch.allclose(engine.interchange(x, [Swap(0, {site: 0})]), module(x[:1]), atol=1e-6)
    heads = [Swap(0, {f"mix.1.softmax[{head}, :, :]": 1}) for head in (0, 1)]
    assert not torch.allclose(*engine.interchange(x, heads))


def test_attention_in_one_operation_is_opened_for_its_pattern():
    kind = next(k for k in KINDS if k.name == "fused_attention")
    engine, x = Engine(kind.module()), kind.rows(4)
    (pattern,) = engine.read(x, ["softmax[0, 2, :]"]).values()
    assert pattern.shape == (4, 5) and torch.allclose(pattern[:, 3:], torch.zeros(4, 2))


def test_a_subspace_moves_and_the_rest_stays():
    module, x = blocks()
    site = Site("fold.0").along(np.random.default_rng(0).normal(size=(2, 8)))
    engine = Engine(module)
    rows = torch.tensor(np.array(site.directions), dtype=torch.float32)
    values = engine.read(x, ["fold.0"])[Site("fold.0")]

    def put(at: str, output: Any) -> Any:
        return output + (values[1:2] - output) @ rows.T @ rows if at == "fold.0" else None

    got = engine.interchange(x, [Swap(0, {site: 1})])
    assert torch.allclose(got, hooked(module, x[:1], put), atol=1e-5)


def test_each_distinct_input_is_run_once_and_then_only_what_lies_behind():
    """Counted in rows that pass through each operation."""
    module, x = blocks()
    engine, rows = Engine(module), Counter()
    graph = engine.graph(x)

    def counted(node: Node) -> Node:
        def call(*args: Any, **kwargs: Any) -> Any:
            value = node.call(*args, **kwargs)
            rows[node.name] += node.rows.count(value) if node.rows else 0
            return value

        return node if node.call is None else replace(node, call=call)

    (key,) = (key for key, captured in engine._graphs.items() if captured is graph)
    engine._graphs[key] = Graph(tuple(map(counted, graph.nodes)), graph.shape)
    engine.interchange(x[:3], [Swap(0, {"fold.1": 1})])  # checked
    rows.clear()
    twice = torch.cat([x, x])
    engine.interchange(twice, [Swap(i % 12, {"fold.1": (i * 7 + 1) % 12}) for i in range(200)])
    pairs = len({(i % 12 % 6, (i * 7 + 1) % 12 % 6) for i in range(200)})
    assert rows["first"] == rows["mix.0"] == rows["fold.1"] == 6
    assert rows["mix.2"] == rows["last"] == rows["output"] == pairs
    engine.interchange(twice, [Swap(0, {"fold.1": 1})])
    assert rows["first"] == 6 and rows["last"] == pairs + 1


@pytest.mark.parametrize("held", [0, 2_000, 2**20])
def test_results_do_not_depend_on_what_is_kept(held: int):
    module, x = blocks()
    engine = Engine(module, held=held)
    swaps = [Swap(i % 6, {f"fold.{i % 3}": (i * 5) % 6}) for i in range(20)]
    expected = Engine(module).interchange(x, swaps)
    for _ in range(2):
        assert torch.allclose(engine.interchange(x, swaps), expected, atol=1e-6)
        assert engine.bank.used <= held


@pytest.mark.parametrize("site", ["fold.0", "fold.2", "last", "output"])
def test_results_can_be_written_into(site: str):
    module, x = blocks()
    engine, order = Engine(module), np.arange(len(x))
    expected = engine.interchange(x, [Swap(order, {site: order})]).clone()
    for _ in range(2):
        found = engine.interchange(x, [Swap(order, {site: order})])
        assert torch.equal(found, expected)
        found.zero_()


def test_requests_in_any_order_and_of_several_kinds():
    module, x = blocks()
    rng, sites = np.random.default_rng(3), ("fold.0", "fold.2", "mix.1[0, :]")
    asked = [(sites[rng.integers(3)], *map(int, rng.integers(len(x), size=2))) for _ in range(40)]
    engine = Engine(module)
    together = engine.interchange(x, [Swap(base, {site: source}) for site, base, source in asked])
    alone = torch.cat([engine.interchange(x, [Swap(base, {site: source})]) for site, base, source in asked])
    assert torch.allclose(together, alone, atol=1e-6)


def test_a_module_that_has_changed_since_is_refused():
    """What the graph says and what hooks see must agree, else the engine refuses."""
    module, x = blocks()
    engine = Engine(module)
    engine.graph(x)
    with torch.no_grad():
        module.fold[1][0].weight = nn.Parameter(module.fold[1][0].weight * 2)
    with pytest.raises(NotCaptured, match="fold.1"):
        engine.interchange(x, [Swap(0, {"fold.1": 1})])


@pytest.mark.parametrize(
    "swap, reason",
    [
        (Swap(0, {"nowhere": 1}), "got the site 'nowhere'"),
        (Swap(9, {"first": 1}), "expected 0 to 5"),
        (Swap(0, {"first": -1}), "expected 0 to 5"),
        (Swap(0, {"first[9, :]": 1}), "different indices from 0 to 4"),
        (Swap(0, {"first[0:2]": 1}), "expected 2 indices"),
        (Swap(np.zeros(2, int), {"first": np.zeros(3, int)}), "3 sources for 2 bases"),
        (Swap(0.5, {"first": 1}), "whole numbers"),  # type: ignore[arg-type]
    ],
)
def test_requests_that_do_not_fit(swap: Swap, reason: str):
    module, x = blocks()
    with pytest.raises(UserError, match=reason):
        Engine(module).interchange(x, [swap])
