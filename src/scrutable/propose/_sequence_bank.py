"""The features that programs are made of: attention over tokens and positions, then over what that gives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np

from scrutable.program import Expr, call, const
from scrutable.propose._sequence_features import (
    KEY,
    LENGTH,
    PLACE,
    QUERY,
    TOKEN,
    VALUE,
    Bank,
    Chosen,
    Feature,
    picked,
    share,
    token_var,
    width,
)

RELATIONS = {
    "eq": np.equal,
    "lt": np.less,
    "gt": np.greater,
    "le": np.less_equal,
    "ge": np.greater_equal,
    "ne": np.not_equal,
}
MOST = 6000
INNER = 40
"""So many features of one kind are read by further attention."""
CUTS = 9


@final
@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Words `(n, length)` of numbered tokens, and whether no answer depends on later ones."""

    x: np.ndarray
    tokens: int
    causal: bool

    @property
    def places(self) -> np.ndarray:
        """The position of each token."""
        return np.broadcast_to(np.arange(self.x.shape[1]), self.x.shape)

    def masks(self) -> Iterator[tuple[Expr | None, np.ndarray]]:
        """Which keys may be read at all, by their position."""
        place = token_var(PLACE)
        key, query = self.places[:1, None, :], self.places[:1, :, None]
        if not self.causal:
            yield None, np.ones((1, self.x.shape[1], self.x.shape[1]), bool)
        for name in ("le", "lt", *(() if self.causal else ("gt",))):
            yield call("select", place, place, params=(name,)), RELATIONS[name](key, query)


def stages(words: Words) -> Iterator[list[Feature]]:
    """All features so far: without attention, with one layer of it, compared with each other, with a second layer.

    Those of the last words are kept: searches of control networks are of the same words.
    """
    return iter(_kept(words.x.tobytes(), words.x.dtype.str, words.x.shape, words.tokens, words.causal))


@lru_cache(maxsize=1)
def _kept(x: bytes, kind: str, shape: tuple[int, ...], tokens: int, causal: bool) -> _Stages:  # noqa: FBT001 - a key
    return _Stages(_made(Words(np.frombuffer(x, kind).reshape(shape), tokens, causal)))


@final
class _Stages:
    """Stages, each made when it is first asked for."""

    def __init__(self, more: Iterator[list[Feature]]) -> None:
        self._more, self._made = more, list[list[Feature]]()

    def __iter__(self) -> Iterator[list[Feature]]:
        for at in itertools.count():
            if at == len(self._made):
                found = next(self._more, None)
                if found is None:
                    return
                self._made.append(list(found))
            yield self._made[at]


def _made(words: Words) -> Iterator[list[Feature]]:
    made = Bank(most=MOST)
    token = Feature("token", token_var(TOKEN), words.x)
    place = Feature("place", token_var(PLACE), words.places)
    plain = made.extend([token, place])
    counts = made.extend(width(each) for each in _by_token(words))
    moved = made.extend(_moved(words, [*_by_place(words), *_by_token(words, least=1)]))
    shares = made.extend(_shares(words))
    truths = made.extend(_conditions(counts, shares, [], words.tokens))
    compared = made.extend(_compared([*moved, *counts], plain))
    made.extend(_extremes(words))
    yield made.features
    truths += [each for each in compared if each.parts and each.parts[0].kind == "token"][:INNER]
    made.extend(_again(words, moved, counts, truths))
    yield made.features


def _by_token(words: Words, *, least: int = 0) -> Iterator[Chosen]:
    """Keys by their token: as it compares with that of the query, or with one token."""
    x, key, query = words.x, token_var(KEY), token_var(QUERY)
    for mask, allowed in words.masks():
        for name in ("eq", "lt", "gt") if least else RELATIONS:
            truth = RELATIONS[name](x[:, None, :], x[:, :, None])
            yield _masked(call("select", key, query, params=(name,)), truth, mask, allowed)
        for token in range(words.tokens):
            for name in ("eq", "le") if 0 < token < words.tokens - 1 else ("eq",):
                truth = np.broadcast_to(RELATIONS[name](x, token)[:, None, :], (*x.shape, x.shape[1]))
                yield _masked(call("select", key, token, params=(name,)), truth, mask, allowed)


