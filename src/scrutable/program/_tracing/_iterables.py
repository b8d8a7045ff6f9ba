"""What a loop or comprehension runs over: sequences of the data, arrays, or constants known beforehand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scrutable.program._expr import Const, Expr, Var, call, const
from scrutable.program._tracing._core import evaluate
from scrutable.program._tracing._lookup import fetch
from scrutable.program._tracing._types import array_literal, as_expr, as_sequence, is_call
from scrutable.program._tracing._values import Elements, Items, Plain, Tracer, Unsupported, Zipped, snippet
from scrutable.program._types import INT, Array, Seq, Type

_LONGEST_UNROLLED = 1000


@dataclass(frozen=True)
class Count:
    """The counter of `enumerate`, from `start`."""

    start: int


@dataclass(frozen=True)
class Many:
    """Things run over side by side."""

    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Source:
    """What a loop runs over.

    Arguments:
        kind: "sequence" for data of any length, "array" for data of fixed length, "known" for constants.
        tree: a value, a `Count`, or `Many` of them.
        length: how many there are, unless it is a sequence.
    """

    kind: str
    tree: Any
    length: int = 0


def source(t: Tracer, node: ast.expr) -> Source:
    """What the iterable `node` is."""
    tree = _tree(t, node)
    leaves = list(_leaves(tree))
    values = [leaf for leaf in leaves if not isinstance(leaf, Count)]
    arrays = [leaf for leaf in values if isinstance(leaf, Expr) and isinstance(leaf.type, Array)]
    if any(isinstance(leaf, Expr) and not isinstance(leaf.type, Array) for leaf in values):
        return Source("sequence", _mapped(tree, lambda leaf: as_sequence(t, leaf, node)))
    if not values:
        raise Unsupported(node, f"{snippet(node)} never ends", "loop over a sequence")
    if arrays:
        tree = _mapped(tree, lambda leaf: _as_array(leaf, node))
    lengths = {_length(leaf, node) for leaf in _leaves(tree) if not isinstance(leaf, Count)}
    length = min(lengths)
    if length > _LONGEST_UNROLLED and not arrays:
        raise Unsupported(node, f"{snippet(node)} has {length} steps", f"use at most {_LONGEST_UNROLLED}")
    return Source("array" if arrays and len(lengths) == 1 else "known", tree, length)


def _tree(t: Tracer, node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in t.frame.env:
        name, args = node.func.id, node.args
        if name == "zip" and args:
            return Many(tuple(_tree(t, arg) for arg in args))
        if name == "enumerate" and 1 <= len(args) <= 2 and len(node.keywords) <= 1:
            starts = [*args[1:], *(keyword.value for keyword in node.keywords)]
            start = evaluate(t, starts[0]) if starts else const(0)
            if not isinstance(start, Const):
                raise Unsupported(node, f"{snippet(node)} counts from a computed number", "add it in the loop")
            return Many((Count(start.value), _tree(t, args[0])))
        if name == "range":
            return range_value(t, node)
    value = evaluate(t, node)
    if isinstance(value, Zipped):
        return Many(value.parts)
    if isinstance(value, Plain) and isinstance(value.value, (set, frozenset, dict)):
        return Plain(sorted(value.value) if not isinstance(value.value, dict) else list(value.value))
    return value


def range_value(t: Tracer, node: ast.Call) -> Any:
    """Whole numbers known beforehand, or the positions of a sequence."""
    values = [as_expr(evaluate(t, arg), node) for arg in node.args]
    if values and all(isinstance(value, Const) for value in values):
        return Plain(range(*(value.value for value in values if isinstance(value, Const))))
    starts_at_0 = len(values) == 1 or (len(values) == 2 and values[0] == const(0))
    if starts_at_0 and is_call(values[-1], "length"):
        return call("position", values[-1].args[0])  # type: ignore[attr-defined]
    raise Unsupported(node, f"{snippet(node)} has a computed length", "loop over the sequence, or over range(len(x))")


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, Many):
        for part in tree.parts:
            yield from _leaves(part)
    else:
        yield tree


def _mapped(tree: Any, change: Any) -> Any:
    if isinstance(tree, Many):
        return Many(tuple(_mapped(part, change) for part in tree.parts))
    return tree if isinstance(tree, Count) else change(tree)


def _as_array(leaf: Any, node: ast.AST) -> Any:
    return array_literal(list(leaf.value), node) if isinstance(leaf, Plain) else leaf


def _length(leaf: Any, node: ast.AST) -> int:
    if isinstance(leaf, Items):
        return len(leaf.parts)
    if isinstance(leaf, Plain) and hasattr(leaf.value, "__len__"):
        return len(leaf.value)
    if isinstance(leaf, Expr) and isinstance(leaf.type, Array):
        return leaf.type.shape[0]
    raise Unsupported(node, f"{snippet(node)} is nothing to loop over", "loop over a sequence, a zip or a range")


def items_at(t: Tracer, tree: Any, place: int, node: ast.expr) -> Any:
    """The value of step `place` of something of known length."""
    if isinstance(tree, Many):
        return Items(tuple(items_at(t, part, place, node) for part in tree.parts))
    if isinstance(tree, Count):
        return const(tree.start + place)
    subscript = ast.copy_location(ast.Subscript(node, ast.Constant(place), ast.Load()), node)
    return fetch(t, tree, const(place), subscript)


def elements_of(t: Tracer, target: ast.expr, tree: Any, elements: Elements) -> Any:
    """The elements of one step of a sequence (or of any place of an array), as values for `target`.

    Each gets a name in `elements`; those that the target names keep its names.
    """
    if isinstance(tree, Many):
        targets = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target] * len(tree.parts)
        if len(targets) != len(tree.parts):
            raise Unsupported(target, f"{snippet(target)} does not fit {len(tree.parts)} values", "name each of them")
        parts = [elements_of(t, part, sub, elements) for part, sub in zip(targets, tree.parts, strict=True)]
        return Items(tuple(parts))
    wish = target.id if isinstance(target, ast.Name) else "element"
    if not wish.strip("_"):
        wish = f"{tree.name}_t" if isinstance(tree, Var) else "element"
    name = t.unique(wish)
    if isinstance(tree, Count):
        elements.pairs.append((name, tree))
        place: Expr = Var(name, INT)
        return place + tree.start if tree.start else place
    elements.pairs.append((name, tree))
    return Var(name, item_type(tree.type))


def item_type(type_: Type) -> Type:
    """The type of an element of a sequence or array."""
    if isinstance(type_, Array):
        return Array(type_.shape[1:], type_.item) if len(type_.shape) > 1 else type_.item
    assert isinstance(type_, Seq)
    return type_.item


def settle_counts(elements: Elements) -> None:
    """Counters become positions of a sequence that is run over beside them."""
    sequence = next(over for _, over in elements.pairs if not isinstance(over, Count))
    if is_call(sequence, "position"):
        sequence = sequence.args[0]
    pairs = [(n, call("position", sequence) if isinstance(over, Count) else over) for n, over in elements.pairs]
    elements.pairs[:] = pairs
