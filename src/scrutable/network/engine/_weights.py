"""The same graph with many settings of its weights at once, as for null controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import stack_module_state, vmap

from scrutable.errors import UserError
from scrutable.network.engine._graph import INPUT, Graph


def with_weights(
    graph: Graph, modules: Sequence[nn.Module], x: Tensor, wanted: Iterable[str] = ("output",)
) -> dict[str, Tensor]:
    """Values of a graph for the weights of each of several modules: `(modules, ...)`, then as the graph gives them.

    Arguments:
        graph: captured on a module of the same architecture. x: in the shape that the module takes.

    Raises:
        UserError: a module whose parameters or buffers have other names or shapes.

    Cost: one batched run (`torch.func.vmap`) where every operation can be batched over weights, else one for each.
    """
    wanted = list(wanted)
    _same_shapes(modules)
    parameters, buffers = stack_module_state(list(modules))
    stacked = {name: value.detach() for name, value in {**parameters, **buffers}.items() if name in graph.names}

    def run(weights: Mapping[str, Tensor]) -> list[Tensor]:
        found = graph.evaluate(wanted, {INPUT: x, **weights})
        return [found[name] for name in wanted]

    with torch.no_grad():
        try:
            values = vmap(run)(stacked)
        except RuntimeError:  # an operation without a rule for batches
            each = [run({name: value[i] for name, value in stacked.items()}) for i in range(len(modules))]
            values = [torch.stack(parts) for parts in zip(*each, strict=True)]
    return dict(zip(wanted, values, strict=True))


def _same_shapes(modules: Sequence[nn.Module]) -> None:
    shapes = [{name: tuple(value.shape) for name, value in module.state_dict().items()} for module in modules]
    if not shapes or any(other != shapes[0] for other in shapes):
        raise UserError(f"got {len(shapes)} modules, expected one or more, with weights of the same names and shapes")
