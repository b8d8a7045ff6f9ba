"""Ways to look for the function of a view, cheapest first. Each gives forms with starting values for constants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from scrutable.synthesis.formula._factors import log_variables, products_of_factors, rational
from scrutable.synthesis.formula._features import Features, Library
from scrutable.synthesis.formula._forms import Form, power_form, product_form, ratio_form
from scrutable.synthesis.formula._products import Product, Values
from scrutable.synthesis.formula._pursuit import Effort, Pursuit
from scrutable.synthesis.formula._subsets import Subset, best_subsets, eliminated
from scrutable.synthesis.formula._view import View, sign_of, target_of
from scrutable.work import Clock

Stage = Callable[[View, Values, np.ndarray, Clock], list[Form]]
POWERS = (1, -1, 2, -2)
MOST_TERMS = 5
BESIDE = 4
RATIO_SIZE, RATIO_TERMS = 12, 500


def _sums_of_powers(view: View, values: Values, target: np.ndarray, clock: Clock) -> list[Form]:
    library = Library(view, values)
    features, few = library.powers(), library.few_powers()
    powers = _allowed(target)
    forms = [f for p in powers if not clock.over for f in _power_sums(view, values, target, few, p, every=True)]
    forms += [f for p in powers if not clock.over for f in _power_sums(view, values, target, features, p)]
    return forms + _exponentials(view, values, target, features)


def _sums_with(*names: str) -> Stage:
    def stage(view: View, values: Values, target: np.ndarray, clock: Clock) -> list[Form]:
        library = Library(view, values)
        features, basic = library.with_functions(names), library.basic_powers()
        powers = _allowed(target)
        forms = [f for p in powers if not clock.over for f in _power_sums(view, values, target, features, p)]
        beside = partial(_beside, view, values, target, features, basic=basic)
        return forms + [f for p in powers if not clock.over for f in beside(power=p)]

    return stage


def _sums_with_sums(view: View, values: Values, target: np.ndarray, clock: Clock) -> list[Form]:
    library = Library(view, values)
    features = library.with_sums()
    return _beside(view, values, target, features, basic=library.basic_powers(), power=1)


def _sums_with_kinks(view: View, values: Values, target: np.ndarray, clock: Clock) -> list[Form]:
    library = Library(view, values)
    features, basic = library.with_kinks(), library.basic_powers()
    beside = partial(_beside, view, values, target, features, basic=basic)
    return [f for p in (1, -1) if not clock.over for f in beside(power=p)]


def _beside(
    view: View, values: Values, target: np.ndarray, features: Features, *, basic: Features, power: int
) -> list[Form]:
    """A power of the answer as all basic terms and one to three others, then without those that are not missed."""
    aim = target_of(view, values, target, power)
    good = np.isfinite(aim.values) & np.isfinite(aim.weight)
    if good.mean() < 0.9 or not features.products or not basic.products:
        return []
    weight, goal = aim.weight[good], aim.values[good] * aim.weight[good]
    rows, always = features.values[:, good] * weight, basic.values[:, good] * weight
    negative = power % 2 == 0 and float(np.median(target)) < 0
    forms = []
    for subset in best_subsets(rows, goal, always=always, most=3, kept=BESIDE):
        both = np.vstack([rows[list(subset.chosen)], always])
        products = [*(features.products[i] for i in subset.chosen), *basic.products]
        for less in eliminated(both, goal, most=MOST_TERMS + 1):
            terms = _terms(less, products)
            forms.append(power_form(terms, view.prefix, power, negative=negative, misfit=less.misfit))
    return forms


def _power_sums(
    view: View, values: Values, target: np.ndarray, features: Features, power: int, *, every: bool = False
) -> list[Form]:
    """A power of the answer as a sum of a few terms; with `every`, also what is left of all of them."""
    aim = target_of(view, values, target, power)
    good = np.isfinite(aim.values) & np.isfinite(aim.weight)
    if good.mean() < 0.9 or not len(features.products):
        return []
    kept = [
        i for i, p in enumerate(features.products) if abs(power) == 1 or all(e.denominator == 1 for _, e in p.powers)
    ]
    products = [features.products[i] for i in kept]
    weighted, goal = features.values[kept][:, good] * aim.weight[good], aim.values[good] * aim.weight[good]
    found = best_subsets(weighted, goal, most=MOST_TERMS) + (eliminated(weighted, goal) if every else [])
    negative = power % 2 == 0 and float(np.median(target)) < 0
    return [
        power_form(_terms(subset, products), view.prefix, power, negative=negative, misfit=subset.misfit)
        for subset in found
    ]


def _exponentials(view: View, values: Values, target: np.ndarray, features: Features) -> list[Form]:
    """A product of powers, times the exponential of a sum of terms."""
    if not sign_of(target):
        return []
    aim = target_of(view, values, target, 0)
    always = log_variables(view, values)
    if always is None:
        return []
    kept = [i for i, p in enumerate(features.products) if p.powers]
    found = best_subsets(
        features.values[kept] * aim.weight, aim.values * aim.weight, always=always * aim.weight, most=3
    )
    products = [features.products[i] for i in kept]
    forms = []
    for subset in found:
        count = len(subset.chosen)
        terms = list(zip(subset.coefficients[:count], (products[i] for i in subset.chosen), strict=True))
        constant, *powers = subset.coefficients[count:]
        product = _product(view, powers)
        coefficient = float(np.exp(min(constant, 600.0)) * sign_of(target))
        forms.append(product_form(coefficient, product, terms, misfit=subset.misfit))
    return forms


def _ratios(*names: str) -> Stage:
    """A sum of terms over one plus a sum of terms."""

    def stage(view: View, values: Values, target: np.ndarray, clock: Clock) -> list[Form]:
        library = Library(view, values)
        if not names:
            few, many = library.few_powers(), library.powers()
            forms = _ratio_sums(view, values, target, few, every=True)
            return forms if clock.over else forms + _ratio_sums(view, values, target, many)
        return _ratio_sums(view, values, target, library.with_functions(names))

    return stage


def _ratio_sums(
    view: View, values: Values, target: np.ndarray, features: Features, *, every: bool = False
) -> list[Form]:
    small = [i for i, p in enumerate(features.products) if p.size <= RATIO_SIZE][:RATIO_TERMS]
    if not small:
        return []
    products, rows = [features.products[i] for i in small], features.values[small]
    aim = target_of(view, values, target, 1)
    under = [i for i, p in enumerate(products) if p.powers]
    both, goal = np.vstack([rows, -rows[under] * aim.values]) * aim.weight, aim.values * aim.weight
    forms = []
    for subset in best_subsets(both, goal, most=MOST_TERMS) + (eliminated(both, goal) if every else []):
        pairs = list(zip(subset.chosen, subset.coefficients, strict=False))
        top = [(c, i) for i, c in pairs if i < len(products)]
        bottom = [(c, under[i - len(products)]) for i, c in pairs if i >= len(products)]
        if not top or not bottom:
            continue
        with np.errstate(all="ignore"):
            said = sum(c * rows[i] for c, i in top) / (1 + sum(c * rows[i] for c, i in bottom))
            misfit = float(np.mean((aim.weight * (said - aim.values)) ** 2))
        if np.isfinite(misfit):
            over = [(c, products[i]) for c, i in top]
            forms.append(ratio_form(over, [(c, products[i]) for c, i in bottom], view.prefix, misfit=misfit))
    return forms


def _terms(subset: Subset, products: Sequence[Product]) -> list[tuple[float, Product]]:
    return [(c, products[i]) for i, c in zip(subset.chosen, subset.coefficients, strict=False)]


def _allowed(target: np.ndarray) -> tuple[int, ...]:
    return POWERS if sign_of(target) else (1, -1)


def _product(view: View, powers: Sequence[float]) -> Product:
    result = view.prefix
    for variable, power in zip(view.variables, powers, strict=True):
        result = result.times(variable, rational(power))
    return result


def sums_with_inner_constants(effort: Effort) -> Stage:
    """Terms whose inner constants are fitted, not taken from a short list; see `_pursuit`."""

    def stage(view: View, values: Values, target: np.ndarray, clock: Clock) -> list[Form]:
        forms = []
        for power in _allowed(target)[: effort.powers]:
            pursuit = None if clock.over else Pursuit.of(view, values, target, power)
            forms += [] if pursuit is None else pursuit.forms(effort, clock)
        return forms

    return stage


_SIMPLE: tuple[Stage, ...] = (_sums_of_powers, products_of_factors)
_NOTED: tuple[Stage, ...] = (_sums_with_kinks, _sums_with("sin", "cos"), _sums_with("exp"))
_LAST: tuple[Stage, ...] = (_ratios(), _sums_with_sums, _ratios("cos"), _sums_with("log", "tanh"))
_FITTED = sums_with_inner_constants(Effort(levels=2, width=5, tried=10, powers=1))

STAGES: tuple[Stage, ...] = (*_SIMPLE, *_NOTED, *_LAST, _FITTED)
"""For answers with noise or none: constants are likely to be written as people do."""
LEARNED_STAGES: tuple[Stage, ...] = (*_SIMPLE, _FITTED, *_NOTED, *_LAST)
"""For answers of a trained network, whose smooth errors let several short formulas pass: constants fitted sooner."""
DEEPER: tuple[Effort, ...] = tuple(
    Effort(levels=levels, width=width, tried=2 * width, powers=powers)
    for levels, width, powers in ((3, 8, 2), (4, 16, 4), (5, 32, 4))
)
"""What is tried when all else has failed and there is time left."""
