"""Small steps in the captured graph of a transformer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from scrutable.circuits._operations import live_inputs, mixes
from scrutable.circuits._wiring import Source
from scrutable.network.engine import Graph, Node


class NotRead(Exception):
    """Part of the network is none of the things that this proposer reads; the reason."""


class Blurred(NotRead):
    """Values are no function of what they are said to be computed from; the reason."""


@final
@dataclass(frozen=True, eq=False)
class Component:
    """Something that writes to the stream.

    Arguments:
        name: for notes and sites. kind: "given" (embeddings), "heads" (those that attend alike) or "units".
        places: of its sources in the wiring. stage: the name of the node that it computes.
    """

    name: str
    kind: str
    places: tuple[int, ...]
    stage: str


def above(graph: Graph, node: Node, passing: Callable[[Node], bool]) -> Node:
    """The one node above that is not passed."""
    while passing(node):
        live = live_inputs(graph, node)
        if len(live) != 1:
            raise NotRead(f"{node.name} is computed from several values")
        (node,) = live
    if len(live_inputs(graph, node)) != 1 or mixes(node):
        raise NotRead(f"{node.name} is no activation of one value")
    return node


def parts_of(sources: Sequence[Source]) -> list[int] | None:
    return None if sources[0].part is None else [each.part.at for each in sources if each.part is not None]


def only(value: Tensor, parts: list[int] | None) -> Tensor:
    if parts is None:
        return value
    kept = torch.zeros_like(value)
    kept[:, parts] = value[:, parts]
    return kept


def each_alone(shape: tuple[int, ...], parts: list[int] | None) -> Tensor:
    """Rows in each of which one number is one, at every position: `(numbers, *shape)`."""
    size = shape[-1]
    if parts is None:
        return torch.eye(size)[:, None, :].expand(size, *shape).contiguous()
    rows = torch.zeros(len(parts) * size, *shape)
    for k, part in enumerate(parts):
        rows[k * size : (k + 1) * size, part] = torch.eye(size)[:, None, :]
    return rows


def wide(raw: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Outputs with their numbers on a last axis."""
    return raw[..., None].astype(np.float64) if raw.ndim == x.ndim else raw.astype(np.float64)
