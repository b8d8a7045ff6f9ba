"""How much more a head weighs some of the keys that it selects than others.

Scores of selected keys are alike in a clean network. Where they are not, a mean is a weighted one and a count says how
much keys weigh together. How much a key weighs at a query is a sum of products of two numbers, one of the key and one
of the query: of as few of them as say it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.program import Expr, call
from scrutable.propose._attention_classes import joint
from scrutable.propose._attention_heads import Attending
from scrutable.propose._attention_phrases import exactly, rows_of, table

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk

ROUNDS = 60
DIGITS = 4
COARSE = 3
"""Digits of numbers that depend on real ones, each of which takes a step of its own."""
NEAR = 1e-3
"""Weights this near to those of the head, in units of a usual one, are said to be theirs."""


def weighted_mean(walk: Walk, how: Attending, chosen: Expr, values: Expr, default: float) -> Expr:
    """The mean of values over the selected keys, each as much as it weighs."""
    terms = list(_terms(walk, how))
    part = _total(
        call("mul", query, call("aggregate", chosen, call("mul", key, values), params=(default,)))
        for key, query in terms
    )
    whole = _total(call("mul", query, call("aggregate", chosen, key, params=(1.0,))) for key, query in terms)
    return call("div", part, whole)


def weighted_count(walk: Walk, how: Attending, chosen: Expr) -> Expr:
    """How much the selected keys weigh together; a key that scores as the start token does weighs one."""
    terms = _terms(walk, how)
    mean = _total(call("mul", query, call("aggregate", chosen, key, params=(0.0,))) for key, query in terms)
    return call("mul", mean, call("width", chosen))


def _terms(walk: Walk, how: Attending) -> Iterator[tuple[Expr, Expr]]:
    for each in weights(walk, how):
        key, query = (walk.store.var(walk.store.add("weight", side, site=None)) for side in (each.keys, each.queries))
        yield key, query


def _total(parts: Iterable[Expr]) -> Expr:
    first, *others = parts
    return reduce(lambda one, other: call("add", one, other), others, first)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """One part of how much keys weigh at queries: two numbers multiplied, each by symbol and position.

    Arguments:
        keys, queries: expressions.
    """

    keys: Expr
    queries: Expr


def weights(walk: Walk, how: Attending) -> list[Product]:
    """Read off the scores of the keys that are selected.

    Cost: some passes over all queries and keys; it grows with the cube of the number of symbols at positions.
    """
    places = [walk.store.source.name, walk.store.places()]
    group, *real = (
        joint([walk.store.labels[name] for name in names])
        if names
        else np.zeros(len(walk.store.labels[places[0]]), dtype=np.int64)
        for names in (places, how.real_keys, how.real_queries)
    )
    scores, keys, queries = (np.concatenate(each) for each in zip(*_selected(how, walk), strict=True))
    kinds = group.max() + 1
    pair = group[queries] * kinds + group[keys]
    sides = (pair, real[0][keys], real[1][queries])
    whole, *more = additive(scores, sides, [kinds**2, *(each.max() + 1 for each in real)])
    known = np.bincount(pair, minlength=kinds**2).reshape(kinds, kinds) > 0
    key, query = (
        _by_reals(walk, names, np.exp(each)[mine])
        for names, each, mine in zip((how.real_keys, how.real_queries), more, real, strict=True)
    )
    return [
        Product(
            *(
                part if factor is None else call("mul", factor, part)
                for factor, part in (
                    (key, _by_places(walk, places, by_key[group])),
                    (query, _by_places(walk, places, by_query[group])),
                )
            )
        )
        for by_query, by_key in products(np.exp(whole).reshape(kinds, kinds), known)
    ]


def additive(scores: np.ndarray, sides: Sequence[np.ndarray], sizes: Sequence[int]) -> list[np.ndarray]:
    """Numbers for the labels of each side that add up to the scores, as nearly as may be.

    Arguments:
        scores: `(n,)`. sides: labels, `(n,)` each. sizes: how many labels each side has.
    """
    found = [np.zeros(size) for size in sizes]
    for _ in range(ROUNDS):
        for at, (labels, size) in enumerate(zip(sides, sizes, strict=True)):
            others = sum(found[k][sides[k]] for k in range(len(sides)) if k != at)
            found[at] = _means(labels, scores - others, size)
    return found


def _by_places(walk: Walk, names: Sequence[str], values: np.ndarray) -> Expr:
    columns = {name: walk.store.labels[name] for name in names}
    return walk.lifted(table(*rows_of(columns, np.round(values, DIGITS))))


def _by_reals(walk: Walk, names: Sequence[str], values: np.ndarray) -> Expr | None:
    """A variable of numbers that depend on real ones; None where there are none of those."""
    if not names:
        return None
    rows, numbers = rows_of({name: walk.store.labels[name] for name in names}, np.round(values, COARSE))
    found = walk.lifted(exactly(rows, numbers, truth=False, clock=walk.clock))
    return walk.store.var(walk.store.add("weight", found, site=None))


def products(whole: np.ndarray, known: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """As few products of a number for each row and one for each column as add up to what is known of a table.

    Arguments:
        whole, known: `(rows, columns)`; what is not known may be anything.

    Returns:
        Pairs of `(rows,)` and `(columns,)`; those of a column have a mean size of one.
    """
    filled = np.where(known, whole, 1.0)
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for count in range(1, min(whole.shape) + 1):
        for _ in range(ROUNDS):
            left, sizes, right = np.linalg.svd(filled, full_matrices=False)
            told = (left[:, :count] * sizes[:count]) @ right[:count]
            filled = np.where(known, whole, told)
        usual = np.abs(right[:count]).mean(1)
        parts = list(zip((left[:, :count] * sizes[:count] * usual).T, right[:count] / usual[:, None], strict=True))
        if np.abs(told - whole)[known].max() < NEAR:
            break
    return parts


def _selected(how: Attending, walk: Walk) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The scores, keys and queries of all selected keys, for each length."""
    found, at = [], 0
    for scores, chosen, x in zip(how.scores, how.chosen, walk.store.words.values(), strict=True):
        cells = np.arange(at, at + x.size).reshape(x.shape)
        at += x.size
        word, query, key = np.nonzero(chosen)
        found.append((scores[word, query, key], cells[word, key], cells[word, query]))
    return found


def _means(labels: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    sums = np.bincount(labels, weights=values, minlength=count)
    return sums / np.maximum(1, np.bincount(labels, minlength=count))
