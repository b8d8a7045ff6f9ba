"""The captured graph computes what the module computes, and a replaced value is what a hook would have put there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest
import torch
from modules import KINDS, REFUSED, Kind
from torch import Tensor, nn
from torch.backends import mha
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from scrutable.errors import UserError
from scrutable.network._layout import first_tensor
from scrutable.network.engine import Graph, NotCaptured, Rows, capture

KIND = pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=[pytest.mark.slow] if k.name == "gpt2" else [], id=k.name) for k in KINDS]
)


@pytest.fixture(autouse=True)
def plain_attention():
    """PyTorch's shortcut through encoder layers skips their submodules; hooks, our oracle, switch it off in part."""
    mha.set_fastpath_enabled(False)
    yield
    mha.set_fastpath_enabled(True)


@cache
def captured(kind: Kind) -> tuple[nn.Module, Graph]:
    module = kind.module()
    return module, capture(module, kind.rows(4, seed=7))


def hooked(module: nn.Module, x: Tensor, hook: Callable[[str, Any], Any]) -> Tensor:
    """A run with plain forward hooks."""
    with ExitStack() as stack, torch.no_grad():
        for name, part in module.named_modules():
            if name:
                handle = part.register_forward_hook(lambda _, __, output, name=name: hook(name, output))
                stack.callback(handle.remove)
        return first_tensor(module(x))


def outputs_of(module: nn.Module, x: Tensor) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}

    def note(name: str, output: Any) -> None:
        kept = tree_map(lambda v: v.clone() if isinstance(v, Tensor) else v, output)  # it may be written over later
        found.setdefault(name, []).append(kept)

    hooked(module, x, note)
    return found


def first(output: Any) -> Tensor:
    return next(leaf for leaf in tree_flatten(output)[0] if isinstance(leaf, Tensor))


def with_first(output: Any, new: Tensor) -> Any:
    leaves, spec = tree_flatten(output)
    at = next(i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor))
    return tree_unflatten([*leaves[:at], new, *leaves[at + 1 :]], spec)


@KIND
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_output_is_the_modules_bit_for_bit(kind: Kind, n: int):
    module, graph = captured(kind)
    x = kind.rows(n)
    with torch.no_grad():
        assert torch.equal(graph.evaluate(["output"], {"input": x})["output"], first_tensor(module(x)))


@KIND
def test_what_submodules_give_is_what_hooks_see(kind: Kind):
    module, graph = captured(kind)
    x = kind.rows(3)
    for name, given in outputs_of(module, x).items():
        for call, output in enumerate(given, 1):
            site = name if call == 1 else f"{name}#{call}"
            with torch.no_grad():
                got = graph.evaluate([site], {"input": x})[site]
            assert torch.equal(got, first(output)), site


@KIND
def test_a_replaced_value_is_what_a_hook_puts_there(kind: Kind):
    """By an edit on the way, and by running only what the value reaches."""
    module, graph = captured(kind)
    x, other = kind.rows(3), kind.rows(3, seed=2)
    frozen = {name: node for name in outputs_of(module, x) if (node := graph.names.get(name))}
    sources = graph.evaluate(frozen, {"input": other})
    for name in frozen:
        calls: list[str] = []

        def put(at: str, output: Any, name: str = name, calls: list[str] = calls) -> Any:
            if at != name or calls:
                return None
            calls.append(at)
            return with_first(output, sources[name].clone())

        expected = hooked(module, x, put)
        with torch.no_grad():
            edited = graph.evaluate(["output"], {"input": x}, edits={name: lambda v, name=name: sources[name]})
            assert torch.equal(edited["output"], expected), name
            assert torch.equal(from_cone(graph, name, x, sources[name]), expected), name


def from_cone(graph: Graph, name: str, x: Tensor, value: Tensor) -> Tensor:
    """Only what the value reaches is run; all else it needs is given."""
    cone = graph.descendants([name]) | {name}
    if "output" not in cone:
        return graph.evaluate(["output"], {"input": x})["output"]
    frontier = {node.name for inside in cone - {name} for node in graph.inputs(inside) if node.name not in cone}
    live = [at for at in frontier if graph.node(at).is_site]
    given = graph.evaluate(live, {"input": x}) if live else {}
    return graph.evaluate(["output"], {**given, name: value})["output"]


