"""Which keys a head selects, as an expression of the variables that it reads by its queries and keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scrutable.program import Expr, Var, call, variables
from scrutable.program import walk as expressions
from scrutable.propose._attention_classes import determines, joint, needed
from scrutable.propose._attention_graph import Component, NotRead
from scrutable.propose._attention_heads import Attending, attending, ideal
from scrutable.propose._attention_phrases import rows_of
from scrutable.propose._attention_selectors import row_by_row, short_selector

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk

SCORE = 0.1
"""Scores that vary by less, in nats, are always the same."""
WINS = 0.6
"""A key with so much of the weight is picked."""
DOUBT = 0.05
"""The share of queries and keys of which it may be unclear whether one selects the other."""
ACROSS = ("pick", "aggregate", "width", "position", "length", "shift")
"""Operators that look at other positions, or at where a position is."""


def routed(walk: Walk, source: Component) -> tuple[Expr, Attending]:
    how = attending(walk.reading, source)
    queries = walk.variables((source.name, "query"), how.seen_keys, least=SCORE)
    keys = walk.variables((source.name, "key"), how.seen_queries, least=SCORE)
    how = replace(how, real_keys=_reals(walk, keys), real_queries=_reals(walk, queries))
    place = walk.store.places()
    extra = ((), (place,), (place, walk.store.source.name))
    sides_read = [tuple(list(dict.fromkeys([*names, *more])) for names in (queries, keys)) for more in extra]
    how = _sure(walk, source, sides_read, how)
    for queries, keys in sides_read:
        columns, target = _pairs(walk, queries, keys, how)
        if determines(list(columns.values()), target):
            break
    else:
        raise NotRead(f"{source.name} selects keys by more than what it reads")
    if not columns:
        columns = _pairs(walk, [place], [place], how)[0]
    short, sides, wanted, leaves = _short(walk, columns, target)
    before, after = _parents(walk, queries), _parents(walk, keys)
    if (set(before), set(after)) != (set(queries), set(keys)):  # what is seen may be coarser than what is meant
        simpler = _short(walk, *_pairs(walk, before, after, how))[0]
        short = min([each for each in (simpler, short) if each is not None], key=_size, default=None)
    found = short or _pointed(walk, queries, list(sides[1]), how) or row_by_row(sides[0], sides[1], wanted, leaves)
    return found, how


def _sure(walk: Walk, source: Component, sides: list[tuple[list[str], ...]], how: Attending) -> Attending:
    """The same keys where what is read settles them, and where heads pick one if it is the first of these; else those
    of the sorts that ever win; else those that are most often selected where what is read is the same.

    Weights with noise blur scores: where one of several keys wins anyway, they may say this or that of the others.
    """
    tables = [_pairs(walk, queries, keys, how) for queries, keys in sides]
    clear = any(determines(list(columns.values()), target) for columns, target in tables)
    winners = _winners(walk, source, how)
    if winners is not None and not (clear and _first_wins(how.chosen, winners)):
        sorts = (_of_winning_sorts(columns, winners, how) for columns, _ in tables)
        found = next((each for each in sorts if each is not None), None)
        if found is not None:
            return found
    if clear:
        return how
    for columns, target in tables:
        group = joint(list(columns.values()))
        usual = (np.bincount(group, weights=target) / np.bincount(group) > 0.5)[group]
        if (usual != target).mean() < DOUBT:
            return how.choosing(_by_length(usual, how))
    return how


def _winners(walk: Walk, source: Component, how: Attending) -> list[np.ndarray] | None:
    """The one key that has nearly all the weight at each query, none where the start token has it; None where the
    weight is shared. For each length, `(n, queries, keys)`."""
    patterns = [weights[:, how.start :] for weights in walk.reading.pattern(source)]
    if min(float(weights.max(-1).min()) for weights in patterns) < WINS:
        return None
    return [weights[..., how.start :] >= WINS for weights in patterns]


def _first_wins(chosen: list[np.ndarray], winners: list[np.ndarray]) -> bool:
    return all(np.array_equal(ideal("pick", keys, start=False), won) for keys, won in zip(chosen, winners, strict=True))


def _of_winning_sorts(columns: dict[str, np.ndarray], winners: list[np.ndarray], how: Attending) -> Attending | None:
    """All keys of those sorts that ever win, told apart by as few columns as settle which key is the first of them."""
    won = np.concatenate([each.reshape(-1) for each in winners])

    def chosen(names: list[str]) -> list[np.ndarray] | None:
        group = joint([columns[name] for name in names])
        sorts = _by_length((np.bincount(group, weights=won) > 0)[group], how)
        return sorts if _first_wins(sorts, winners) else None

    kept, found = list(columns), chosen(list(columns))
    for name in list(columns) if found is not None else ():
        fewer = [each for each in kept if each != name]
        without = chosen(fewer) if fewer else None
        kept, found = (kept, found) if without is None else (fewer, without)
    return None if found is None else how.choosing(found)


def _by_length(truth: np.ndarray, how: Attending) -> list[np.ndarray]:
    """Rows of `_pairs`, in the shape of the keys of each length."""
    ends = np.cumsum([chosen.size for chosen in how.chosen])
    return [part.reshape(c.shape) for part, c in zip(np.split(truth, ends[:-1]), how.chosen, strict=True)]


def _short(
    walk: Walk, columns: dict[str, np.ndarray], target: np.ndarray
) -> tuple[Expr | None, list[dict[str, np.ndarray]], np.ndarray, dict[str, Var]]:
    """A short selector, or None; and the table that it was read from: queries and keys, truth, names."""
    kept = needed(columns, target) or list(columns)[:1]
    rows, wanted = rows_of({each: columns[each] for each in kept}, target)
    sides = [{each[2:]: column for each, column in rows.items() if each[0] == side} for side in "qk"]
    leaves = {each[2:]: walk.store.var(each[2:]) for each in columns}
    found = short_selector(sides[0], sides[1], wanted, leaves) if determines(list(rows.values()), wanted) else None
    return found, sides, wanted, leaves


def _size(expr: Expr) -> int:
    return len(list(expressions(expr)))


def _pointed(walk: Walk, queries: list[str], keys: list[str], how: Attending) -> Expr | None:
    """Where every query selects one value of one key variable: a variable that says which, compared with it."""
    if len(keys) != 1:
        return None
    labels, at, found = walk.store.labels[keys[0]], 0, []
    if labels.dtype.kind != "i":
        return None
    for chosen, (length, x) in zip(how.chosen, walk.reading.words.items(), strict=True):
        values = np.broadcast_to(labels[at : at + x.size].reshape(len(x), 1, length), chosen.shape)
        at += x.size
        some = np.where(chosen, values, values.max() + 1).min(-1)
        found.append(np.where(chosen.any(-1), some, min(-1, labels.min() - 1)).reshape(-1))
    wanted = np.concatenate(found)
    for names in (_parents(walk, queries), queries):
        if determines([walk.store.labels[name] for name in names], wanted):
            pointer = walk.computed(names, wanted, "source", truth=False)
            expr = call("select", walk.store.var(keys[0]), walk.store.var(pointer), params=("eq",))
            if all(map(np.array_equal, walk.store.selected(expr), how.chosen)):
                return expr
    return None


def _parents(walk: Walk, names: list[str]) -> list[str]:
    """What variables at one position are computed from there; of others, they themselves."""
    found: dict[str, None] = {}
    for name in names:
        let = walk.store.lets.get(name)
        pointwise = let is not None and not any(getattr(e, "op", "") in ACROSS for e in expressions(let.expr))
        found |= dict.fromkeys(sorted(variables(let.expr)) if let is not None and pointwise else [name])
    return list(found)


def _reals(walk: Walk, names: list[str]) -> tuple[str, ...]:
    return tuple(name for name in _parents(walk, names) if walk.store.labels[name].dtype.kind == "f")


def _pairs(walk: Walk, queries: list[str], keys: list[str], how: Attending) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """A row for each query and key of each word."""
    columns: dict[str, list[np.ndarray]] = {}
    at = 0
    for length, x in walk.reading.words.items():
        cells = slice(at, at + x.size)
        at += x.size
        for side, names in (("q", queries), ("k", keys)):
            for name in names:
                values = walk.store.labels[name][cells].reshape(len(x), length)
                values = values[:, :, None] if side == "q" else values[:, None, :]
                whole = np.broadcast_to(values, (len(x), length, length)).reshape(-1)
                columns.setdefault(f"{side} {name}", []).append(whole)
    target = np.concatenate([chosen.reshape(-1) for chosen in how.chosen])
    return {name: np.concatenate(parts) for name, parts in columns.items()}, target
