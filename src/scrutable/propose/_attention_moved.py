"""What a head does with the keys that it selects, as its reader sees it.

It moves a variable picked at the first selected key, or the mean of a number; or, where all keys look alike, the weight
of the start token says how many are selected, or whether any is. Weights may be far from ideal ones where that is not
seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from scrutable.program import Call, Const, Expr, Var, call
from scrutable.propose._attention_classes import BLUR, CLEARLY, WITHIN, settled_by
from scrutable.propose._attention_graph import Component, NotRead
from scrutable.propose._attention_heads import Attending, ideal
from scrutable.propose._attention_means import mean
from scrutable.propose._attention_weights import weighted_count

if TYPE_CHECKING:
    from scrutable.propose._attention_walk import Walk


@final
@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """What some heads that attend alike move, as its reader sees it.

    Arguments:
        site: the name of the heads. names: the variables moved. chosen, how: which keys are selected.
        cells: what is read at each position, `(cells, k)`. start: what is read at the start token.
        seen: what is read of the heads themselves, `(cells, k)`. within: values nearer than this are one.
    """

    site: str
    names: tuple[str, ...]
    chosen: Expr
    how: Attending
    cells: np.ndarray
    start: np.ndarray | None
    seen: np.ndarray
    within: float


def moved(walk: Walk, source: Component, outgoing: np.ndarray, scale: float, *, last: bool) -> tuple[str, list[str]]:
    """What the program does with the keys that some heads select, and the variables that it gets of them.

    Arguments:
        outgoing: `(held, k)`, what the reader sees of what the heads hold. scale: by how much what varies most does.
        last: whether the output reads it.

    Raises:
        NotRead: what is seen is no choice, no mean and no count.
    """
    chosen, how = walk.selector(source)
    values = _values(walk, source)
    seen = [w @ v for w, v in zip(_weights(walk, source, how), values, strict=True)]
    misses = {
        kind: max(
            float(np.abs((ideal(kind, keys, start=how.start) @ v - each) @ outgoing).max())
            for keys, v, each in zip(how.chosen, values, seen, strict=True)
        )
        for kind in ("pick", "mean", *(("width",) if how.start else ()))
    }
    kind = min(misses, key=lambda each: misses[each])
    least = max(WITHIN * scale, misses[kind])
    names = [] if kind == "width" else walk.variables((source.name, "value"), outgoing, least=least)
    view = walk.flat(seen) @ outgoing
    if not names:
        several = (walk.uneven and how.tied) or _counts(how, view, WITHIN * scale)
        if several:
            start = np.concatenate([w[..., 0].reshape(-1) for w in _weights(walk, source, how)])
            return "width", [_count(walk, source.name, chosen, how, start)]
        found = call("lt", 0, call("width", chosen))
        return "pick", [walk.store.add("found", found, site=source.name)]
    if misses[kind] > BLUR * scale:
        raise NotRead(f"what {source.name} moves is neither a choice nor a mean")
    cells = walk.flat([v[:, how.start :] for v in values]) @ outgoing
    start = values[-1][0, 0] @ outgoing if how.start else None
    found = Moved(source.name, tuple(names), chosen, how, cells, start, view, WITHIN * scale)
    if kind == "pick" or all(_one_value(walk, name, how) for name in names):
        return "pick", picked(walk, found, last=last)
    try:
        return "mean", mean(walk, found)
    except NotRead:
        if misses["pick"] > BLUR * scale:
            raise
    return "pick", picked(walk, found, last=last)


def _values(walk: Walk, source: Component) -> list[np.ndarray]:
    """What heads read at every position, for each length `(n, positions, numbers)`, the start first."""
    reader = (source.name, "value")
    return [
        bias + sum(walk.reading.contribution(each, reader)[k] for each in walk.reading.sources(reader))
        for k, bias in enumerate(walk.reading.bias(reader))
    ]


def _weights(walk: Walk, source: Component, how: Attending) -> list[np.ndarray]:
    return [weights[:, how.start :] for weights in walk.reading.pattern(source)]


def _counts(how: Attending, view: np.ndarray, within: float) -> bool:
    """Whether what is seen says how many keys are selected, and not just whether any is."""
    counts = np.concatenate([each.sum(-1).reshape(-1) for each in how.chosen])
    any_, number = (settled_by([labels], view)[2].max() for labels in (counts > 0, counts))
    more = number <= CLEARLY * any_ or (counts > 0).all()
    return bool(more and (how.tied or any_ > within))


def _count(walk: Walk, site: str, chosen: Expr, how: Attending, start: np.ndarray) -> str:
    """How many keys are selected; how much they weigh together, where that is asked for and says more.

    Arguments:
        start: the weight of the start token, `(cells,)`: one of one and of what the keys weigh.
    """
    even = call("width", chosen)
    if not walk.uneven:
        return walk.store.add("count", even, site=site)
    uneven = weighted_count(walk, how, chosen)
    counts = [walk.store.add("count", each, site=site) for each in (uneven, even)]
    missed = [np.abs(1 / (1 + walk.store.labels[each]) - start).max() for each in counts]
    return counts[0] if missed[0] < CLEARLY * missed[1] else counts[1]


def _one_value(walk: Walk, name: str, how: Attending) -> bool:
    """Whether all selected keys have the same value of a variable, at each query."""
    for chosen, values in zip(how.chosen, walk.store.by_length(name), strict=True):
        keys = values[:, None, :].astype(np.float64)
        least, most = np.where(chosen, keys, np.inf).min(-1), np.where(chosen, keys, -np.inf).max(-1)
        if (least < most - 1e-6).any():
            return False
    return True


def picked(walk: Walk, moved: Moved, *, last: bool) -> list[str]:
    """The variables at the first selected key.

    Arguments:
        last: whether the output reads them.
    """
    like = None
    if moved.start is not None:
        near = np.flatnonzero(np.abs(moved.cells - moved.start).max(1) < 2 * moved.within)
        like = near[0] if len(near) else None
    found = []
    for name in moved.names:
        source, labels = name, walk.store.labels[name]
        if like is not None or not moved.how.none.any():
            default = labels[0 if like is None else like].item()
        else:
            source, default = _fresh(walk, name, moved.how, last=last)
        found.append(walk.store.add("picked", _pick(moved.chosen, walk.store.var(source), default), site=moved.site))
    return found


def _pick(chosen: Expr, values: Expr, default: float) -> Expr:
    """The value at the first selected key; a shift where that is always so many positions away."""
    match chosen:
        case Call("select", (Var("position"), Call("add", (Var("position"), Const(value=step)))), ("eq",)):
            return call("shift", values, params=(-step, default))
    return call("pick", chosen, values, params=(default,))


def _fresh(walk: Walk, name: str, how: Attending, *, last: bool) -> tuple[str, int]:
    """A value that no key has; that which the network answers, where it answers what the head gives."""
    labels = walk.store.labels[name]
    if labels.dtype.kind == "b":
        name = walk.store.add("number", call("if", walk.store.var(name), 1, 0), site=None)
        labels = walk.store.labels[name]
    if last and walk.reading.network.outputs.kind != "Reals":
        answers = np.unique(np.concatenate([y.reshape(-1) for y in walk.reading.answers()])[how.none])
        if len(answers) == 1 and answers[0] not in labels:
            return name, int(answers[0])
    return name, -1 if labels.min() >= 0 else int(labels.max()) + 1
