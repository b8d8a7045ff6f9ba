"""Fitted constants as a person would write them: named ones where the data allow it, else the shortest decimals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from scrutable.program import REAL, Const, Expr, Var, const, substitute
from scrutable.program._bits import real_bits
from scrutable.synthesis._base import Found, Table
from scrutable.synthesis._score import misfit_bits
from scrutable.synthesis._snap import shortest_between
from scrutable.synthesis.constants._fit import DAMPING, STEPS, fitted
from scrutable.synthesis.constants._holes import evaluated, filled, holes, sensitivities
from scrutable.synthesis.constants._named import Named, literal_bits, named_bits, named_constants, priced

WIDTHS = 4.0
"""A named constant is tried within so many standard errors of the fitted one."""
FURTHER, COMMON = 5.0, 17.0
FINEST = 1e-9
TRIED = 4
PASSES = 2
REFIT_STEPS = 10
CLOSE = 1e-9
ROUNDING = 0.5
SLACK = 0.5
"""Bits by which a name may be worse than a decimal, which is rounding at no noise at all."""
ROUND_OFF = 1e-13
OPEN, OPEN_DIGITS, LARGEST_SHARED = 8.0, 1.4, 30.0
"""What a decimal costs: sign, exponent and length; and for each binary digit."""


@dataclass(frozen=True, slots=True)
class _State:
    """A form whose holes are partly closed: those read a variable of their own, which stands for a named constant."""

    form: Expr
    table: Table
    closed: Mapping[str, Named] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The table's, and the closed constants."""
        return {**self.table.columns, **{name: np.asarray(named.value) for name, named in self.closed.items()}}

    def refitted(self, steps: int, *, damping: float = CLOSE) -> _State:
        """The open holes fitted again."""
        form = fitted(self.form, self.columns, self.table.target, steps=steps, damping=damping)
        return _State(form, self.table, self.closed)

    def with_closed(self, hole: int, named: Named) -> _State:
        """One more hole closed, the others fitted again."""
        name = f"constant {len(self.closed)}"
        values: list[float | Expr] = list(holes(self.form))
        values[hole] = Var(name, REAL)
        state = _State(filled(self.form, values), self.table, {**self.closed, name: named})
        return state.refitted(REFIT_STEPS)

    def with_rounded(self, hole: int, width: float) -> _State:
        """The hole set to the shortest decimal within its error, the others fitted again."""
        value = float(holes(self.form)[hole])
        low, high = value - ROUNDING * width, value + ROUNDING * width
        short = shortest_between(low, float(np.nextafter(high, np.inf)))
        return self.with_closed(hole, Named(short, 0.0, const(short)))

    def finished(self) -> Expr:
        """The expression, closed constants written out."""
        return substitute(self.form, {name: named.expr for name, named in self.closed.items()})

    def curvature(self) -> tuple[np.ndarray, np.ndarray]:
        """Each open hole's standard error with the others held, and how the holes' slopes correlate."""
        table, count = self.table, len(holes(self.form))
        found = sensitivities(self.form, self.columns)
        slopes = np.stack([np.broadcast_to(found.slopes.get(k, 0.0), (table.rows,)) for k in range(count)])
        slopes = np.nan_to_num(slopes, posinf=0.0, neginf=0.0)
        square = float(np.mean((found.value - table.target) ** 2))
        independent = table.rows if table.independent is None else min(table.rows, table.independent)
        scale = np.sqrt((slopes**2).sum(axis=1))
        scale[scale == 0] = 1.0
        unit = slopes / scale[:, None]
        alone = np.sqrt(square * table.rows / independent) / scale
        return np.maximum(alone, ROUND_OFF * np.abs(holes(self.form))), unit @ unit.T

    def errors(self) -> np.ndarray:
        """The standard error of each open hole. `(holes,)`."""
        alone, correlation = self.curvature()
        return alone * np.sqrt(np.maximum(np.diag(np.linalg.pinv(correlation, rcond=1e-13)), 1.0))

    def total(self) -> float:
        """The description length: open holes pay for as many digits as their joint error leaves them."""
        values, digits = np.array(holes(self.form)), 0.0
        if len(values):
            alone, correlation = self.curvature()
            shared = max(float(np.linalg.slogdet(correlation)[1]) / np.log(2), -LARGEST_SHARED * len(values))
            digits = float(np.sum(np.log2(1 + np.abs(values) / np.maximum(alone, 1e-300)))) + 0.5 * shared
        blank = substitute(filled(self.form, [1.0] * len(values)), dict.fromkeys(self.closed, const(1.0)))
        words = named_bits(blank, len(self.table.columns)) - (len(values) + len(self.closed)) * literal_bits(1.0)
        constants = sum(named.bits for named in self.closed.values()) + OPEN * len(values) + OPEN_DIGITS * digits
        return words + constants + misfit_bits(self.table, evaluated(self.form, self.columns))


