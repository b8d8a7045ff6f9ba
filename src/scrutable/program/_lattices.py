"""Normal forms of `and`, `or`, `min` and `max`: sets of classes, with absorption and common parts taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from scrutable.program._egraph import EGraph
from scrutable.program._polynomials import integral
from scrutable.program._types import Array, Selector

MOST_SPLIT = 4
DUAL = {"and": "or", "or": "and", "min": "max", "max": "min"}


def merge_lattices(graph: EGraph, written: set[Any]) -> Iterator[None]:
    """`and`, `or`, `min`, `max` of whole numbers and truth values as sets, with absorption."""
    owners: dict[Any, int] = {}
    for class_ in graph.classes():
        if isinstance(class_.type, (Array, Selector)) or not integral(graph, class_.id):
            continue
        for op in {node.op for node in class_.nodes} & set(DUAL):
            items = _absorbed(graph, op, _items(graph, op, class_.id, set()))
            key = (op, class_.type, frozenset(items))
            graph.union(class_.id, owners.setdefault(key, class_.id))
            if key not in written:
                written.add(key)
                for make in _spelled_sets(graph, op, items):
                    graph.merge(class_.id, make)
        yield


def _items(graph: EGraph, op: str, id_: int, seen: set[int]) -> frozenset[int]:
    """The classes that `op` joins in a class, looking through nested uses of `op`."""
    id_ = graph.find(id_)
    options = [node for node in graph[id_].nodes if node.op == op]
    if id_ in seen or not options or graph[id_].constant is not None:
        return frozenset({id_})
    seen = seen | {id_}
    sets = [frozenset().union(*(_items(graph, op, arg, seen) for arg in node.args)) for node in options[:3]]
    return min(sets, key=lambda items: (len(items), sorted(graph[i].order for i in items)))


def _absorbed(graph: EGraph, op: str, items: frozenset[int]) -> list[int]:
    """Without the items that another one makes superfluous."""
    kept = sorted(items, key=lambda i: graph[i].order)
    for item in list(kept):
        others = [o for o in kept if o != item]
        absorbed = any(o in _items(graph, DUAL[op], item, set()) for o in others)
        low, high = graph[item].range
        if op in ("min", "and"):
            absorbed |= any(graph[o].range[1] <= low for o in others)
        else:
            absorbed |= any(graph[o].range[0] >= high for o in others)
        if absorbed and others:
            kept = others
    return kept


def _spelled_sets(graph: EGraph, op: str, items: list[int]) -> Iterator[Callable[[], int]]:
    if op in ("and", "or"):
        opposites = {graph.find(n.args[0]) for i in items for n in graph[i].nodes if n.op == "not"}
        if opposites & set(items):
            yield lambda: graph.literal(op == "or")
            return
    yield lambda: _joined(graph, op, items)
    for common, rests, others in _factored(graph, op, items):
        yield lambda common=common, rests=rests, others=others: _refactored(graph, op, common, rests, others)
    if 2 < len(items) <= MOST_SPLIT:
        for size in range(1, len(items) // 2 + 1):
            for part in combinations(items, size):
                rest = [i for i in items if i not in part]
                yield lambda part=part, rest=rest: graph.apply(
                    op, _joined(graph, op, list(part)), _joined(graph, op, rest)
                )


def _factored(graph: EGraph, op: str, items: list[int]) -> Iterator[tuple[int, list[list[int]], list[int]]]:
    """What two or more items share in their dual form: the shared part, what else those items have, the other items."""
    parts = {item: _items(graph, DUAL[op], item, set()) for item in items}
    for common in sorted(set().union(*parts.values()), key=lambda i: graph[i].order):
        having = [item for item in items if common in parts[item] and len(parts[item]) > 1]
        if len(having) > 1:
            rests = [sorted(parts[item] - {common}, key=lambda i: graph[i].order) for item in having]
            yield common, rests, [item for item in items if item not in having]


def _refactored(graph: EGraph, op: str, common: int, rests: list[list[int]], others: list[int]) -> int:
    """`(c and x) or (c and y) or z` as `(c and (x or y)) or z`, and its dual."""
    inner = _joined(graph, op, [_joined(graph, DUAL[op], rest) for rest in rests])
    factored = graph.apply(DUAL[op], common, inner)
    return _joined(graph, op, [factored, *others])


def _joined(graph: EGraph, op: str, items: list[int]) -> int:
    total = items[0]
    for item in items[1:]:
        total = graph.apply(op, total, item, canonical=True)
    return total
