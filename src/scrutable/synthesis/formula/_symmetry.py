"""Symmetries found in data: scalings and shifts of the variables that only scale the answer, or leave it alone.

A function with a scaling symmetry `g(s^a1 v1, s^a2 v2, ...) = s^-b g(v1, v2, ...)` satisfies Euler's equation
`a1 v1 dg/dv1 + a2 v2 dg/dv2 + ... + b g = 0`, so candidates are read from the gradient of a polynomial stand-in. Each
one takes a variable away: what is left is a function of products that the scaling leaves alone, times a known factor.
That is dimensional analysis without knowing the dimensions. A candidate is believed when the stand-in with one variable
less predicts unseen rows as well as before.

References: E. Buckingham, On physically similar systems (1914); S.-M. Udrescu and M. Tegmark, AI Feynman (2020), for
the idea to test symmetries on a stand-in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product

import numpy as np

from scrutable.program import call
from scrutable.synthesis.formula._products import Product, Values
from scrutable.synthesis.formula._surrogate import Surrogate, surrogate
from scrutable.synthesis.formula._view import View, sign_of, target_of
from scrutable.work import Clock

SUSPECT = 0.1
"""Candidates whose equation leaves more than this share of its terms' squares are not tried."""
TRIED = 4
AS_GOOD = 1.1
NOISELESS = 1e-12
MOST_POWER = 6
POWERS = (0, 1, 2, -1, -2)
_KINDS = ("one scaled", "shift", "two scaled", "three scaled")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A view with its stand-in, and the power of the function that this stands for."""

    view: View
    surrogate: Surrogate
    power: int


def views(values: Values, target: np.ndarray, clock: Clock, *, tolerance: float = 0.0) -> list[View]:
    """From the plain table to the view with the fewest variables, one symmetry after another.

    Arguments:
        values: of a few thousand rows.
        target: the answers on them, `(n,)`.
        tolerance: a stand-in that misses by less than this, root mean square, is as good as any. A network's answers
            keep a formula's symmetries only as nearly as it has learned them.
    """
    floor = max(NOISELESS * float(np.mean(target**2)), tolerance**2)
    here = _sighted(View.plain(values.columns), values, target)
    found = [here.view]
    while here.view.variables and not clock.over:
        better = _reduced(here, values, target, floor, clock)
        if better is None:
            break
        here = better
        found.append(here.view)
    return found


def _sighted(view: View, values: Values, target: np.ndarray, power: int | None = None) -> Sighting:
    """With the power of the answers that is smoothest; for a given one without gradient."""
    powers = POWERS if sign_of(target) else (1,)
    powers = powers if power is None else (power,)
    aims = [target_of(view, values, target, each) for each in powers]
    aims = [(aim.values, aim.weight) for aim in aims]
    place, found = surrogate(view.points(values), aims, gradient=power is None)
    return Sighting(view, found, powers[place])


def _reduced(here: Sighting, values: Values, target: np.ndarray, floor: float, clock: Clock) -> Sighting | None:
    """The best view with one variable less that predicts as well, of the simplest kind that there is."""
    candidates = _candidates(here, values, target)
    for kind in _KINDS:
        passed = []
        for view in [view for _, of, view in candidates if of == kind][:TRIED]:
            if clock.over:
                return None
            if np.isfinite(view.points(values)).all() and np.isfinite(view.scale(values)).all():
                passed.append(_sighted(view, values, target, here.power))
        passed = [each for each in passed if each.surrogate.misfit <= AS_GOOD * here.surrogate.misfit + floor]
        if passed:
            best = min(passed, key=lambda each: max(each.surrogate.misfit, floor))
            return _sighted(best.view, values, target)
    return None


def _candidates(here: Sighting, values: Values, target: np.ndarray) -> list[tuple[float, str, View]]:
    """What is left of the symmetry's equation, its kind, and the view it allows; best first."""
    aim = target_of(here.view, values, target, here.power)
    answer = np.ones(len(target)) if here.power == 0 else here.surrogate.fit * here.power
    terms, answer = here.surrogate.slopes * aim.weight, answer * aim.weight
    found = [*_scalings(here.view, terms, answer), *_shifts(here.view, terms, values)]
    return sorted((each for each in found if each[0] < SUSPECT), key=lambda each: each[0])