def snap(expr: Expr, table: Table, *, fit: bool = True) -> Found:
    """The expression with its real literals fitted to the table and then written as shortly as the data allow.

    One constant after another, the best determined first, is set to the cheapest named constant near it (an integer, a
    small fraction, such a fraction times a power of pi or a root) and the others are fitted again; this is kept when
    the description of the table does not grow. What has no name becomes the shortest decimal within its error.

    Arguments:
        expr: every real literal is a hole with a starting value.
        table: real answers.
        fit: whether to fit the holes first.

    Raises:
        KeyError: an operator that cannot be differentiated, see `differentiable`.
    """
    state = _State(expr, table)
    state = state.refitted(STEPS, damping=DAMPING).refitted(STEPS) if fit else state
    for _ in range(PASSES):
        state, named = _named_once(state)
        if not named:
            break
    while holes(state.form):
        widths = state.errors()
        first = int(np.argmin(widths / np.maximum(np.abs(holes(state.form)), 1e-300)))
        state = state.with_rounded(first, float(widths[first]))
    return priced(state.finished(), table)


def _named_once(state: _State) -> tuple[_State, bool]:
    """Each open hole tried once, the best determined first; whether any got a name."""
    count = waiting = len(holes(state.form))
    passed: list[float] = []
    while waiting:
        values, widths = np.array(holes(state.form)), state.errors()
        relative = widths / np.maximum(np.abs(values), 1e-300)
        order = [int(i) for i in np.argsort(relative, kind="stable")]
        hole = order[len(passed)]
        closed = _with_name(state, hole, float(values[hole]), float(widths[hole]), state.total())
        waiting -= 1
        if closed is None:
            passed.append(float(values[hole]))
        else:
            state = closed
    return state, bool(passed) and len(passed) < count


def _with_name(state: _State, hole: int, value: float, width: float, before: float) -> _State | None:
    """The hole closed by the named constant that describes the table best, if it is no worse than left open."""
    reach = max(WIDTHS * width, FINEST * abs(value))
    near = named_constants().between(value - reach, value + reach)[:TRIED]
    if state.table.independent is not None:
        near = list(dict.fromkeys([*filter(_common, near), *_learned(value, reach)]))
    tried = [state.with_closed(hole, named) for named in near]
    scores = [each.total() for each in tried]
    return tried[int(np.argmin(scores))] if scores and min(scores) <= before + SLACK else None


def _learned(value: float, reach: float) -> list[Named]:
    """Names and short decimals further away: a network's smooth errors move constants further than noise does."""
    far = FURTHER * reach
    names = [each for each in named_constants().between(value - far, value + far) if _common(each)][:TRIED]
    decimals = {shortest_between(value - width, value + width) for width in (reach, far)}
    return [*names, *(Named(each, real_bits(each), const(each)) for each in sorted(decimals) if each % 1)]


def _common(named: Named) -> bool:
    """Whether it is rational, or a short multiple of a power of pi or a root: of the others one is always near."""
    return not isinstance(named.expr, Const) or named.bits <= COMMON or real_bits(float(named.expr.value)) <= COMMON
