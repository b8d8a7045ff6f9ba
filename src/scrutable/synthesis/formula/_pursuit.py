"""Sums of terms with inner constants, grown one term at a time; the inner constants are fitted after every step.

For given inner constants the outer coefficients are a linear fit, so only the inner ones are moved, by Gauss-Newton
steps on what the linear fit leaves. A beam of sets of terms grows by the term that explains most of the rest, or by a
further factor on its last term.

References: G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems
whose variables separate (1973); Y. C. Pati, R. Rezaiifar and P. S. Krishnaprasad, Orthogonal matching pursuit (1993).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.synthesis.formula._atlas import CONSTANT_BITS, EVIDENCE, FINEST, Atlas, Shape
from scrutable.synthesis.formula._forms import Form, power_form
from scrutable.synthesis.formula._products import Product, Values
from scrutable.synthesis.formula._subsets import eliminated
from scrutable.synthesis.formula._view import View, target_of
from scrutable.work import Clock

ROWS = 400
STEPS = 12
DIFFERENCE = 1e-5
FARTHEST = 3.0
"""An inner constant that grows by more than this makes its term a straight line, or nothing."""
MOST_TERMS = 6
WRITTEN = 6
Terms = tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """How widely to look.

    Arguments:
        levels: how many terms or factors are added.
        width: how many sets of terms are kept at each level.
        tried: how many ways to grow each.
        powers: how many powers of the answer are looked at.
    """

    levels: int
    width: int
    tried: int
    powers: int


@dataclass(frozen=True, slots=True)
class _Fit:
    terms: Terms
    misfit: float

    @property
    def score(self) -> float:
        """Roughly the description length; `misfit` is a share of the spread's square."""
        constants = sum(1 + len(term.constants) for term in self.terms)
        return CONSTANT_BITS * constants + 0.5 * EVIDENCE * float(np.log2(self.misfit + FINEST**2))


