"""What each piece of a grammar costs, and how partial solutions change it.

The order of the enumeration is the order of cost. To begin with a piece costs its share of the description length.
Where that order finds nothing, the expressions that were right on some of the examples say which pieces the target is
likely made of: those become cheaper, and the levels begin again in the new order. What is found is still ranked by
its true length.

Reference: S. Barke, H. Peleg, N. Polikarpova, Just-in-time learning for bottom-up enumerative synthesis (2020).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from scrutable.program import Call, Expr, walk
from scrutable.synthesis.enumeration._grammar import constant_cost, leaf_cost, operator_cost

Share = tuple[Expr, float]
"""A partial solution, and the share of the examples that it is right on."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Whole costs of operators (without their arguments) and of leaves; see `usual` and `learned`.

    Arguments:
        operators: by name.
        leaves: by the expression of a variable or literal.
    """

    operators: Mapping[str, int]
    leaves: Mapping[Expr, int]

    @staticmethod
    def usual(operators: Iterable[str], variables: Iterable[Expr], literals: Mapping[Expr, int | float]) -> Weights:
        """Every piece at its description length, to the nearest bit."""
        names = list(variables)
        leaves = dict.fromkeys(names, leaf_cost(len(names)))
        leaves |= {expr: constant_cost(value) for expr, value in literals.items()}
        return Weights({name: operator_cost(name) for name in operators}, leaves)

    def learned(self, shares: Iterable[Share], *, base: float) -> Weights | None:
        """The costs after these partial solutions; None when they leave everything as it is.

        A piece of probability p that occurs in a partial solution gets p to the power of 1 - f, and all are scaled to
        sum to one again. f is the largest share of a solution with the piece, counted from `base`.

        Arguments:
            base: the share that single leaves reach: what is right no more often says nothing.
        """
        fits: dict[str | Expr, float] = {}
        for expr, share in shares:
            fit = (share - base) / (1.0 - base) if base < 1.0 else 0.0
            for piece in _pieces(expr):
                fits[piece] = max(fits.get(piece, 0.0), fit)
        usual: dict[str | Expr, int] = {**self.operators, **self.leaves}
        lifted = {piece: (1.0 - max(0.0, fits.get(piece, 0.0))) * cost for piece, cost in usual.items()}
        before, after = (np.log2(sum(2.0**-cost for cost in costs.values())) for costs in (usual, lifted))
        costs = {piece: max(1, round(cost + after - before)) for piece, cost in lifted.items()}
        if costs == usual:
            return None
        return Weights({name: costs[name] for name in self.operators}, {leaf: costs[leaf] for leaf in self.leaves})


def _pieces(expr: Expr) -> set[str | Expr]:
    return {node.op if isinstance(node, Call) else node for node in walk(expr)}
