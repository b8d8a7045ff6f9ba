"""Sequences, and attention as `select`, `aggregate`, `pick` and `width` (after RASP, arXiv:2106.06981).

Sums of reals are taken strictly from the left, in the kernel and in the printed helper alike, because the order of
additions shows in the last digits.
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Sequence
from typing import Any

from scrutable.errors import ProgramError, UserError
from scrutable.program._backend import Backend
from scrutable.program._operators._arithmetic import add
from scrutable.program._operators._base import (
    INT_MAX,
    Helper,
    Operator,
    Params,
    Spelled,
    as_real,
    calls,
    is_int,
    is_number,
    no_params,
    promoted,
    refuse,
)
from scrutable.program._operators._helpers import (
    AGGREGATE,
    COUNT_TRUE,
    COUNTS_OF,
    LAST_OF,
    PICK_FIRST,
    POSITIONS,
    SELECT,
    SHIFTED,
    SUM_OF,
    WIDTHS,
)
from scrutable.program._operators._logic import literal_type
from scrutable.program._types import INT, REAL, Array, Bool, Real, Selector, Seq, Type, is_scalar, join

PREDICATES: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "eq": ("==", python.eq),
    "ne": ("!=", python.ne),
    "lt": ("<", python.lt),
    "le": ("<=", python.le),
    "gt": (">", python.gt),
    "ge": (">=", python.ge),
    "true": ("any", lambda key, query: (key == query) | (key != query)),
}
LARGEST_COUNTS = 65536
Typing = Callable[[tuple[Type, ...], Params], Type]


def _item(name: str, type_: Type, *kinds: type[Type]) -> Type:
    """The scalar item of a sequence, or a refusal."""
    if isinstance(type_, Seq) and is_scalar(type_.item) and isinstance(type_.item, kinds or Type):
        return type_.item
    wanted = " or ".join(kind.__name__ for kind in kinds) or "scalars"
    raise refuse(name, (type_,), f"a sequence of {wanted}")


def _values(name: str, params: Params, *expected: str) -> None:
    if len(params) != len(expected) or not all(map(is_number, params)):
        raise UserError(
            f"got {name} with parameters that do not fit, expected ({', '.join(expected)}): bools, 64-bit ints or "
            "finite floats"
        )


def _plain(name: str, result: Callable[[Type], Type], *kinds: type[Type]) -> Typing:
    def typing(types: tuple[Type, ...], params: Params) -> Type:
        no_params(name, params)
        return result(_item(name, types[0], *kinds))

    return typing


def _of_any_sequence(name: str, result: Type) -> Typing:
    def typing(types: tuple[Type, ...], params: Params) -> Type:
        no_params(name, params)
        if not isinstance(types[0], Seq):
            raise refuse(name, types, "a sequence")
        return result

    return typing


def _shift_type(types: tuple[Type, ...], params: Params) -> Type:
    _values("shift", params, "offset", "fill")
    if not is_int(params[0]):
        raise UserError("got shift by something other than a whole number of steps, expected params=(offset, fill)")
    return Seq(join(_item("shift", types[0]), literal_type(params[1])))


def _last_type(types: tuple[Type, ...], params: Params) -> Type:
    _values("last", params, "default")
    return join(_item("last", types[0]), literal_type(params[0]))


def _counts_type(types: tuple[Type, ...], params: Params) -> Type:
    if len(params) != 1 or not is_int(params[0]) or not 1 <= params[0] <= LARGEST_COUNTS:
        raise UserError(f"got counts with parameters that do not fit, expected params=(k,), 1 <= k <= {LARGEST_COUNTS}")
    if isinstance(_item("counts", types[0]), Real):
        raise refuse("counts", types, "a sequence of Int or Category")
    return Array((params[0],), INT)


def _select_type(types: tuple[Type, ...], params: Params) -> Type:
    if len(params) != 1 or not isinstance(params[0], str) or params[0] not in PREDICATES:
        raise UserError(f"got select with parameters that do not fit, expected one of {', '.join(PREDICATES)}")
    if not any(isinstance(t, Seq) for t in types):
        raise refuse("select", types, "at least one sequence")
    if not all(is_scalar(t.item if isinstance(t, Seq) else t) for t in types):
        raise refuse("select", types, "sequences of scalars")
    return Selector()


def _selected_type(name: str, result: Callable[[Type, Type], Type]) -> Typing:
    def typing(types: tuple[Type, ...], params: Params) -> Type:
        _values(name, params, "default")
        if not isinstance(types[0], Selector):
            raise refuse(name, types, "a selector and a sequence")
        return Seq(result(_item(name, types[1]), literal_type(params[0])))

    return typing


def _width_type(types: tuple[Type, ...], params: Params) -> Type:
    no_params("width", params)
    if not isinstance(types[0], Selector):
        raise refuse("width", types, "a selector")
    return Seq(INT)


def _shift(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    offset, fill = params
    (sequence,) = promoted(xp, values, _kind(fill))
    n, length = sequence.shape
    distance = min(abs(offset), length)
    edge = xp.full((n, distance), fill, xp.kind(sequence))
    if offset >= 0:
        return xp.concatenate([edge, sequence[:, : length - distance]], 1)
    return xp.concatenate([sequence[:, distance:], edge], 1)


def _kind(literal: Any) -> Any:
    return {bool: "b", int: "i", float: "f"}[type(literal)]


def _last(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    (sequence,) = promoted(xp, values, _kind(params[0]))
    n, length = sequence.shape
    return sequence[:, -1] if length else xp.full((n,), params[0], xp.kind(sequence))


def _total(xp: Backend, values: Any) -> Any:
    """The sum over the last axis, from the left, checked."""
    if xp.kind(values) == "b":
        return xp.cast(values, "i").sum(-1)
    length = values.shape[-1]
    if not length:
        return xp.full(tuple(values.shape[:-1]), 0, xp.kind(values))
    if xp.kind(values) == "f":
        return xp.running_sum(values, values.ndim - 1)[..., -1]
    if 0 in values.shape or max(int(values.max()), -int(values.min())) * length <= INT_MAX:
        return values.sum(-1)
    total = values[..., 0]
    for t in range(1, length):
        total = add(xp, (total, values[..., t]))
    return total


def _sum(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    return _total(xp, values[0])


def _counts(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    (sequence,) = promoted(xp, values, "i")
    return xp.cast(sequence[:, :, None] == xp.arange(params[0]), "i").sum(1)


def _position(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    return xp.arange(values[0].shape[1])[None, :]


def _length(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    return xp.full((1,), values[0].shape[1], "i")


def _select(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    keys, queries = promoted(xp, values)
    length = (keys if keys.ndim == 2 else queries).shape[1]
    keys = keys[:, None, :] if keys.ndim == 2 else keys[:, None, None]
    queries = queries[:, :, None] if queries.ndim == 2 else queries[:, None, None]
    chosen = PREDICATES[params[0]][1](keys, queries)
    wanted = (chosen.shape[0], *(length if n == 1 else n for n in chosen.shape[1:]))
    return xp.broadcast(chosen, wanted)


def _selected(selector: Any, values: Any, name: str) -> Any:
    if selector.shape[2] != values.shape[1]:
        raise ProgramError(
            f"{name} got a selector over {selector.shape[2]} keys and {values.shape[1]} values; expected equal lengths"
        )
    return values[:, None, :]


def _aggregate(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    selector, sequence = values
    (sequence,) = promoted(xp, [sequence], "i")
    chosen = xp.where(selector, _selected(selector, sequence, "aggregate"), 0)
    total = as_real(xp, _total(xp, chosen))
    count = selector.sum(-1)
    none = count == 0
    return xp.where(none, float(params[0]), total / xp.where(none, 1, count))


def _pick(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    selector, sequence = values
    (sequence,) = promoted(xp, [sequence], _kind(params[0]))
    options = _selected(selector, sequence, "pick")
    n, queries, length = max_shape(selector.shape, (options.shape[0], 1, options.shape[2]))
    result = xp.full((n, queries), params[0], xp.kind(sequence))
    for t in reversed(range(length)):
        result = xp.where(selector[:, :, t], options[:, :, t], result)
    return result


def max_shape(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    """The shape two shapes broadcast to."""
    return tuple(b if a == 1 else a for a, b in zip(left, right, strict=True))


def _width(xp: Backend, values: Sequence[Any], params: Any) -> Any:
    return xp.cast(values[0], "i").sum(-1)


def _spell_select(texts: Sequence[Spelled], params: Params) -> Spelled:
    return Spelled(f'select({texts[0].text}, {texts[1].text}, "{PREDICATES[params[0]][0]}")')


def _numeric_item(item: Type) -> Type:
    return join(item, INT)


def _helped(name: str, arity: int, typing: Typing, kernel: Any, helper: Helper) -> Operator:
    return Operator(name, arity, 6.0, typing, kernel, calls(helper.name), helper, lift="none")


OPERATORS = (
    _helped("shift", 1, _shift_type, _shift, SHIFTED),
    _helped("position", 1, _of_any_sequence("position", Seq(INT)), _position, POSITIONS),
    Operator("length", 1, 6.0, _of_any_sequence("length", INT), _length, calls("len"), lift="none"),
    _helped("last", 1, _last_type, _last, LAST_OF),
    _helped("sum", 1, _plain("sum", _numeric_item), _sum, SUM_OF),
    _helped("count", 1, _plain("count", lambda item: INT, Bool), _sum, COUNT_TRUE),
    _helped("counts", 1, _counts_type, _counts, COUNTS_OF),
    Operator("select", 2, 6.0, _select_type, _select, _spell_select, SELECT, lift="none"),
    _helped("aggregate", 2, _selected_type("aggregate", lambda item, default: REAL), _aggregate, AGGREGATE),
    _helped("pick", 2, _selected_type("pick", join), _pick, PICK_FIRST),
    _helped("width", 1, _width_type, _width, WIDTHS),
)
