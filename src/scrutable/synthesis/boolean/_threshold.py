"""Symmetric and threshold functions: questions about a (weighted) count of true literals.

Weights are the smallest whole numbers, found by integer programming on the rows that matter and checked on all.

Reference: S. Muroga, Threshold logic and its applications (1971).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrutable.synthesis.boolean._node import CountTest, Node, count, literal
from scrutable.synthesis.boolean._space import Space

LARGEST_WEIGHT = 32
MOST_ROUNDS = 12
FIRST_ROWS = 24
SECONDS = 0.5


def symmetric(on: int, off: int, where: Space, variables: Sequence[int]) -> Node | None:
    """A question about how many of the literals hold, for one choice of their signs; None if there is none.

    The signs follow from the function: variables whose cofactors are equally large get either, and both are tried for
    all of them together.
    """
    if on | off != where.full or len(variables) < 3:
        return None
    sizes = [where.high(on, k).bit_count() - where.low(on, k).bit_count() for k in variables]
    if len({abs(size) for size in sizes}) > 1:
        return None
    signs = _signs(on, where, variables) if sizes[0] == 0 else [size > 0 for size in sizes]
    if signs is None:
        return None
    if 2 * sum(signs) < len(signs):
        signs = [not sign for sign in signs]
    total = sum(
        where.array(where.ones[k] if sign else where.zeros[k]).astype(np.int64)
        for k, sign in zip(variables, signs, strict=True)
    )
    truth = where.array(on)
    values = np.unique(np.asarray(total)[truth])
    if np.isin(total, values)[~truth].any():
        return None
    parts = [literal(k, positive=sign) for k, sign in zip(variables, signs, strict=True)]
    return count(parts, _test((1,) * len(variables), values.tolist(), len(variables)))


def _signs(on: int, where: Space, variables: Sequence[int]) -> list[bool] | None:
    """Signs under which the function does not change when the first variable is exchanged with any other."""
    first, *others = variables
    signs = [True]
    low, high = where.low(on, first), where.high(on, first)
    for k in others:
        if where.high(low, k) == where.low(high, k):
            signs.append(True)
        elif where.low(low, k) == where.high(high, k):
            signs.append(False)
        else:
            return None
    return signs


def _test(weights: tuple[int, ...], values: list[int], largest: int) -> CountTest:
    """The shortest question that these counts, out of 0 to `largest`, answer with yes."""
    others = [value for value in range(largest + 1) if value not in values]
    if values == list(range(values[0], largest + 1)):
        return CountTest(weights, "least", (values[0],))
    if values == list(range(values[-1] + 1)):
        return CountTest(weights, "most", (values[-1],))
    if len(values) == 1:
        return CountTest(weights, "equal", (values[0],))
    if len(others) == 1:
        return CountTest(weights, "apart", (others[0],))
    for modulus in range(2, largest):
        remainders = {value % modulus for value in values}
        if len(remainders) == 1 and not any(value % modulus in remainders for value in others):
            return CountTest(weights, "modulo", (values[0] % modulus, modulus))
    return CountTest(weights, "among", tuple(values))


def threshold(on: int, off: int, where: Space, variables: Sequence[int]) -> Node | None:
    """`sum of weights >= bound` with the smallest whole weights that is right on `on` and `off`; None if there is none.

    Cost: integer programs on a few dozen rows each, rows added where the last answer was wrong, at most half a second.
    """
    if not _unate(on, off, where, variables):
        return None
    columns = np.stack([where.array(where.ones[k]) for k in variables], axis=1).astype(np.int64)
    yes, no = (np.unique(columns[where.array(rows)], axis=0) for rows in (on, off))
    yes, no = _extreme(yes, no)
    found = _integer_weights(yes, no)
    if found is None:
        return None
    weights, bound = found
    used = [place for place, weight in enumerate(weights) if weight]
    parts = [literal(variables[place], positive=weights[place] > 0) for place in used]
    least = bound - sum(int(weights[place]) for place in used if weights[place] < 0)
    return count(parts, CountTest(tuple(abs(int(weights[place])) for place in used), "least", (least,)))


def _unate(on: int, off: int, where: Space, variables: Sequence[int]) -> bool:
    """Whether no variable pushes the answer up on one row and down on another."""
    for k in variables:
        up = where.high(on, k) & where.low(off, k)
        down = where.low(on, k) & where.high(off, k)
        if up and down:
            return False
    return True


def _extreme(yes: np.ndarray, no: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows nearest to the other answer first."""
    gap = yes.mean(axis=0) - no.mean(axis=0)
    return yes[np.argsort(yes @ gap, kind="stable")], no[np.argsort(-(no @ gap), kind="stable")]


def _integer_weights(yes: np.ndarray, no: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Weights `(k,)` and a bound with `yes @ w >= bound > no @ w`, least in the sum of their sizes."""
    chosen_yes, chosen_no = yes[:FIRST_ROWS], no[:FIRST_ROWS]
    for _ in range(MOST_ROUNDS):
        found = _solved(chosen_yes, chosen_no)
        if found is None:
            return None
        weights, bound = found
        low, high = yes @ weights < bound, no @ weights >= bound
        if not low.any() and not high.any():
            return weights, bound
        chosen_yes = np.concatenate([chosen_yes, yes[low][:FIRST_ROWS]])
        chosen_no = np.concatenate([chosen_no, no[high][:FIRST_ROWS]])
    return None


def _solved(yes: np.ndarray, no: np.ndarray) -> tuple[np.ndarray, int] | None:
    from scipy.optimize import Bounds, LinearConstraint, milp

    k = yes.shape[1]
    above = np.hstack([yes, -yes, -np.ones((len(yes), 1))])
    below = np.hstack([-no, no, np.ones((len(no), 1))])
    rows = np.concatenate([above, below])
    least = np.concatenate([np.zeros(len(yes)), np.ones(len(no))])
    cost = np.concatenate([np.ones(2 * k), [1e-3]])
    limit = float(LARGEST_WEIGHT)
    low, high = np.append(np.zeros(2 * k), -k * limit), np.append(np.full(2 * k, limit), k * limit)
    box = Bounds(low, high)  # type: ignore[arg-type]
    constraint = LinearConstraint(rows, least, np.inf)  # type: ignore[arg-type]
    options = {"time_limit": SECONDS}
    result = milp(cost, constraints=constraint, integrality=np.ones(2 * k + 1), bounds=box, options=options)
    if result.x is None:
        return None
    numbers = np.rint(result.x).astype(np.int64)
    return numbers[:k] - numbers[k : 2 * k], int(numbers[-1])