def _by_place(words: Words) -> Iterator[Chosen]:
    """Keys by their position: so far from the query, counted from the end, at an end, or named by the token."""
    key, place, query = words.places[:, None, :], words.places[:, :, None], token_var(PLACE)
    last = words.x.shape[1] - 1
    wanted: list[tuple[Expr | int, np.ndarray]] = [(query - back, place - back) for back in (1, 2, 3)]
    wanted += [(0, np.zeros_like(place))]
    if not words.causal:
        wanted += [(query + on, place + on) for on in (1, 2)]
        wanted += [(token_var(LENGTH) - 1 - query, last - place), (token_var(LENGTH) - 1, np.full_like(place, last))]
    wanted += [(token_var(QUERY), words.x[:, :, None])]
    for expr, number in wanted:
        truth = np.broadcast_to(key == number, (*words.x.shape, last + 1))
        yield Chosen(call("select", query, expr, params=("eq",)), truth)


def _masked(expr: Expr, truth: np.ndarray, mask: Expr | None, allowed: np.ndarray, *parts: Feature) -> Chosen:
    return Chosen(expr if mask is None else call("and", expr, mask), truth & allowed, parts)


def _moved(words: Words, chosen: list[Chosen], *more: Feature) -> Iterator[Feature]:
    token = Feature("token", token_var(VALUE), words.x)
    for each in chosen:
        for default in (0, words.tokens):
            if default == 0 or not each.keys.any(-1).all():
                for value in (token, Feature("place", token_var(PLACE), words.places), *more):
                    yield picked(each, value, default)


def _shares(words: Words) -> Iterator[Feature]:
    """Means over all that may be read: of the token, and of whether it is a certain one."""
    for mask, allowed in words.masks():
        everything = call("select", token_var(PLACE), token_var(PLACE), params=("true",)) if mask is None else mask
        chosen = Chosen(everything, np.broadcast_to(allowed, (*words.x.shape, words.x.shape[1])))
        for token in range(words.tokens):
            is_it = call("eq", token_var(VALUE), token)
            yield share(chosen, is_it, words.x == token)
        if words.tokens > 2:
            yield share(chosen, token_var(VALUE), words.x)


def _extremes(words: Words) -> Iterator[Feature]:
    """Of the tokens that may be read the largest, the smallest, the most and the least frequent (the first of such)."""
    for mask, allowed in words.masks():
        counts = []
        for token in range(words.tokens):
            truth = np.broadcast_to((words.x == token)[:, None, :], (*words.x.shape, words.x.shape[1]))
            counts.append(width(_masked(call("select", token_var(KEY), token, params=("eq",)), truth, mask, allowed)))
        held = np.stack([each.values for each in counts], axis=-1)
        some, last = held > 0, words.tokens - 1
        for order, found in (
            (list(range(last, -1, -1)), last - some[..., ::-1].argmax(-1)),
            (list(range(words.tokens)), some.argmax(-1)),
        ):
            expr: Expr = const(order[-1])
            for token in order[-2::-1]:
                expr = call("if", call("lt", 0, counts[token].var), token, expr)
            yield Feature("token", expr, found, tuple(counts[token] for token in order[:-1]))
        yield Feature("token", call("argmax", *(each.var for each in counts)), held.argmax(-1), tuple(counts))
        fewest = call("argmax", *(call("neg", each.var) for each in counts))
        yield Feature("token", fewest, held.argmin(-1), tuple(counts))