@dataclass(slots=True)
class Pursuit:
    """One search for a power of a view's function.

    Arguments:
        values: on a few hundred rows.
        goal, weight: `(n,)`; the goal is weighted already.
        always: the constant and the variables, `(a, n)`, weighted.
    """

    view: View
    values: Values
    target: np.ndarray
    goal: np.ndarray
    weight: np.ndarray
    power: int
    always: np.ndarray
    atlas: Atlas

    @staticmethod
    def of(view: View, values: Values, target: np.ndarray, power: int) -> Pursuit | None:
        """None where the power of the answers is not finite."""
        some = slice(0, ROWS)
        values, target = Values({name: column[some] for name, column in values.columns.items()}), target[some]
        aim = target_of(view, values, target, power)
        if not np.isfinite(aim.values).all() or not np.isfinite(aim.weight).all() or not view.variables:
            return None
        always = np.vstack([np.ones(len(target)), view.points(values).T]) * aim.weight
        atlas = Atlas.of(view, values, aim.weight)
        return Pursuit(view, values, target, aim.values * aim.weight, aim.weight, power, always, atlas)

    def forms(self, effort: Effort, clock: Clock) -> Iterator[Form]:
        """The best sets of terms of every size, each also without what is not missed."""
        beam = [_Fit((), 1.0)]
        for _ in range(effort.levels):
            grown: dict[frozenset, _Fit] = {}
            for fit in beam:
                for terms in self._grown(fit.terms, effort.tried):
                    if clock.over:
                        break
                    better = self._refined(terms)
                    key = frozenset(term.key for term in terms)
                    if key not in grown or better.misfit < grown[key].misfit:
                        grown[key] = better
            beam = sorted(grown.values(), key=lambda fit: fit.score)[: effort.width]
            for fit in beam[:WRITTEN]:
                yield from self._written(fit.terms)
            if clock.over or (beam and beam[0].misfit < FINEST**2):
                return

    def _grown(self, terms: Terms, tried: int) -> Iterator[Terms]:
        rows = self._rows(terms, _constants(terms))
        basis = np.linalg.qr(rows.T)[0]
        left = self.goal - basis @ (basis.T @ self.goal)
        for shape in self.atlas.best(basis, left, times=np.ones(len(left)), count=tried):
            yield (*terms, shape)
        if not terms or len(terms[-1].factors) > 1:
            return
        *rest, last = terms
        beside = np.linalg.qr(np.delete(rows, len(self.always) + len(rest), axis=0).T)[0]
        left = self.goal - beside @ (beside.T @ self.goal)
        row = last.row(self.values, last.constants)
        for shape in self.atlas.best(beside, left, times=row, count=tried // 2):
            yield (*rest, last.times(shape))

    def _rows(self, terms: Terms, constants: np.ndarray) -> np.ndarray:
        """What is always there, then the terms with these constants, weighted. `(a + terms, n)`."""
        rows, first = [], 0
        for term in terms:
            count = len(term.constants)
            rows.append(term.row(self.values, constants[first : first + count].tolist()) * self.weight)
            first += count
        return np.vstack([self.always, *rows])

    def _left(self, terms: Terms, constants: np.ndarray) -> np.ndarray | None:
        """What the best outer coefficients leave, `(n,)`; None where a term has no value."""
        rows = self._rows(terms, constants)
        if not np.isfinite(rows).all():
            return None
        size = np.linalg.norm(rows, axis=1, keepdims=True)
        basis = np.linalg.qr((rows / np.where(size > 0, size, 1.0)).T)[0]
        return self.goal - basis @ (basis.T @ self.goal)

    def _refined(self, terms: Terms) -> _Fit:
        """The inner constants where the misfit is locally least."""
        at = _constants(terms)
        left = self._left(terms, at)
        spread = float(np.sum((self.goal - self.goal.mean()) ** 2)) or 1.0
        if left is None:
            return _Fit(terms, float("inf"))
        damping, largest = 1e-3, FARTHEST * np.maximum(np.abs(at), 0.1)
        for _ in range(STEPS if len(at) else 0):
            step = self._step(terms, at, left, damping)
            far = step is None or (np.abs(at + step) > largest).any()
            tried = None if step is None or far else self._left(terms, at + step)
            if step is None or tried is None or not float(tried @ tried) < float(left @ left):
                damping *= 20
                if damping > 1e3:
                    break
                continue
            gain = 1 - float(tried @ tried) / float(left @ left)
            at, left, damping = at + step, tried, damping * 0.1
            if gain < 1e-4:
                break
        return _Fit(_with(terms, at), float(left @ left) / spread)

    def _step(self, terms: Terms, at: np.ndarray, left: np.ndarray, damping: float) -> np.ndarray | None:
        slopes = []
        for k, value in enumerate(at):
            moved, width = at.copy(), DIFFERENCE * max(abs(float(value)), 1e-2)
            moved[k] += width
            there = self._left(terms, moved)
            if there is None:
                return None
            slopes.append((there - left) / width)
        matrix = np.array(slopes)
        size = np.linalg.norm(matrix, axis=1)
        unit = matrix / np.where(size > 0, size, 1.0)[:, None]
        gram = unit @ unit.T + damping * np.eye(len(at))
        return -np.linalg.solve(gram, unit @ left) / np.where(size > 0, size, 1.0)

    def _written(self, terms: Terms) -> Iterator[Form]:
        products = [Product(), *self.view.variables, *(term.product for term in terms)]
        negative = self.power % 2 == 0 and float(np.median(self.target)) < 0
        for less in eliminated(self._rows(terms, _constants(terms)), self.goal, most=MOST_TERMS):
            chosen = [(c, products[i]) for i, c in zip(less.chosen, less.coefficients, strict=False)]
            yield power_form(chosen, self.view.prefix, self.power, negative=negative, misfit=less.misfit)


def _constants(terms: Terms) -> np.ndarray:
    return np.array([value for term in terms for value in term.constants])


def _with(terms: Terms, constants: np.ndarray) -> Terms:
    left = constants.tolist()
    return tuple(Shape(t.head, t.factors, tuple(left.pop(0) for _ in t.constants)) for t in terms)
