"""A table seen through its symmetries: a prefix times an unknown function of fewer, combined variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scrutable.program import REAL, Var
from scrutable.synthesis.formula._products import Product, Values

ONE_SIGN = 0.95
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class View:
    """The claim that the target is `prefix * g(variables)` for some function g.

    Arguments:
        variables: products of atoms that g reads.
        prefix: what stands before g.
    """

    variables: tuple[Product, ...]
    prefix: Product = Product()

    @staticmethod
    def plain(columns: Mapping[str, np.ndarray]) -> View:
        """The columns themselves."""
        return View(tuple(Product.of({Var(name, REAL): 1}) for name in columns))

    def points(self, values: Values) -> np.ndarray:
        """The variables' values, `(n, variables)`."""
        rows = len(next(iter(values.columns.values())))
        return np.stack([values.product(v) for v in self.variables], axis=1) if self.variables else np.zeros((rows, 0))

    def scale(self, values: Values) -> np.ndarray:
        """The prefix's values, `(n,)`."""
        return values.product(self.prefix)


@dataclass(frozen=True, slots=True)
class Target:
    """What a view's unknown function should be on some rows, in one scale.

    Arguments:
        values, weight: `(n,)`; weighted differences are in units of the table's answers.
        power: of the function that `values` are; 0 for its logarithm.
    """

    values: np.ndarray
    weight: np.ndarray
    power: int


def sign_of(target: np.ndarray) -> int:
    """The sign that nearly all answers have, so that noise may turn a few small ones round; 0 if there is none."""
    above, below = float(np.mean(target > 0)), float(np.mean(target < 0))
    return 1 if above > ONE_SIGN else -1 if below > ONE_SIGN else 0


def target_of(view: View, values: Values, target: np.ndarray, power: int) -> Target:
    """A power, or the logarithm, of the answers without the prefix. Answers of another sign than nearly all others
    weigh nothing where the sign is lost."""
    scale, sign = view.scale(values), sign_of(target)
    lost = (np.sign(target) != sign) & (sign != 0) & (power % 2 == 0)
    with np.errstate(all="ignore"):
        rest = target / scale
        if power == 0:
            return Target(np.log(np.maximum(np.abs(rest), TINY)), np.where(lost, 0.0, np.abs(target)), 0)
        weight = np.abs(scale) / (abs(power) * np.abs(rest) ** (power - 1))
        weight = np.where(lost, 0.0, np.minimum(weight, np.quantile(weight, 0.99)))
        return Target(rest**power, weight, power)
