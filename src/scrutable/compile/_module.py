"""From layers to a torch module: heads side by side, a change of basis, noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from scrutable.compile._layers import Layer, Layout
from scrutable.compile._plan import Variable
from scrutable.compile._transformer import Attention, Transformer
from scrutable.network import Category, Domain, Integers, Reals

LARGEST_LABEL = 1000


@final
@dataclass(frozen=True, slots=True, eq=False)
class Readout:
    """How the output is read off the stream: `directions` `(classes, width)`, or one row for numbers (`classes` 0)."""

    domain: Domain
    classes: int
    directions: np.ndarray


def readout(layout: Layout, length: int, possible: set[int] | None) -> Readout:
    """A score for each label where outputs are labels from 0 up; else the number itself.

    Arguments:
        possible: the outputs that occur, where they are known; others are not read.
    """
    output = layout.plan.output
    codes = layout.stream.codes(output) if output.label else None
    if codes is None:
        return Readout(Reals(length=length), 0, layout.stream.rows(output, np.ones((1, 1))).T)
    values = np.array([int(value) for value in output.values or ()])
    if possible is not None:
        kept = [value in possible for value in values.tolist()]
        values, codes = values[kept], codes[kept]
    if min(values) < 0 or max(values) > LARGEST_LABEL:
        return Readout(Integers(int(min(values)), int(max(values)), length=length), 0, (values @ codes)[None])
    classes = int(max(values)) + 1
    directions = np.zeros((classes, codes.shape[1]))
    directions[values] = codes
    return Readout(Category(classes, length=length), classes, directions)


def module_of(layout: Layout, read: Readout, basis: np.ndarray) -> Transformer:
    """The transformer of a layout.

    Arguments:
        basis: `(coordinates, width)`, orthonormal columns; the module's stream is the layout's times `basis`.
    """
    plan, stream = layout.plan, layout.stream
    sizes = [_sizes(layer) for layer in layout.layers]
    module = Transformer(
        vocabulary=plan.token.size,
        length=plan.position.size,
        width=basis.shape[1],
        classes=read.classes,
        blocks=sizes,
        causal=plan.causal,
    )
    _put(module.token.weight, stream.codes(plan.token) @ basis)
    _put(module.position.weight, stream.codes(plan.position) @ basis)
    start = np.zeros(stream.width)
    start[stream.start] = 1.0
    _put(module.start, start @ basis)
    _put(module.unembed.weight, read.directions @ basis)
    for block, layer in zip(module.blocks, layout.layers, strict=True):
        _fill(block, layer, basis)
    return module.eval()


def _sizes(layer: Layer) -> tuple[int, int, int]:
    return (
        len(layer.heads),
        max((head.size for head in layer.heads), default=0),
        sum(len(units.bias) for units in layer.units),
    )


def _fill(block: Any, layer: Layer, basis: np.ndarray) -> None:
    if block.attention is not None:
        _fill_attention(block.attention, layer, basis)
    if block.mlp is not None:
        into, _, out = block.mlp
        _put(into.weight, np.hstack([units.into for units in layer.units]).T @ basis)
        _put(into.bias, np.concatenate([units.bias for units in layer.units]))
        _put(out.weight, basis.T @ np.vstack([units.out for units in layer.units]).T)
        nn.init.zeros_(out.bias)


def _fill_attention(attention: Attention, layer: Layer, basis: np.ndarray) -> None:
    scale = attention.size**0.5  # the module divides scores by it

    def side_by_side(parts: list[np.ndarray]) -> np.ndarray:
        """Each `(..., up to size)` padded to the size of a head."""
        return np.concatenate([_padded(part, attention.size) for part in parts], axis=-1)

    _put(attention.query.weight, side_by_side([scale * head.query for head in layer.heads]).T @ basis)
    _put(attention.query.bias, side_by_side([scale * head.query_bias for head in layer.heads]))
    _put(attention.key.weight, side_by_side([head.key for head in layer.heads]).T @ basis)
    _put(attention.value.weight, side_by_side([head.value for head in layer.heads]).T @ basis)
    _put(attention.out.weight, basis.T @ side_by_side([head.out.T for head in layer.heads]))
    for part in (attention.key, attention.value):
        nn.init.zeros_(part.bias)


def _padded(matrix: np.ndarray, size: int) -> np.ndarray:
    return np.pad(matrix, [(0, 0)] * (matrix.ndim - 1) + [(0, size - matrix.shape[-1])])


def _put(parameter: Tensor, values: np.ndarray) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))


def streams(module: Transformer, tokens: np.ndarray) -> list[np.ndarray]:
    """The residual stream at the start and after each half block, `(n, 1 + length, width)`."""
    found = []
    with torch.no_grad():
        x = module.embedded(torch.from_numpy(tokens))
        found.append(x)
        blocks: Iterable[Any] = module.blocks
        for block in blocks:
            for part in (block.attention, block.mlp):
                x = x if part is None else x + part(x)  # type: ignore[operator]
                found.append(x)
    return [x.numpy() for x in found]


def disturbed(module: Transformer, noise: float, rng: np.random.Generator) -> Transformer:
    """The module with every weight multiplied by `1 + noise * z`."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(torch.from_numpy(1 + noise * rng.normal(size=tuple(parameter.shape))).to(parameter.dtype))
    return module


def rotation(size: int, rng: np.random.Generator) -> np.ndarray:
    """A random rotation, uniform (Mezzadri 2007, arXiv:math-ph/0609050)."""
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def main_directions(activations: np.ndarray, width: int) -> np.ndarray:
    """The `width` directions in which activations `(n, coordinates)` are largest, as columns."""
    _, vectors = np.linalg.eigh(activations.T @ activations)
    return vectors[:, ::-1][:, :width]


def held(variable: Variable, layout: Layout, stream: np.ndarray) -> np.ndarray:
    """The places in `values` (of numbers: the numbers) that a stream in the layout's coordinates holds."""
    coordinates = stream[..., layout.stream.places[variable]]
    return coordinates.argmax(-1) if variable.label else coordinates[..., 0]
