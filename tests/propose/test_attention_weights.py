"""How much keys weigh is read off scores, whatever is selected and whatever queries add to all of their keys."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.network import Tokens
from scrutable.program import INT, Expr, Input, Seq, call, substitute
from scrutable.propose._attention_heads import Attending
from scrutable.propose._attention_store import Store
from scrutable.propose._attention_weights import additive, products, weights
from scrutable.work import Clock, generator

SHAPE = (3, 4)


class Planted:
    """What is read of a walk: its variables, and the time."""

    def __init__(self) -> None:
        self.store = Store(Input("x", Seq(INT)), {4: Tokens(3, length=4).enumerate()})
        self.clock = Clock(60.0)

    def lifted(self, expr: Expr) -> Expr:
        """See `Walk.lifted`."""
        return substitute(expr, {name: self.store.var(name) for name in ("x", *self.store.lets)})


def told(walk: Planted, how: Attending) -> np.ndarray:
    """The weights that are read off a head, `(n, queries, keys)`."""
    shape = walk.store.words[4].shape
    total = np.zeros((*shape, shape[1]))
    for part in weights(walk, how):  # type: ignore[arg-type]
        added = (walk.store.add("weight", each, site=None) for each in (part.keys, part.queries))
        keys, queries = (walk.store.labels[each].reshape(shape) for each in added)
        total += queries[:, :, None] * keys[:, None, :]
    return total


def head(scores: np.ndarray, chosen: np.ndarray, real: tuple[str, ...] = ()) -> Attending:
    """A head of these scores, both `(n, queries, keys)`, whose keys are read by these real variables."""
    unseen = np.zeros((0, 0))
    return Attending([chosen], [scores], True, True, unseen, unseen, real_keys=real)  # noqa: FBT003


@pytest.mark.parametrize("together", [0.0, 0.2])
def test_planted_weights_are_found_again(together: float) -> None:
    rng, walk = generator(0, "weights"), Planted()
    (x,) = walk.store.words.values()
    key, query = rng.uniform(-0.2, 0.2, size=(2, *SHAPE))
    both = rng.uniform(-together, together, size=(*SHAPE, *SHAPE))
    places = np.broadcast_to(np.arange(4), x.shape)
    scores = query[x, places][:, :, None] + key[x, places][:, None, :]
    scores += both[x[:, :, None], places[:, :, None], x[:, None, :], places[:, None, :]]
    chosen = rng.random(scores.shape) < 0.5
    found = told(walk, head(scores, chosen))
    assert np.abs(found - np.exp(scores))[chosen].max() < 0.01


def test_weights_that_depend_on_a_real_number_are_found_again() -> None:
    rng, walk = generator(1, "weights"), Planted()
    x = walk.store.var("x")
    mean = call("aggregate", call("select", x, x, params=("le",)), x, params=(0.0,))
    name = walk.store.add("mean", mean, site=None)
    means = walk.store.labels[name].reshape(walk.store.words[4].shape)
    scores = np.broadcast_to(0.3 * np.sin(4 * means)[:, None, :], (*means.shape, 4))
    chosen = rng.random(scores.shape) < 0.5
    assert np.abs(told(walk, head(scores, chosen)) - np.exp(scores))[chosen].max() > 0.1
    assert np.abs(told(walk, head(scores, chosen, (name,))) - np.exp(scores))[chosen].max() < 0.01


def test_as_few_products_as_say_what_is_known_of_a_table() -> None:
    rng = generator(2, "weights")
    whole = sum(np.multiply.outer(*rng.normal(size=(2, 9))) for _ in range(2))
    known = rng.random((9, 9)) < 0.9
    found = products(np.where(known, whole, 99.0), known)
    assert len(found) < 9
    assert np.abs(sum(np.multiply.outer(*each) for each in found) - whole)[known].max() < 1e-3
    assert len(products(np.outer(np.arange(1, 5), [2.0, 3.0]), np.ones((4, 2), dtype=bool))) == 1


def test_sums_of_numbers_of_each_side_are_taken_apart() -> None:
    rng = generator(3, "weights")
    sides, numbers = rng.integers(0, 5, size=(2, 200)), rng.normal(size=(2, 5))
    scores = numbers[0][sides[0]] + numbers[1][sides[1]]
    found = additive(scores, list(sides), [5, 5])
    assert np.abs(found[0][sides[0]] + found[1][sides[1]] - scores).max() < 1e-6
