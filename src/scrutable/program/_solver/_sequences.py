"""What the operators on sequences, arrays and selectors mean to the solver, for sequences of a known length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import z3

from scrutable.program._solver._scalars import SCALARS, Encoding
from scrutable.program._solver._terms import Term, as_kind, choose, is_below, literal, promoted, total


def _index(values: Sequence[Any], params: tuple[Any, ...]) -> Any:
    (value,) = values
    for place in params:
        value = value[place]
    return value


def leaves(value: Any) -> list[Term]:
    """The scalars of nested tuples, in order."""
    return [leaf for part in value for leaf in leaves(part)] if isinstance(value, tuple) else [value]


def _refilled(value: Any, terms: list[Term]) -> Any:
    """Nested tuples of the same form with other scalars, taken from the front of `terms`."""
    return tuple(_refilled(part, terms) for part in value) if isinstance(value, tuple) else terms.pop(0)


def _stack(values: Sequence[Any], params: tuple[Any, ...]) -> Any:
    return _refilled(tuple(values), promoted(leaves(tuple(values))))


def _dot(values: Sequence[Any], params: tuple[Any, ...]) -> Term:
    products = [SCALARS["mul"](pair, ()) for pair in zip(*values, strict=True)]
    return total(promoted(products, "i"))


def _argmax(values: Sequence[Any], params: tuple[Any, ...]) -> Term:
    options = promoted(values[0] if len(values) == 1 else values)
    place, best = literal(0), options[0]
    for i, option in enumerate(options[1:], start=1):
        better = is_below(best, option)
        place, best = choose(better, literal(i), place), choose(better, option, best)
    return place


def _with_default(sequence: tuple[Term, ...], default: Any) -> tuple[list[Term], Term]:
    *items, filled = promoted([*sequence, literal(default)])
    return items, filled


def _shift(values: Sequence[Any], params: tuple[Any, ...]) -> Any:
    items, fill = _with_default(values[0], params[1])
    places = [t - params[0] for t in range(len(items))]
    return tuple(items[place] if 0 <= place < len(items) else fill for place in places)


def _last(values: Sequence[Any], params: tuple[Any, ...]) -> Term:
    items, default = _with_default(values[0], params[0])
    return items[-1] if items else default


def _sum(values: Sequence[Any], params: tuple[Any, ...]) -> Term:
    return total(promoted([*values[0]], "i")) if values[0] else literal(0)


def _counts(values: Sequence[Any], params: tuple[Any, ...]) -> Any:
    items = promoted([*values[0]], "i")
    return tuple(_count([item == label for item in items]) for label in range(params[0]))


def _count(truths: Sequence[Term]) -> Term:
    return total([as_kind(truth, "i") for truth in truths]) if truths else literal(0)


_RELATIONS: dict[str, Callable[[Term, Term], Term]] = {
    "eq": lambda key, query: key == query,
    "ne": lambda key, query: key != query,
    "lt": is_below,
    "le": lambda key, query: z3.Not(is_below(query, key)),
    "gt": lambda key, query: is_below(query, key),
    "ge": lambda key, query: z3.Not(is_below(key, query)),
    "true": lambda key, query: literal(True),
}


def _select(values: Sequence[Any], params: tuple[Any, ...]) -> Any:
    length = max(len(value) for value in values if isinstance(value, tuple))
    keys, queries = (value if isinstance(value, tuple) else (value,) * length for value in values)
    relation = _RELATIONS[params[0]]
    return tuple(tuple(relation(*promoted([key, query])) for key in keys) for query in queries)


def _aggregate(values: Sequence[Any], params: tuple[Any, ...]) -> Any:
    selector, sequence = values
    items = promoted([*sequence], "f")
    return tuple(_mean(row, items, literal(float(params[0]))) for row in selector)


def _mean(chosen: Sequence[Term], items: Sequence[Term], default: Term) -> Term:
    if not items:
        return default
    parts = [choose(here, item, literal(0.0)) for here, item in zip(chosen, items, strict=True)]
    count = as_kind(_count(chosen), "f")
    return choose(count == 0, default, total(parts) / count)


def _pick(values: Sequence[Any], params: tuple[Any, ...]) -> Any:
    selector, sequence = values
    items, default = _with_default(sequence, params[0])
    return tuple(_first(row, items, default) for row in selector)


def _first(chosen: Sequence[Term], items: Sequence[Term], default: Term) -> Term:
    result = default
    for here, item in reversed(list(zip(chosen, items, strict=True))):
        result = choose(here, item, result)
    return result


BLOCKS: Mapping[str, Encoding] = MappingProxyType(
    {
        "index": _index,
        "stack": _stack,
        "dot": _dot,
        "argmax": _argmax,
        "shift": _shift,
        "position": lambda values, params: tuple(map(literal, range(len(values[0])))),
        "length": lambda values, params: literal(len(values[0])),
        "last": _last,
        "sum": _sum,
        "count": lambda values, params: _count(values[0]),
        "counts": _counts,
        "select": _select,
        "aggregate": _aggregate,
        "pick": _pick,
        "width": lambda values, params: tuple(_count(row) for row in values[0]),
    }
)
"""Operators that take sequences or arrays whole."""
