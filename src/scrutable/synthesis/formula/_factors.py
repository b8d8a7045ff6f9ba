"""Products of powers of the variables, of functions of them, and of sums: linear in the logarithm of the answer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from scrutable.synthesis.formula._features import Library
from scrutable.synthesis.formula._forms import Form, product_form
from scrutable.synthesis.formula._products import Product, Values
from scrutable.synthesis.formula._subsets import best_subsets
from scrutable.synthesis.formula._view import View, target_of
from scrutable.work import Clock

MOST_POWER = 6
MOST_FACTORS = 3
KEPT = 60


def products_of_factors(view: View, values: Values, target: np.ndarray, clock: Clock) -> list[Form]:
    """Products of up to three factors, with every variable beside them or with a variable as one of them.

    Exponents are rounded to halves one after another, the best determined first.
    """
    logs = log_variables(view, values)
    if logs is None:
        return []
    aim = target_of(view, values, target, 0)
    factors, rows = _factors(view, values)
    good = np.isfinite(aim.values)
    if not factors or good.mean() < 0.9:
        return []
    weight, goal = aim.weight[good], aim.values[good] * aim.weight[good]
    pool, always = np.array(rows)[:, good] * weight, logs[:, good] * weight
    every = [*factors, *view.variables]
    both = np.vstack([pool, always[1:]])
    chosen = [
        (*subset.chosen, *range(len(factors), len(every)))
        for subset in best_subsets(pool, goal, always=always, most=MOST_FACTORS, kept=KEPT)
    ]
    chosen += [subset.chosen for subset in best_subsets(both, goal, always=always[:1], most=MOST_FACTORS, kept=KEPT)]
    forms = []
    for some in dict.fromkeys(chosen):
        if clock.over:
            break
        exponents = _halves(np.vstack([both[list(some)], always[:1]]), goal)
        if max(map(abs, exponents), default=Fraction(0)) > MOST_POWER:
            continue
        product = view.prefix
        for i, exponent in zip(some, exponents, strict=True):
            product = product.times(every[i], exponent)
        forms += _scaled_form(product, values, target)
    return forms


def log_variables(view: View, values: Values) -> np.ndarray | None:
    """A constant, and the logarithms of the variables' sizes: `(1 + variables, n)`; None where one is zero."""
    points = np.abs(view.points(values))
    if not (points > 0).all():
        return None
    return np.vstack([np.ones(len(points)), np.log(points).T])


def rational(power: float) -> Fraction:
    """The nearest half."""
    return Fraction(round(2 * float(np.clip(power, -20, 20))), 2)


def _factors(view: View, values: Values) -> tuple[list[Product], list[np.ndarray]]:
    factors, rows = [], []
    for factor in Library(view, values).factors():
        with np.errstate(all="ignore"):
            row = np.log(np.abs(values.product(factor)))
        if np.isfinite(row).all():
            factors.append(factor)
            rows.append(row)
    return factors, rows


def _halves(rows: np.ndarray, goal: np.ndarray) -> list[Fraction]:
    """Exponents of all rows but the last, which is the constant's."""
    found: dict[int, Fraction] = {}
    while len(found) < len(rows) - 1:
        left = [i for i in range(len(rows)) if i not in found]
        rest = goal - sum(float(power) * rows[i] for i, power in found.items())
        size = np.linalg.norm(rows[left], axis=1)
        unit = (rows[left] / np.where(size > 0, size, 1.0)[:, None]).T
        inverse = np.linalg.pinv(unit.T @ unit, rcond=1e-12)
        powers = inverse @ (unit.T @ rest) / size
        errors = np.sqrt(np.maximum(np.diag(inverse), 0.0)) / size
        best = int(np.argmin(errors[:-1]))
        found[left[best]] = rational(float(powers[best]))
    return [found[i] for i in range(len(rows) - 1)]


def _scaled_form(product: Product, values: Values, target: np.ndarray) -> list[Form]:
    said = values.product(product)
    if not np.isfinite(said).all():
        return []
    scale = float(said @ target / max(float(said @ said), 1e-300))
    misfit = float(np.mean((target - scale * said) ** 2))
    return [product_form(scale, product, (), misfit=misfit)] if scale != 0 and np.isfinite(misfit) else []
