"""The search for piecewise-linear forms: planes, then every way to put them together, then short numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.program import Expr, expr_bits
from scrutable.synthesis._base import INDEPENDENT
from scrutable.synthesis.piecewise._bends import bent
from scrutable.synthesis.piecewise._cost import misfit
from scrutable.synthesis.piecewise._cuts import chosen
from scrutable.synthesis.piecewise._fit import LADDER, fitted, snapped
from scrutable.synthesis.piecewise._forms import Form, Leaf, extended
from scrutable.synthesis.piecewise._lattice import lattices
from scrutable.synthesis.piecewise._planes import EXACT, nearest, planes_of
from scrutable.synthesis.piecewise._sample import Sample
from scrutable.synthesis.piecewise._writing import written
from scrutable.work import Clock, generator

TRIES = ((0.03, True), (EXACT, True), (0.01, True), (EXACT, False), (0.08, True), (0.2, True))
"""Tolerances, and whether slopes must agree; where slopes are estimated, also without them. The likeliest first, for
when the time is short."""
PURE = 0.98
ROWS = 1500
KEPT = 6
MOST_CHOSEN = 6
NEARLY_ALL = 0.995
"""Choices are not sought for functions that a lattice gives on this share of the points."""
PER_PLANE = 20.0
MOSTLY = 0.99
EXPLAINED = 0.15
"""The typical miss of a form, as a share of the deviation of the values, beyond which it explains nothing."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A form, how it is written, and what it costs.

    Arguments:
        bits: of the expression. residual: what the points leave to say, see `_cost.misfit`.
    """

    form: Form
    expr: Expr
    bits: float
    residual: float

    @property
    def total(self) -> float:
        """Description length."""
        return self.bits + self.residual


def piecewise_forms(
    x: np.ndarray,
    y: np.ndarray,
    slopes: np.ndarray | None,
    *,
    leaves: Sequence[Expr],
    clock: Clock,
    seed: int = 0,
    independent: int = INDEPENDENT,
    exact: bool = False,
) -> tuple[Priced, ...]:
    """Piecewise-linear expressions for a function known at points, the shortest description first.

    Arguments:
        x: `(n, d)`, the points. y: `(n,)`, the values. slopes: `(n, d)`, the gradients; None estimates them from
            neighbouring points, which takes many more points.
        leaves: an expression for each column of x.
        clock: checked between forms.
        independent: how many points count as independent when misfits are priced.
        exact: whether only forms that are right everywhere after rounding to whole numbers are wanted.

    Cost: about a second for 1500 points of three inputs; quadratic in the points when slopes are unknown.
    """
    rng = generator(seed, "piecewise")
    rows = rng.permutation(len(x))[:ROWS] if len(x) > ROWS else np.arange(len(x))
    sample = Sample(x, y, slopes, independent=min(independent, len(x))).rows(rows)
    found: dict[Expr, Priced] = {}
    for form in _best(_in_time(_forms(sample, leaves, rng), clock), sample, exact=exact):
        for each in _shortened(form, sample, leaves):
            if each.expr not in found or each.residual < found[each.expr].residual:
                found[each.expr] = each
            if clock.over:
                break
    return tuple(sorted(found.values(), key=lambda each: each.total))


def _in_time(forms: Iterator[Form], clock: Clock) -> Iterator[Form]:
    for form in forms:
        yield form
        if clock.over:
            return


def _forms(sample: Sample, leaves: Sequence[Expr], rng: np.random.Generator) -> Iterator[Form]:
    """Fitted forms over the planes found at each tolerance."""
    yield fitted(Form(Leaf(0), np.zeros((1, sample.x.shape[1] + 1))), sample)
    for tolerance, by_slopes in TRIES:
        if not by_slopes and sample.slopes is not None:
            continue
        planes = planes_of(sample.plain, tolerance=tolerance, rng=rng, by_slopes=by_slopes)
        if len(planes):
            yield from _over(planes, sample, leaves, tolerance)


def _over(planes: np.ndarray, sample: Sample, leaves: Sequence[Expr], tolerance: float) -> Iterator[Form]:
    """Fitted forms over planes of the plain sample, `(k, d + 1)`."""
    labels, alone = _labels(planes, sample, tolerance)
    planes = sample.restored(planes)
    yield fitted(Form(Leaf(0), planes[:1]), sample)
    if len(planes) < 2:
        return
    continuous = False
    for form in lattices(planes, labels, sample, tolerance * sample.spread):
        form = fitted(form, sample)
        miss = np.abs(form.predict(sample.x) - sample.y)
        continuous |= bool(np.quantile(miss, NEARLY_ALL) <= 2 * tolerance * sample.spread)
        yield form
    sure = labels if sample.slopes is not None else np.where(alone, labels, -1)
    pure = 1.0 if tolerance <= EXACT else PURE
    form = bent(planes, sample)
    if form is not None:
        yield fitted(form, sample)
    if continuous or len(planes) > MOST_CHOSEN:
        return
    form = chosen(planes, sure, sample, leaves, pure=pure)
    if form is not None:
        yield fitted(form, sample)


def _labels(planes: np.ndarray, sample: Sample, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """The plane of each point, -1 where none holds, and whether it is the only one that does."""
    wide = extended(sample.plain.x)
    labels, miss = nearest(planes, wide, sample.plain)
    near = np.abs(wide @ planes.T - sample.plain.y[:, None]) <= tolerance
    return np.where(miss <= tolerance, labels, -1), near.sum(axis=1) == 1


def _best(forms: Iterator[Form], sample: Sample, *, exact: bool) -> list[Form]:
    """The cheapest few, as long as they explain something, by a rough reckoning of their length."""
    priced: list[tuple[float, int, Form]] = []
    for i, form in enumerate(forms):
        residual = form.predict(sample.x) - sample.y
        limit, share = (0.5, MOSTLY) if exact else (EXPLAINED * sample.spread, 0.5)
        if np.quantile(np.abs(residual), share) > limit:
            continue
        priced.append((misfit(residual, sample) + PER_PLANE * len(form.used), i, form))
    priced.sort(key=lambda each: each[:2])
    kept: list[Form] = []
    for _, _, form in priced:
        if not any(_alike(form, other, sample) for other in kept):
            kept.append(form)
    return kept[:KEPT]


def _alike(form: Form, other: Form, sample: Sample) -> bool:
    """The same kind of form with nearly the same values everywhere."""
    if type(form.tree) is not type(other.tree) or len(form.used) != len(other.used):
        return False
    return bool(np.abs(form.predict(sample.x) - other.predict(sample.x)).mean() < 1e-4 * sample.spread)


def _shortened(form: Form, sample: Sample, leaves: Sequence[Expr]) -> Iterator[Priced]:
    """The form with shorter and shorter numbers."""
    for share in LADDER:
        short = snapped(form, sample, share)
        residual = short.predict(sample.x) - sample.y
        expr = written(short, leaves)
        yield Priced(short, expr, expr_bits(expr, len(leaves)), misfit(residual, sample))