def _scalings(view: View, terms: np.ndarray, answer: np.ndarray) -> Iterator[tuple[float, str, View]]:
    """Views that a scaling allows, with the share of Euler's equation that it leaves."""
    everything = np.vstack([terms, answer])
    gram = everything @ everything.T
    last, largest = len(terms), float(np.diag(gram)[:-1].max(initial=0.0))
    for chosen, exponents in _directions(last):
        v = np.zeros(last + 1)
        v[list(chosen)] = exponents
        free = -float(v @ gram[last]) / max(float(gram[last, last]), 1e-300)
        size = float((v**2) @ np.diag(gram)) + 1e-12 * largest
        for power in _near(free):
            v[last] = float(power)
            misfit = float(v @ gram @ v) / max(size, 1e-300)
            if len(chosen) == 1 and power == 0:
                misfit = float(gram[chosen[0], chosen[0]]) / max(largest, 1e-300) * 10
            yield misfit, _KINDS[len(chosen) - (len(chosen) == 1)], _scaled(view, chosen, exponents, power)


def _directions(variables: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    for i in range(variables):
        yield (i,), (1,)
    for pair in combinations(range(variables), 2):
        yield from ((pair, e) for e in ((1, 1), (1, -1), (1, 2), (1, -2), (2, 1), (2, -1)))
    for three in combinations(range(variables), 3):
        for signs in product((1, -1), repeat=2):
            yield three, (1, *signs)
            yield from ((three, e) for e in ((2, *signs), (1, 2 * signs[0], signs[1]), (1, signs[0], 2 * signs[1])))


def _near(value: float) -> list[Fraction]:
    near = Fraction(round(2 * value), 2)
    return [near] if abs(near) <= MOST_POWER else []


def _scaled(view: View, chosen: tuple[int, ...], exponents: tuple[int, ...], power: Fraction) -> View:
    """The first chosen variable with the smallest exponent goes; the others are combined with it."""
    lead = min(range(len(chosen)), key=lambda k: abs(exponents[k]))
    gone, by = view.variables[chosen[lead]], exponents[lead]
    kept = []
    for i, variable in enumerate(view.variables):
        if i == chosen[lead]:
            continue
        if i in chosen:
            other = exponents[chosen.index(i)]
            common = np.gcd(abs(other), abs(by))
            variable = variable.raised(abs(by) // common).times(gone, -other * (by // abs(by)) // common)
        kept.append(variable)
    return View(tuple(kept), view.prefix.times(gone, -power / by))


def _shifts(view: View, terms: np.ndarray, values: Values) -> Iterator[tuple[float, str, View]]:
    """Views in which two plain variables are replaced by their difference or their sum."""
    plain = [i for i, v in enumerate(view.variables) if len(v.powers) == 1 and v.powers[0][1] == 1]
    for i, j in combinations(plain, 2):
        a, b = view.variables[i].powers[0][0], view.variables[j].powers[0][0]
        with np.errstate(all="ignore"):
            left, right = terms[i] / values.of(a), terms[j] / values.of(b)
        finite = np.isfinite(left) & np.isfinite(right)
        left, right = left[finite], right[finite]
        size = float(left @ left + right @ right)
        if size <= 0:
            continue
        for op, sign in (("sub", 1.0), ("add", -1.0)):
            misfit = float(np.sum((left + sign * right) ** 2)) / size
            together = Product.of({call(op, a, b): 1})
            rest = tuple(v for k, v in enumerate(view.variables) if k not in (i, j))
            yield misfit, _KINDS[1], View((*rest, together), view.prefix)
