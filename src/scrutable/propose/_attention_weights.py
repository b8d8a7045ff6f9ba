"""How much more a head weighs some of the keys that it selects than others.

Scores of selected keys are alike in a clean network. Where they are not, a mean is a weighted one and a count says how
much keys weigh together. A key at a query weighs the product of two numbers, one of the key and one of the query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.program import Expr, call
from scrutable.propose._attention_classes import joint
from scrutable.propose._attention_heads import Attending
from scrutable.propose._attention_phrases import rows_of, table

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk

ROUNDS = 30
DIGITS = 3


def weighted_mean(walk: Walk, how: Attending, chosen: Expr, values: Expr, default: float) -> Expr:
    """The mean of values over the selected keys, each as much as it weighs."""
    weight = walk.store.var(walk.store.add("weight", weights(walk, how).keys, site=None))
    part = call("aggregate", chosen, call("mul", weight, values), params=(default,))
    return call("div", part, call("aggregate", chosen, weight, params=(1.0,)))


def weighted_count(walk: Walk, how: Attending, chosen: Expr) -> Expr:
    """How much the selected keys weigh together; a key that scores as the start token does weighs one."""
    read = weights(walk, how)
    weight, factor = (walk.store.var(walk.store.add("weight", each, site=None)) for each in (read.keys, read.queries))
    mean = call("aggregate", chosen, weight, params=(0.0,))
    return call("mul", factor, call("mul", mean, call("width", chosen)))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """How much keys weigh at queries: the product of two numbers, each by symbol and position.

    Arguments:
        keys, queries: expressions.
    """

    keys: Expr
    queries: Expr


def weights(walk: Walk, how: Attending) -> Weights:
    """Read off the scores of the keys that are selected.

    Cost: some passes over all queries and keys.
    """
    names = [walk.store.source.name, walk.store.places()]
    group = joint([walk.store.labels[name] for name in names])
    scores, keys, queries = (np.concatenate(each) for each in zip(*_selected(how, group, walk), strict=True))
    excess = np.zeros(group.max() + 1)
    for _ in range(ROUNDS):
        base = _means(queries, scores - excess[keys], len(group))
        excess = _means(keys, scores - base[queries], len(excess))
    excess -= excess.mean()
    level = _means(group[queries], scores - excess[keys], len(excess))
    columns = {name: walk.store.labels[name] for name in names}
    tables = [table(*rows_of(columns, np.round(np.exp(each), DIGITS)[group])) for each in (excess, level)]
    return Weights(*(walk.lifted(each) for each in tables))


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
