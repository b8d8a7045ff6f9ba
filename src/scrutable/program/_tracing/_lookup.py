"""Tracing what square brackets and `in` mean: tables, arrays, elements of sequences."""

from __future__ import annotations

import ast
from typing import Any

from scrutable.program._expr import Call, Const, Expr, Var, call, const
from scrutable.program._tracing._types import (
    as_expr,
    as_sequence,
    is_call,
    literal_type,
    never_negative,
    retyped,
    zero_of,
)
from scrutable.program._tracing._values import Elements, Items, Lookup, Plain, Tracer, Unsupported, checked, snippet
from scrutable.program._types import INT, Array, Real, Seq, scalar_of

_LARGEST_TABLE = 10_000


def fetch(t: Tracer, owner: Any, key: Any, node: ast.Subscript) -> Any:
    """`owner[key]`."""
    if isinstance(owner, (Plain, Lookup)):
        return look_up(owner, key, node, None)
    if isinstance(owner, Items):
        return _item(owner, key, node)
    expr = as_expr(owner, node)
    if isinstance(expr.type, Array):
        return _array_item(expr, key, node)
    if isinstance(expr.type, Seq):
        return _sequence_item(t, expr, key, node)
    if not isinstance(key, Const) or key.value < 0:
        retyped(t, expr)
    raise Unsupported(
        node, f"{snippet(node)} takes a part of a {expr.type}", "give its type: inputs={'x': Array((4,), REAL)}"
    )


def look_up(owner: Plain | Lookup, key: Any, node: ast.AST, default: Any) -> Any:
    """An entry of a constant dict or list, under a key that may be computed."""
    table = owner.table if isinstance(owner, Lookup) else owner.value
    keys = owner.keys if isinstance(owner, Lookup) else ()
    parts = key.parts if isinstance(key, Items) else key.value if isinstance(key, Plain) else (key,)
    exprs = tuple(part if isinstance(part, Expr) else as_expr(const(part), node) for part in parts)
    if not keys and all(isinstance(part, Const) for part in exprs):
        return _known(table, exprs, node, default)
    keys = (*keys, *(_index(table, part, node) for part in exprs))
    level, rows = _rows(table, len(keys), node)
    if level is not None:
        return Lookup(table, keys)
    if not rows and default is None:
        raise Unsupported(node, f"{snippet(node)} looks something up in an empty table", "give it entries")
    if default is None:
        default = zero_of(scalar_of(literal_type(rows[0][1])))
    return checked(node, lambda: call("table", *keys, params=(tuple(rows), default)))


def _known(table: Any, keys: tuple[Expr, ...], node: ast.AST, default: Any) -> Any:
    values = [key.value for key in keys if isinstance(key, Const)]
    try:
        found = table[values[0] if len(values) == 1 else tuple(values)]
    except (KeyError, IndexError, TypeError):
        if default is None:
            raise Unsupported(node, f"{snippet(node)} is not in the table", "give it an entry") from None
        found = default
    return const(found) if isinstance(found, (bool, int, float)) else Plain(found)


def _index(table: Any, key: Expr, node: ast.AST) -> Expr:
    """A key as the language needs it: a list counts backwards from its end below zero."""
    if isinstance(scalar_of(key.type), Real):
        raise Unsupported(node, f"{snippet(node)} looks up a real number", "use round(...) or int(...) first")
    if isinstance(table, (list, tuple)) and not never_negative(key):
        return call("mod", key, len(table))
    return key


def _rows(table: Any, depth: int, node: ast.AST) -> tuple[Any, list[tuple[tuple[Any, ...], Any]]]:
    """The rows of a nested table `depth` levels down: (something nested deeper still, rows)."""
    rows: list[tuple[tuple[Any, ...], Any]] = []
    pending = [((), table)]
    while pending:
        keys, value = pending.pop(0)
        if len(keys) < depth:
            if not isinstance(value, (dict, list, tuple)):
                raise Unsupported(node, f"{snippet(node)} looks deeper into a table than it goes", "use fewer keys")
            entries = value.items() if isinstance(value, dict) else enumerate(value)
            pending += [((*keys, *(k if isinstance(k, tuple) else (k,))), v) for k, v in entries]
        elif isinstance(value, (dict, list, tuple)):
            return value, []
        elif isinstance(value, (bool, int, float)) and len(rows) < _LARGEST_TABLE:
            rows.append((keys, value))
        else:
            raise Unsupported(node, f"{snippet(node)} looks up {str(value)[:30]!r}", "let tables hold numbers only")
    return None, rows


def _item(owner: Items, key: Any, node: ast.AST) -> Any:
    if isinstance(key, Const) and isinstance(key.value, int) and -len(owner.parts) <= key.value < len(owner.parts):
        return owner.parts[key.value]
    return _array_item(as_expr(owner, node), key, node)


