"""Arrays of fixed shape. Kernels get `(n, length or 1, ...)`: the array's own axes start at 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scrutable.errors import UserError
from scrutable.program._backend import Backend
from scrutable.program._operators._arithmetic import add, mul
from scrutable.program._operators._base import (
    ATOM,
    Operator,
    Params,
    Spelled,
    calls,
    is_int,
    joined,
    no_params,
    promoted,
    refuse,
    wrap,
)
from scrutable.program._operators._helpers import ARGMAX, DOT_PRODUCT
from scrutable.program._types import INT, Array, Type, is_scalar, join


def _index_type(types: tuple[Type, ...], params: Params) -> Type:
    (array,) = types
    if not isinstance(array, Array):
        raise refuse("index", types, "an array")
    if not 1 <= len(params) <= len(array.shape) or not all(map(is_int, params)):
        raise UserError(f"got {len(params)} indices for {array}, expected 1 to {len(array.shape)} whole numbers")
    if not all(0 <= i < size for i, size in zip(params, array.shape, strict=False)):
        raise UserError(f"got index {params} for {array}, expected indices within its shape, counted from 0")
    rest = array.shape[len(params) :]
    return Array(rest, array.item) if rest else array.item


def _stack_type(types: tuple[Type, ...], params: Params) -> Type:
    no_params("stack", params)
    if not all(is_scalar(t) or isinstance(t, Array) for t in types):
        raise refuse("stack", types, "scalars, or arrays of one shape")
    if len({t.shape if isinstance(t, Array) else () for t in types}) > 1:
        raise refuse("stack", types, "values of one shape")
    item = joined(types)
    return Array((len(types), *item.shape), item.item) if isinstance(item, Array) else Array((len(types),), item)


def _dot_type(types: tuple[Type, ...], params: Params) -> Type:
    no_params("dot", params)
    left, right = types
    if not (isinstance(left, Array) and isinstance(right, Array)) or left.shape != right.shape or len(left.shape) > 1:
        raise refuse("dot", types, "two arrays of the same length")
    return join(join(left.item, right.item), INT)


def _argmax_type(types: tuple[Type, ...], params: Params) -> Type:
    no_params("argmax", params)
    if len(types) == 1 and isinstance(types[0], Array) and len(types[0].shape) == 1:
        return INT
    if len(types) < 2 or not all(map(is_scalar, types)):
        raise refuse("argmax", types, "one array of one axis, or two or more scalars")
    return INT


def _broadcast(xp: Backend, values: Sequence[Any]) -> list[Any]:
    """The values with the leading two axes broadcast against each other."""
    values = promoted(xp, values)
    n, length = (max_size([v.shape[axis] for v in values]) for axis in (0, 1))
    return [xp.broadcast(v, (n, length, *v.shape[2:])) for v in values]


def max_size(sizes: Sequence[int]) -> int:
    """The size that axes of these sizes broadcast to."""
    return next((size for size in sizes if size != 1), 1)


def _index(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    return values[0][(slice(None), slice(None), *params)]


def _stack(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    return xp.stack(_broadcast(xp, values), 2)


def _dot(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    x, y = promoted(xp, values, "i")
    total = mul(xp, (x[..., 0], y[..., 0]))
    for i in range(1, x.shape[2]):
        total = add(xp, (total, mul(xp, (x[..., i], y[..., i]))))
    return total


def _argmax(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    options = [values[0][..., i] for i in range(values[0].shape[2])] if len(values) == 1 else _broadcast(xp, values)
    best = options[0]
    place = xp.full(tuple(best.shape), 0, "i")
    for i, option in enumerate(options[1:], start=1):
        better = option > best
        place, best = xp.where(better, i, place), xp.where(better, option, best)
    return place


def _spell_index(texts: Sequence[Spelled], params: Params) -> Spelled:
    return Spelled(wrap(texts[0], ATOM) + "".join(f"[{i}]" for i in params))


def _spell_stack(texts: Sequence[Spelled], params: Params) -> Spelled:
    return Spelled(f"[{', '.join(t.text for t in texts)}]")


def _spell_argmax(texts: Sequence[Spelled], params: Params) -> Spelled:
    return calls(ARGMAX.name)(texts if len(texts) == 1 else [_spell_stack(texts, ())], ())


OPERATORS = (
    Operator("index", 1, 5.0, _index_type, _index, _spell_index, lift="sequence"),
    Operator("stack", None, 5.0, _stack_type, _stack, _spell_stack, lift="sequence", least=1),
    Operator("dot", 2, 6.0, _dot_type, _dot, calls(DOT_PRODUCT.name), DOT_PRODUCT, lift="sequence"),
    Operator("argmax", None, 6.0, _argmax_type, _argmax, _spell_argmax, ARGMAX, lift="sequence", least=1),
)
