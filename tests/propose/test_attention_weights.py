"""How much keys weigh is read off scores, whatever is selected and whatever queries add to all of their keys."""

from __future__ import annotations

import numpy as np

from scrutable.network import Tokens
from scrutable.program import INT, Expr, Input, Seq, substitute
from scrutable.propose._attention_heads import Attending
from scrutable.propose._attention_store import Store
from scrutable.propose._attention_weights import weights
from scrutable.work import generator


class Planted:
    """What is read of a walk: its variables."""

    def __init__(self) -> None:
        self.store = Store(Input("x", Seq(INT)), {4: Tokens(3, length=4).enumerate()})

    def lifted(self, expr: Expr) -> Expr:
        """See `Walk.lifted`."""
        return substitute(expr, {name: self.store.var(name) for name in ("x", *self.store.lets)})


def test_planted_weights_are_found_again() -> None:
    rng, walk = generator(0, "weights"), Planted()
    (x,) = walk.store.words.values()
    key, query = rng.uniform(-0.2, 0.2, size=(2, 3, 4))
    places = np.arange(4)
    scores = query[x, places][:, :, None] + key[x, places][:, None, :]
    chosen = rng.random(scores.shape) < 0.5
    unseen = np.zeros((0, 0))
    how = Attending([chosen], [scores], start=True, tied=True, seen_keys=unseen, seen_queries=unseen)
    read = weights(walk, how)  # type: ignore[arg-type]
    added = (walk.store.add("weight", each, site=None) for each in (read.keys, read.queries))
    keys, queries = (walk.store.labels[each].reshape(x.shape) for each in added)
    assert np.abs(queries[:, :, None] * keys[:, None, :] - np.exp(scores)).max() < 0.01