@KIND
def test_rows_are_where_the_graph_says(kind: Kind):
    """The values of chosen rows are the chosen rows of the values; going to rows and back is the identity."""
    _, graph = captured(kind)
    x, order = kind.rows(5), torch.tensor([3, 0, 3])
    all_rows, some = (graph.evaluate(graph.sites, {"input": given}) for given in (x, x[order]))
    for name in graph.sites:
        rows = graph.node(name).rows
        assert torch.equal(rows.back(rows.first(all_rows[name])), all_rows[name])
        assert torch.allclose(rows.first(all_rows[name])[order].double(), rows.first(some[name]).double(), atol=1e-5)


@KIND
def test_names_say_which_submodule_gave_what(kind: Kind):
    module, graph = captured(kind)
    called = {name for name in outputs_of(module, kind.rows(3)) if name}
    assert called <= set(graph.names)
    assert len(set(graph.names)) == len(graph.nodes)
    assert graph.nodes[0].name == "input" and graph.nodes[-1].name == "output"


@KIND
def test_ancestors_and_descendants_are_each_other(kind: Kind):
    _, graph = captured(kind)
    for node in graph.nodes[:: max(1, len(graph.nodes) // 12)]:
        assert all(inside.index < node.index for inside in graph.inputs(node.name))
        assert all(node.name in graph.descendants([up]) for up in graph.ancestors([node.name]))
        assert graph.descendants([node.name]) >= {reader.name for reader in graph.readers(node.name)}


def test_gradients_are_the_modules():
    kind = next(k for k in KINDS if k.name == "fused_attention")
    module, graph = captured(kind)
    x, y = (kind.rows(3).requires_grad_() for _ in range(2))
    module(x).square().sum().backward()
    graph.evaluate(["output"], {"input": y})["output"].square().sum().backward()
    assert torch.allclose(x.grad, y.grad, atol=1e-5)
    inner = graph.evaluate(["qkv"], {"input": kind.rows(3)})["qkv"].detach().requires_grad_()
    from_cone(graph, "qkv", kind.rows(3), inner).sum().backward()
    assert inner.grad is not None and inner.grad.abs().sum() > 0


def test_weights_are_values_that_can_be_given():
    kind = KINDS[0]
    module, graph = captured(kind)
    x, weights = kind.rows(3), {name: torch.randn_like(w) for name, w in module.named_parameters()}
    expected = torch.func.functional_call(module, weights, (x,))
    assert torch.equal(graph.evaluate(["output"], {"input": x, **weights})["output"], expected)
    with torch.no_grad():
        assert torch.equal(graph.evaluate(["output"], {"input": x})["output"], module(x))


def test_attention_can_be_opened():
    kind = next(k for k in KINDS if k.name == "fused_attention")
    module, graph = captured(kind)
    opened = capture(module, kind.rows(4), open_attention=True)
    assert "softmax" not in graph.names and "attention" in graph.names
    values = opened.evaluate(["softmax", "output"], {"input": kind.rows(3)})
    assert torch.allclose(values["softmax"].sum(-1), torch.ones(3, 2, 5))
    assert torch.allclose(values["output"], module(kind.rows(3)), atol=1e-6)


@pytest.mark.parametrize("name, make, reason", REFUSED, ids=lambda p: p if isinstance(p, str) else "")
def test_what_is_no_fixed_sequence_of_operations_is_refused(name: str, make: Callable[[], nn.Module], reason: str):
    torch.manual_seed(0)
    module = make()
    module.train(name.startswith("training"))
    state = {key: value.clone() for key, value in module.state_dict().items()}
    with pytest.raises(NotCaptured, match=reason):
        capture(module, torch.randn(4, 3))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())


def test_a_wrong_name_is_told_what_there_is():
    _, graph = captured(KINDS[0])
    with pytest.raises(UserError, match=r"expected a value of the network such as input"):
        graph.evaluate(["nowhere"], {})
    with pytest.raises(UserError, match="no value for the input"):
        graph.evaluate(["output"], {})
    with pytest.raises(UserError, match="2 and 3 rows"):
        graph.evaluate(["output"], {"input": torch.zeros(2, 3), "0": torch.zeros(3, 6)})


@pytest.mark.parametrize("rows", [Rows(1), Rows(1, 2), Rows(1, 2, outer=False)])
def test_rows_in_front_and_back(rows: Rows):
    value = torch.arange(4 * 6 * 5).reshape(4, 6, 5)
    assert rows.count(value) == 6 // rows.group
    assert rows.first(value).shape[0] == 6 // rows.group
    assert torch.equal(rows.back(rows.first(value)), value)