def _array_item(array: Expr, key: Any, node: ast.AST) -> Any:
    assert isinstance(array.type, Array)
    size = next(iter(array.type.shape))
    keys = key.parts if isinstance(key, Items) else tuple(map(const, key.value)) if isinstance(key, Plain) else (key,)
    if all(isinstance(part, Const) for part in keys):
        wanted = tuple(int(part.value) for part in keys)
        if isinstance(array, Call) and array.op == "index":
            array, wanted = array.args[0], (*array.params, *wanted)
        assert isinstance(array.type, Array)
        places = tuple(k % n if -n <= k < 0 else k for k, n in zip(wanted, array.type.shape, strict=False))
        return checked(node, lambda: call("index", array, params=places + wanted[len(places) :]))
    first, *others = keys
    if others:
        raise Unsupported(node, f"{snippet(node)} has several computed indices", "write x[i][j]")
    place = as_expr(first, node)
    place = place if never_negative(place) else call("mod", place, size)
    result: Expr = call("index", array, params=(size - 1,))
    for i in reversed(range(size - 1)):
        result = checked(node, lambda i=i, rest=result: call("if", call("eq", place, i), _part(array, i), rest))
    return result


def _part(array: Expr, i: int) -> Expr:
    return call("index", array, params=(i,))


def _sequence_item(t: Tracer, sequence: Expr, key: Any, node: ast.Subscript) -> Expr:
    place = as_expr(key, node)
    if isinstance(place, Const) and place.value == -1:
        return checked(node, lambda: call("last", sequence, params=(zero_of(scalar_of(sequence.type)),)))
    if isinstance(place, Const):
        wanted = call("length", sequence) + place.value if place.value < 0 else place
        here = call("eq", call("position", sequence), wanted)
        return checked(node, lambda: call("sum", call("if", here, sequence, zero_of(scalar_of(sequence.type)))))
    element = _neighbour(t, sequence, place)
    if element is None:
        raise Unsupported(
            node, f"{snippet(node)} takes an element at a computed place", "use pick_first(select(...), x, 0)"
        )
    return element


def _neighbour(t: Tracer, sequence: Expr, place: Expr) -> Expr | None:
    """The element at the step of a loop (`x[t]`), or a fixed distance from it (`x[t - 1]` under a condition on `t`)."""
    distance = 0
    if is_call(place, "sub") or is_call(place, "add"):
        assert isinstance(place, Call)
        base, offset = place.args
        if not isinstance(offset, Const):
            return None
        distance, place = (offset.value if place.op == "sub" else -offset.value), base
    for elements in reversed(t.elements):
        for name, over in elements.pairs:
            if isinstance(place, Var) and place.name == name and is_call(over, "position"):
                if distance > 0 and not _is_guarded(t, name):
                    return None
                wanted = sequence
                if distance:
                    zero = zero_of(scalar_of(sequence.type))
                    wanted = call("shift", sequence, params=(distance, zero))
                return element_of(t, elements, wanted)
    return None


def _is_guarded(t: Tracer, name: str) -> bool:
    """Whether a condition on the loop's index surrounds this place."""
    return any(t.frame.env.get(read) == Var(name, INT) for names in t.guards for read in names)


def element_of(t: Tracer, elements: Elements, sequence: Expr) -> Var:
    """The current element of a sequence in a loop, which comes to run over it too."""
    assert isinstance(sequence.type, Seq)
    for name, over in elements.pairs:
        if over == sequence:
            return Var(name, sequence.type.item)
    base = sequence.name if isinstance(sequence, Var) else "value"
    if is_call(sequence, "shift") and isinstance(sequence.args[0], Var):  # type: ignore[attr-defined]
        base = f"{sequence.args[0].name}_before"  # type: ignore[attr-defined]
    name = t.unique(f"{base}_t" if isinstance(sequence, Var) else base)
    elements.pairs.append((name, sequence))
    return Var(name, sequence.type.item)


def contains(t: Tracer, container: Any, value: Any, node: ast.AST) -> Expr:
    """`value in container`."""
    if isinstance(container, Plain) and isinstance(container.value, range) and abs(container.value.step) == 1:
        numbers = sorted(container.value)
        if numbers:
            x = as_expr(value, node)
            return call("and", call("le", numbers[0], x), call("le", x, numbers[-1]))
    if isinstance(container, Plain) and isinstance(container.value, (set, frozenset, list, tuple, dict, range)):
        return _member(tuple(container.value), value, node)
    x = as_expr(value, node)
    if isinstance(container, Items):
        options = [call("eq", x, as_expr(part, node)) for part in container.parts]
        return options[0] if len(options) == 1 else call("or", *options)
    sequence = as_sequence(t, container, node)
    return call("lt", 0, call("count", checked(node, lambda: call("eq", sequence, x))))


def _member(options: tuple[Any, ...], value: Any, node: ast.AST) -> Expr:
    parts = value.parts if isinstance(value, Items) else (value,)
    exprs = [as_expr(part, node) for part in parts]
    keys = [option if isinstance(option, tuple) else (option,) for option in options]
    if not keys:
        return const(False)
    if any(isinstance(expr.type, Real) for expr in exprs) or not all(_is_whole(part) for key in keys for part in key):
        rows = [[call("eq", x, part) for x, part in zip(exprs, key, strict=True)] for key in keys]
        every = [row[0] if len(row) == 1 else call("and", *row) for row in rows]
        return every[0] if len(every) == 1 else call("or", *every)
    ordered = sorted(dict.fromkeys(keys))
    return checked(node, lambda: call("table", *exprs, params=(tuple((key, True) for key in ordered), False)))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int)
