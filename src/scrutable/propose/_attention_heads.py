"""Which keys a head selects at each query, and how near its weights come to one of three uses of them.

It picks one, takes a mean or counts. The start token says what happens where nothing is selected: a key that scores
more than it is selected. Where it scores like the selected keys, its weight is one over their number and one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from scrutable.propose._attention_graph import Component, NotRead
from scrutable.propose._attention_reading import Reading

TIE = 3.0
"""A key whose score is nearer to that of the start token, in nats, is tied with it."""
GAP = 4.0
"""Scores that lie side by side within this distance, in nats, are of one level."""


@final
@dataclass(frozen=True, eq=False)
class Attending:
    """Which keys some heads that attend alike select.

    Arguments:
        chosen: for each length, `(n, queries, keys)`.
        scores: by how much, in nats, keys score more than the start token; without one, than the best.
        start: whether there is a start token. tied: whether it scores as some selected keys do.
        seen_keys, seen_queries: `(numbers, k)`: what scores show of a query, and of a key.
        real_keys, real_queries: the real variables from which what scores read of a key, and of a query, is computed.
    """

    chosen: list[np.ndarray]
    scores: list[np.ndarray]
    start: bool
    tied: bool
    seen_keys: np.ndarray
    seen_queries: np.ndarray
    real_keys: tuple[str, ...] = ()
    real_queries: tuple[str, ...] = ()

    @property
    def none(self) -> np.ndarray:
        """Whether nothing is selected, at each position of each word."""
        return np.concatenate([~each.any(-1).reshape(-1) for each in self.chosen])

    def choosing(self, chosen: list[np.ndarray]) -> Attending:
        """The same of other keys."""
        return replace(self, chosen=chosen)


def attending(reading: Reading, heads: Component) -> Attending:
    """Read scores.

    Raises:
        NotRead: there are more positions before the words than one.
    """
    scores, lengths = reading.scores(heads), list(reading.words)
    before = scores[-1].shape[-1] - lengths[-1]
    if before not in (0, 1):
        raise NotRead(f"{before} positions before the words")
    above = [_above(each, before) for each in scores]
    tied = before == 1 and any((np.abs(each) < TIE).any() for each in above)
    cut = _below_level(np.concatenate([each.reshape(-1) for each in above])) if tied or not before else 0.0
    chosen = [each > cut for each in above]
    key, query = (_whole(reading, (heads.name, port)) for port in ("key", "query"))
    first = key[0] if before else 0.0
    return Attending(chosen, above, before == 1, tied, _seen(key - first), _seen(query))


def _above(scores: np.ndarray, before: int) -> np.ndarray:
    """How much more keys score than the start token; without one, than the best."""
    scores = scores[:, before:].astype(np.float64)
    keys = scores[:, :, before:]
    if before:
        return keys - scores[:, :, :1]
    return keys - keys.max(-1, keepdims=True)


def _below_level(scores: np.ndarray) -> float:
    """Half way between the level of scores around zero and the next one below."""
    levels = np.unique(np.round(scores[np.isfinite(scores) & (scores < TIE)], 3))[::-1]
    gaps = np.flatnonzero(levels[:-1] - levels[1:] > GAP)
    return float(levels[gaps[0] : gaps[0] + 2].mean()) if len(gaps) else float(levels[-1]) - 1.0


def ideal(kind: str, chosen: np.ndarray, *, start: bool) -> np.ndarray:
    """The weights of a head that selects keys, `(n, queries, keys)`, and does one thing with them, the start first.

    Arguments:
        kind: "pick" (the first selected), "mean" (all of them) or "width" (how many).
    """
    count = chosen.sum(-1, keepdims=True)
    if kind == "pick":
        on = np.zeros(chosen.shape)
        np.put_along_axis(on, chosen.argmax(-1)[..., None], 1.0, axis=-1)
        on = np.where(count > 0, on, 0.0)
    else:
        on = chosen / (1 + count if kind == "width" else np.maximum(1, count))
    return np.concatenate([1 - on.sum(-1, keepdims=True), on], axis=-1) if start else on


def _whole(reading: Reading, reader: tuple[str, str]) -> np.ndarray:
    """Everything a reader gets at every position, the start first."""
    rows = [
        bias + sum(reading.contribution(source, reader)[k] for source in reading.sources(reader))
        for k, bias in enumerate(reading.bias(reader))
    ]
    first = rows[-1][:1, 0]
    return np.concatenate([first, *(each.reshape(-1, each.shape[-1]) for each in rows)])


def _seen(vectors: np.ndarray) -> np.ndarray:
    """Directions times how much vectors are in them, so that distances are differences of scores."""
    distinct = np.unique(np.round(vectors, 4), axis=0)
    _, sizes, axes = np.linalg.svd(distinct, full_matrices=False)
    return axes.T * sizes / len(distinct) ** 0.5
