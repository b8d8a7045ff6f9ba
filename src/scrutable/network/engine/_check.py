"""The graph against plain hooks, on a few rows, before a value is changed for the first time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from scrutable.network._layout import first_tensor
from scrutable.network.engine._capture import equal
from scrutable.network.engine._graph import INPUT, OUTPUT, Graph
from scrutable.network.engine._tape import NotCaptured


def check_site(graph: Graph, module: nn.Module, name: str, x: Tensor) -> None:
    """What a submodule gives, in the graph and to a hook; and the output after its rows have changed places.

    Values inside submodules, and of those called several times, have no hook; of these only the output is compared,
    when the graph is captured.

    Raises:
        NotCaptured: they differ.
    """
    modules = dict(module.named_modules())
    if name not in modules or f"{name}#2" in graph.names or graph.node(name).rows is None:
        return
    rows, seen = graph.rows(name), []
    order = torch.arange(rows_of(graph, x) - 1, -1, -1, device=x.device)

    def exchange(_: nn.Module, __: Any, output: Any) -> Any:
        leaves, spec = tree_flatten(output)
        at = next(i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor))
        seen.append(leaves[at].clone())
        leaves[at] = rows.take(leaves[at], order)
        return tree_unflatten(leaves, spec)

    with torch.no_grad(), ExitStack() as stack:
        handle = modules[name].register_forward_hook(exchange)
        stack.callback(handle.remove)
        expected = first_tensor(module(x.clone()))
        stack.close()
        value = graph.evaluate([name], {INPUT: x})[name]
        got = graph.evaluate([OUTPUT], {INPUT: x}, edits={name: lambda v: rows.take(v, order)})[OUTPUT]
    if len(seen) != 1 or not equal(value, seen[0]):
        raise NotCaptured(f"what was recorded gives other values at {name} than a hook sees")
    if not equal(got, expected):
        raise NotCaptured(f"what was recorded answers a change at {name} otherwise than the module with a hook")


def rows_of(graph: Graph, x: Tensor) -> int:
    """How many rows an input has."""
    return graph.rows(INPUT).count(x)
