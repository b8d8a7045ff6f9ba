"""Meeting in the middle: for every new entry, the partner it would need to give the target.

`op(u, v) == target` is solved for `v` where the operator can be inverted and `v` is looked up in the bank, which
reaches expressions of about twice the cost enumerated. Where the partner would be a literal, it is worked out from the
data.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scrutable.synthesis.enumeration._bank import OPERATORS, Bank, joined
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.synthesis.enumeration._kernels import Kind
from scrutable.work import Clock

CHUNK = 1 << 14
MET = 1 << 18
"""Partners are looked up for so many of the cheapest entries only; then enumerating goes further in the same time."""
MOST_MET = 32
"""So many expressions are built for one operator and one chunk of new entries, the cheapest."""


def meet(bank: Bank, goal: Goal, kind: Kind, new: tuple[int, int], clock: Clock) -> None:
    """Offer to the goal what the entries of the range `new` give with one old or new partner."""
    start, stop = new[0], min(new[1], MET)
    store, target = bank.store(kind), goal.vectors.get(kind)
    if target is None:
        return
    for low in range(start, stop, CHUNK):
        if clock.over:
            return
        values = store.values[low : min(stop, low + CHUNK)]
        for name, flipped, where, wanted in _needed(bank, kind, values, target):
            if not len(wanted):
                continue
            partner = store.find(np.ascontiguousarray(wanted))
            hits = np.flatnonzero(partner >= 0)
            costs = bank.price(name.removeprefix("not ")) + store.cost[where[hits] + low] + store.cost[partner[hits]]
            near = np.flatnonzero(costs <= goal.bound)
            hits = hits[near[np.argsort(costs[near], kind="stable")[:MOST_MET]]]
            for mine, other in zip((where[hits] + low).tolist(), partner[hits].tolist(), strict=True):
                pair = (other, mine) if flipped else (mine, other)
                op = OPERATORS.index(name.removeprefix("not "))
                if not goal.restates(op, pair):
                    expr = bank.build(op, pair)
                    goal.offer(joined("not", expr) if name.startswith("not ") else expr)


def _needed(
    bank: Bank, kind: Kind, values: np.ndarray, target: np.ndarray
) -> Iterator[tuple[str, bool, np.ndarray, np.ndarray]]:
    """Operator, whether the new entry comes second, which new entries, and the partner each of them needs."""
    operators, everywhere = bank.grammar.operators, np.arange(len(values))
    if kind == "truth":
        if "xor" in operators:
            yield "xor", False, everywhere, values ^ target
            if "not" in operators:
                yield "not xor", False, everywhere, ~(values ^ target)
        return
    if "add" in operators:
        yield "add", False, everywhere, target - values
    if "sub" in operators:
        yield "sub", False, everywhere, values - target
        yield "sub", True, everywhere, target + values
    if "mul" in operators:
        whole = np.flatnonzero((values != 0).all(axis=1))
        divided = target / values[whole] if bank.layout.reals else target // values[whole]
        if not bank.layout.reals:
            exact = (divided * values[whole] == target).all(axis=1)
            whole, divided = whole[exact], divided[exact]
        yield "mul", False, whole, divided.astype(bank.layout.dtype)
