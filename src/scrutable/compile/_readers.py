"""The operators that read other positions, as acts of attention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrutable.compile._lowering import Lowering, Readers, fresh
from scrutable.compile._plan import Attend, Score, Variable
from scrutable.compile._tables import possible_means, sorted_values
from scrutable.program import Call, Real, call, expression_text, scalar_of


def pick(work: Lowering, expr: Call, name: str) -> Variable:
    """The first selected value: moved by one head."""
    selector, values = expr.args
    number = isinstance(scalar_of(expr.type), Real)
    view, scores, default = work.view(values, number=number), work.scores(selector), expr.params[0]
    listed = view.values if view.values is not None else view.variable.values
    output = Variable(name, None if listed is None else sorted_values(listed, [default]), not number, of=name)
    first = not (_one_position(scores, work.position) or work.unique(selector, values))
    work.operations.append(Attend(output, "pick", scores, view, default, first, expression_text(selector)))
    return output


def aggregate(work: Lowering, expr: Call, name: str) -> Variable:
    """The mean of the selected values: one head."""
    selector, values = expr.args
    view, scores, default = work.view(values, number=True), work.scores(selector), float(expr.params[0])
    means = None if view.values is None else possible_means(view.values, work.length, default)
    output = Variable(name, means, label=False, of=name)
    work.operations.append(
        Attend(output, "mean", scores, view, default, first=False, selector=expression_text(selector))
    )
    return output


def width(work: Lowering, expr: Call, name: str) -> Variable:
    """How many keys are selected: a head that shares its attention between them and the start token, and a map."""
    (selector,) = expr.args
    counts = range(work.length, -1, -1)
    shares = tuple(1 / (1 + count) for count in counts)
    share = Variable(fresh(f"{name}_share", work.taken), shares, label=False, of=name)
    work.operations.append(Attend(share, "width", work.scores(selector), None, None, False, expression_text(selector)))
    output = Variable(name, tuple(range(work.length + 1)), label=True, of=name)
    return work.mapped(output, (share,), np.asarray(counts))


def shift(work: Lowering, expr: Call, name: str) -> Variable:
    """A head that looks a fixed distance away."""
    (values,), (offset, fill) = expr.args, expr.params
    place = call("position", values)
    source = call("select", place, call("sub", place, offset), params=("eq",))
    return pick(work, call("pick", source, values, params=(fill,)), name)


def length_of(work: Lowering, expr: Call, name: str) -> Variable:
    """How long the sequence is: the width of a selector that selects everything."""
    (values,) = expr.args
    return width(work, call("width", call("select", call("position", values), 0, params=("ge",))), name)


def count(work: Lowering, expr: Call, name: str) -> Variable:
    """How many truth values are true, at every position."""
    return width(work, call("width", call("select", expr.args[0], True, params=("eq",))), name)


def last(work: Lowering, expr: Call, name: str) -> Variable:
    """The last value, at every position."""
    (values,) = expr.args
    end = call("sub", call("length", values), 1)
    source = call("select", call("position", values), end, params=("eq",))
    return pick(work, call("pick", source, values, params=expr.params), name)


def _one_position(scores: Sequence[Score], position: Variable) -> bool:
    """Whether some condition leaves at most one key for each query."""
    return any(score.key == position and score.table.sum(axis=1).max() <= 1 for score in scores)


READERS: Readers = {
    "pick": pick,
    "aggregate": aggregate,
    "width": width,
    "shift": shift,
    "length": length_of,
    "count": count,
    "last": last,
}
"""By the operator's name in the registry."""
