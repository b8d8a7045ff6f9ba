"""Linear relations between what goes in, what comes out, and what came out before.

`y_t = sum_i A_i y_(t-i) + sum_j B_j x_(t-j) + c`: the companion form of a linear state space. The least number of past
outputs for which such a relation holds is the rank of the Hankel matrix of the impulse response (for one output), so
looking for the cheapest exact relation is looking for the minimal realisation. See Ljung, "System identification:
theory for the user" (1999), chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrutable.synthesis._snap import decimals, rational
from scrutable.work import Clock

MOST_OUTPUTS_BACK = 4
MOST_INPUTS_BACK = 8
MOST_EQUATIONS = 20_000
EXACT = 1e-6
TRUSTED = 0.95


@dataclass(frozen=True, eq=False)
class Relation:
    """A linear relation and the values before the start.

    Arguments:
        past: coefficients of earlier outputs, `(r, q, q)`. inputs: of inputs, `(m + 1, q, p)`. constant: `(q,)`.
            Entries are `Fraction` or `float`.
        outputs_before: `(r, q)`, the latest first. inputs_before: `(m, p)`.
        snapped: whether every coefficient was taken to a short number.
    """

    past: np.ndarray
    inputs: np.ndarray
    constant: np.ndarray
    outputs_before: np.ndarray
    inputs_before: np.ndarray
    snapped: bool = True

    @property
    def order(self) -> tuple[int, int]:
        """How many steps back it looks at outputs and at inputs."""
        return len(self.past), len(self.inputs) - 1

    def simulate(self, x: np.ndarray) -> np.ndarray:
        """Outputs `(n, length, q)` for inputs `(n, length, p)`, from the relation alone."""
        r, m = self.order
        past, inputs, constant = (part.astype(np.float64) for part in (self.past, self.inputs, self.constant))
        n, length = x.shape[:2]
        xs = np.concatenate([np.repeat(self.inputs_before[::-1][None].astype(np.float64), n, 0), x], axis=1)
        before = np.repeat(self.outputs_before[::-1][None].astype(np.float64), n, 0)
        ys = np.concatenate([before, np.zeros((n, length, len(constant)))], axis=1)
        for t in range(length):
            now = np.broadcast_to(constant, (n, len(constant))).copy()
            for j in range(m + 1):
                now += xs[:, m + t - j] @ inputs[j].T
            for i in range(1, r + 1):
                now += ys[:, r + t - i] @ past[i - 1].T
            ys[:, r + t] = now
        return ys[:, r:]


def find_relation(x: np.ndarray, y: np.ndarray, *, whole: bool, clock: Clock) -> Relation | None:
    """The cheapest relation that holds, or None.

    Arguments:
        x: inputs, `(n, length, p)`. y: outputs, `(n, length, q)`.
        whole: outputs are integers, so the relation has to hold exactly, on 95% of the places at least; otherwise it
            has to explain 99.9% of the variance.

    Cost: up to 45 least-squares problems of 20,000 equations; a single one when nothing linear holds.
    """
    length = x.shape[1]
    most = (min(MOST_OUTPUTS_BACK, length - 2), min(MOST_INPUTS_BACK, length - 2))
    if min(most) < 0:
        return None
    best = _fit(x, y, *most)
    if not _holds(best, whole=whole):
        return None
    orders = sorted(
        ((r, m) for r in range(most[0] + 1) for m in range(most[1] + 1)),
        key=lambda rm: (rm[0] * y.shape[2] + rm[1] * x.shape[2], rm[0]),
    )
    for order in orders:
        if clock.over:
            return None
        fit = _fit(x, y, *order)
        close = whole or float(np.std(fit.rest)) <= 1.5 * float(np.std(best.rest)) + EXACT * fit.scale
        if _holds(fit, whole=whole) and close:
            found = _started(x, y, fit, whole=whole)
            if found is not None:
                return found
    return None


@dataclass(frozen=True, eq=False)
class _Fit:
    weights: np.ndarray
    errors: np.ndarray
    rest: np.ndarray
    scale: float
    order: tuple[int, int]
    equations: int


def _fit(x: np.ndarray, y: np.ndarray, r: int, m: int) -> _Fit:
    """Least squares with outliers left out, in three rounds."""
    start, length = max(r, m), x.shape[1]
    rows = max(1, MOST_EQUATIONS // (length - start))
    x, y = x[:rows], y[:rows]
    columns = [y[:, start - i : length - i] for i in range(1, r + 1)]
    columns += [x[:, start - j : length - j] for j in range(m + 1)]
    columns.append(np.ones((*x.shape[:1], length - start, 1)))
    design = np.concatenate(columns, axis=2).reshape(-1, sum(c.shape[2] for c in columns))
    target = y[:, start:].reshape(-1, y.shape[2])
    kept = np.ones(len(design), dtype=bool)
    weights = np.zeros((design.shape[1], target.shape[1]))
    for _ in range(3):
        weights = np.linalg.lstsq(design[kept], target[kept], rcond=1e-10)[0]
        size = np.abs(target - design @ weights).max(axis=1)
        limit = max(4.5 * float(np.median(size)), 1e-9)
        if (size <= limit).all():
            break
        kept = size <= limit
    rest = target - design @ weights
    spread = np.sqrt(np.maximum(np.diag(np.linalg.pinv(design[kept].T @ design[kept])), 0.0))
    noise = np.std(rest[kept], axis=0) if kept.any() else np.zeros(target.shape[1])
    return _Fit(weights, spread[:, None] * noise[None], rest, float(np.std(target)), (r, m), len(design))


def _holds(fit: _Fit, *, whole: bool) -> bool:
    if fit.equations < 3 * len(fit.weights):
        return False
    if whole:
        return float((np.abs(fit.rest).max(axis=1) < 1e-4).mean()) >= TRUSTED
    return float(np.var(fit.rest)) <= 1e-3 * fit.scale**2


def _started(x: np.ndarray, y: np.ndarray, fit: _Fit, *, whole: bool) -> Relation | None:
    """Short coefficients, and the values before the start that make the first outputs come out right."""
    (r, m), q, p = fit.order, y.shape[2], x.shape[2]
    weights, snapped = _short(fit, whole=whole)
    if weights is None:
        return None
    past = weights[: r * q].reshape(r, q, q).transpose(0, 2, 1)
    inputs = weights[r * q : -1].reshape(m + 1, p, q).transpose(0, 2, 1)
    zeros = Relation(past, inputs, weights[-1], np.zeros((r, q)), np.zeros((m, p)), snapped)
    for unknown in ("nothing", "outputs", "both"):
        relation = _with_past(zeros, x, y, unknown)
        if relation is not None and _agrees(relation, x, y, whole=whole):
            return relation
    return None


def _short(fit: _Fit, *, whole: bool) -> tuple[np.ndarray | None, bool]:
    if whole:
        return rational(fit.weights, tolerance=1e-3), True
    near = rational(fit.weights, tolerance=0.02, largest=4)
    if near is not None:
        moved = np.abs(near.astype(np.float64) - fit.weights)
        if (moved <= 4 * fit.errors + EXACT).all():
            return near, True
    return decimals(fit.weights, np.maximum(2 * fit.errors, 1e-9)), False


def _with_past(relation: Relation, x: np.ndarray, y: np.ndarray, unknown: str) -> Relation | None:
    """Values before the start by least squares over the first steps, rounded to short fractions."""
    (r, m), q, p = relation.order, y.shape[2], x.shape[2]
    if unknown == "nothing":
        return relation
    if r == 0 and (m == 0 or unknown == "outputs"):
        return None
    count = r * q + (m * p if unknown == "both" else 0)
    steps = max(r, m)
    base = _first_steps(relation, np.zeros(count), x[:256], y[:256], steps)
    effect = [base - _first_steps(relation, unit, x[:256], y[:256], steps) for unit in np.eye(count)]
    matrix = np.stack([e.mean(axis=0).ravel() for e in effect], axis=1)
    values = np.linalg.lstsq(matrix, np.median(base, axis=0).ravel(), rcond=1e-8)[0]
    short = rational(values, tolerance=1e-3)
    values = values if short is None else short
    return _before(relation, values, q, p)


def _before(relation: Relation, values: np.ndarray, q: int, p: int) -> Relation:
    r, m = relation.order
    after = values[r * q :].reshape(-1, p) if len(values) > r * q else np.zeros((m, p))
    args = (relation.past, relation.inputs, relation.constant)
    return Relation(*args, values[: r * q].reshape(r, q), after, relation.snapped)


def _first_steps(relation: Relation, values: np.ndarray, x: np.ndarray, y: np.ndarray, steps: int) -> np.ndarray:
    """What the first steps lack, `(n, steps, q)`, with given values before the start and true outputs after it."""
    guess = _before(relation, values, y.shape[2], x.shape[2])
    (r, m) = relation.order
    past, inputs, constant = (part.astype(np.float64) for part in (relation.past, relation.inputs, relation.constant))
    n = len(x)
    ys = np.concatenate([np.repeat(guess.outputs_before[::-1][None].astype(float), n, 0), y], axis=1)
    xs = np.concatenate([np.repeat(guess.inputs_before[::-1][None].astype(float), n, 0), x], axis=1)
    lacking = []
    for t in range(steps):
        now = y[:, t] - constant
        for j in range(m + 1):
            now = now - xs[:, m + t - j] @ inputs[j].T
        for i in range(1, r + 1):
            now = now - ys[:, r + t - i] @ past[i - 1].T
        lacking.append(now)
    return np.stack(lacking, axis=1)


def _agrees(relation: Relation, x: np.ndarray, y: np.ndarray, *, whole: bool) -> bool:
    with np.errstate(all="ignore"):
        rest = relation.simulate(x) - y
    if whole:
        return float((np.abs(rest) < 1e-3).all(axis=(1, 2)).mean()) >= TRUSTED
    return bool(np.isfinite(rest).all()) and float(np.var(rest)) <= 1e-2 * float(np.var(y))