def _again(words: Words, moved: list[Feature], counts: list[Feature], truths: list[Feature]) -> Iterator[Feature]:
    """Attention that reads what attention gave."""
    tokens = [each for each in moved if each.kind == "token"][:INNER]
    places = [each for each in moved if each.kind == "place"][:INNER]
    token = Feature("token", token_var(VALUE), words.x)
    for each in (*tokens, *places):
        truth = words.places[:, None, :] == each.values[:, :, None]
        yield picked(Chosen(call("select", token_var(PLACE), each.var, params=("eq",)), truth, (each,)), token, 0)
    for mask in words.masks():
        for each in tokens:
            yield from _by_moved(words, mask, each, token)
        for each in (*truths, *_conditions([], [], tokens[:6], words.tokens)):
            keys = np.broadcast_to(each.values[:, None, :], (*words.x.shape, words.x.shape[1]))
            chosen = _masked(call("select", each.var, True, params=("eq",)), keys, *mask, each)
            count = width(chosen)
            yield count
            yield Feature("truth", call("eq", count.var, 0), count.values == 0, (count,))
            yield picked(chosen, token, 0)
        for each in counts[:INNER]:
            for other, expr in ((each.values, each.var), (words.places, token_var(PLACE))):
                same = each.values[:, None, :] == other[:, :, None]
                chosen = _masked(call("select", each.var, expr, params=("eq",)), same, *mask, each)
                yield width(chosen) if expr == each.var else picked(chosen, token, 0)


def _by_moved(words: Words, mask: tuple[Expr | None, np.ndarray], each: Feature, token: Feature) -> Iterator[Feature]:
    """Keys that hold a token moved there before, and keys compared with a token moved to the query."""
    same = each.values[:, None, :] == words.x[:, :, None]
    chosen = _masked(call("select", each.var, token_var(QUERY), params=("eq",)), same, *mask, each)
    yield width(chosen)
    yield from (picked(chosen, token, default) for default in (0, words.tokens))
    for name in ("eq", "lt", "gt"):
        truth = RELATIONS[name](words.x[:, None, :], each.values[:, :, None])
        yield width(_masked(call("select", token_var(KEY), each.var, params=(name,)), truth, *mask, each))


def _conditions(counts: list[Feature], shares: list[Feature], moved: list[Feature], tokens: int) -> Iterator[Feature]:
    """Whether a number is a certain one, or more than it."""
    for each in [*counts, *shares]:
        levels = np.unique(each.values)
        cuts = levels[:-1] if each.kind == "count" else (levels[:-1] + levels[1:]) / 2
        if each.kind == "share":
            cuts = np.array([0.5])
        for cut in cuts[:CUTS].tolist():
            number = int(cut) if each.kind == "count" else float(cut)
            yield Feature("truth", call("lt", number, each.var), each.values > number, (each,))
            if each.kind == "count":
                yield Feature("truth", call("eq", each.var, number), each.values == number, (each,))
            else:
                yield Feature("truth", call("lt", each.var, number), each.values < number, (each,))
    for each in moved:
        for token in range(tokens):
            yield Feature("truth", call("eq", each.var, token), each.values == token, (each,))


def _compared(features: list[Feature], plain: list[Feature]) -> Iterator[Feature]:
    """Whether one number is less than another, or equal, of those of a kind."""
    token, place = plain[0], plain[1]
    for i, left in enumerate(features):
        others = [place] if left.kind == "count" else [token] if left.kind == "token" else []
        if left.kind == "count":
            others += [each for each in features[i + 1 : i + 1 + INNER] if each.kind == "count"]
        for right in others:
            parts = tuple(each for each in (left, right) if each not in plain)
            this, that = left.var, right.expr if right in plain else right.var
            yield Feature("truth", call("lt", this, that), left.values < right.values, parts)
            yield Feature("truth", call("lt", that, this), right.values < left.values, parts)
            yield Feature("truth", call("eq", this, that), left.values == right.values, parts)
