"""How much more a head weighs some of the keys that it selects than others.

Scores of selected keys are alike in a clean network. Where they are not, a mean is a weighted one and a count says how
much keys weigh together. How much a key weighs at a query is a sum of products of two numbers, one of the key and one
of the query: of as few of them as say it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.program import Expr, call
from scrutable.propose._attention_classes import joint
from scrutable.propose._attention_heads import Attending
from scrutable.propose._attention_phrases import rows_of, table

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk

ROUNDS = 60
DIGITS = 4
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


def _total(parts: Iterator[Expr]) -> Expr:
    return reduce(lambda one, other: call("add", one, other), parts)


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
    names = [walk.store.source.name, walk.store.places()]
    group = joint([walk.store.labels[name] for name in names])
    scores, keys, queries = (np.concatenate(each) for each in zip(*_selected(how, group, walk), strict=True))
    kinds = group.max() + 1
    pair = group[queries] * kinds + keys
    often = np.bincount(pair, minlength=kinds**2).reshape(kinds, kinds)
    whole = np.exp(_means(pair, scores, kinds**2)).reshape(kinds, kinds)
    columns = {name: walk.store.labels[name] for name in names}
    return [
        Product(*(walk.lifted(table(*rows_of(columns, np.round(side, DIGITS)[group]))) for side in (by_key, by_query)))
        for by_query, by_key in products(whole, often > 0)
    ]


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


def _selected(how: Attending, group: np.ndarray, walk: Walk) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The scores, groups of keys, and queries of all selected keys, for each length."""
    found, at = [], 0
    for scores, chosen, x in zip(how.scores, how.chosen, walk.store.words.values(), strict=True):
        cells = np.arange(at, at + x.size).reshape(x.shape)
        at += x.size
        word, query, key = np.nonzero(chosen)
        found.append((scores[word, query, key], group[cells[word, key]], cells[word, query]))
    return found


def _means(labels: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    sums = np.bincount(labels, weights=values, minlength=count)
    return sums / np.maximum(1, np.bincount(labels, minlength=count))
