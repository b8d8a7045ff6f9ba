"""Trees of linear questions as a person would write them: few short coefficients, short bounds, nested `if`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.program import INT, REAL, Array, Const, Expr, Var, call, const, expr_bits
from scrutable.propose._cart import Leaf
from scrutable.propose._oblique_alternating import concerned
from scrutable.propose._oblique_separator import Separator
from scrutable.propose._oblique_tree import Cut, Oblique, Rows, leaves
from scrutable.synthesis._snap import shortest_between

WHOLE_SCALES = (1, 2, 3, 5, 9, 20, 50, 99)
DIGITS = (1, 2, 3, 4)
MOST_TERMS = 10
"""Sums of at most this many terms are spelled out."""
COLUMN_BITS, FACTOR_BITS = 20.0, 6.0
"""About what a column in a sum takes in a program, and a factor before it besides its number."""
TERM_BITS = 36.0
"""About what both and a short number take together: with it bits are weighed against wrong rows."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How the numbers of an item are written.

    Arguments:
        exprs: one for each column. whole: whether it holds integers.
        block: the array that the columns are the entries of, in order; None when there is none.
    """

    exprs: tuple[Expr, ...]
    whole: tuple[bool, ...]
    block: Var | None = None


def unscaled(tree: Oblique, centre: np.ndarray, unit: np.ndarray) -> Oblique:
    """A tree on `(x - centre) / unit` as the same tree on `x`."""
    if isinstance(tree, Leaf):
        return tree
    weights = tree.separator.weights / unit
    moved = Separator(weights, tree.separator.bound + float(weights @ centre))
    return Cut(moved, unscaled(tree.below, centre, unit), unscaled(tree.above, centre, unit))


def written(tree: Oblique, rows: Rows, unit: np.ndarray, *, price: float) -> Oblique:
    """The tree with shorter numbers, from the root down: for each question the coefficients and the bound that cost
    least, in bits and in wrong rows together. At no price it gets no row more wrong.

    Arguments:
        unit: the spread of each column. price: what `TERM_BITS` bits are worth, in weight of wrong rows.
    """
    if isinstance(tree, Leaf) or not len(rows):
        return tree
    matters, wanted = concerned(tree.below, tree.above, rows)
    question = tree.separator
    if matters.any() and question.terms:
        part = rows[matters]
        options = [placed(w, question, part, wanted) for w in spellings(question.weights, unit)]
        options.append((question, float(part.weight @ (question.above(part.x) != wanted)), _length(question)))
        question = min((o for o in options if o), key=lambda o: o[1] + price * o[2] / TERM_BITS)[0]
    above = question.above(rows.x)
    low = written(tree.below, rows[~above], unit, price=price)
    high = written(tree.above, rows[above], unit, price=price)
    return Cut(question, low, high)


def spellings(weights: np.ndarray, unit: np.ndarray) -> Iterator[np.ndarray]:
    """The coefficients ever more finely: as small whole numbers, and to few digits with the main one made 1."""
    if np.count_nonzero(weights) == 1:
        yield np.sign(weights)
        return
    for scale in WHOLE_SCALES:
        yield np.rint(weights / np.abs(weights).max() * scale)
    main = weights[np.argmax(np.abs(weights * unit))]
    for digits in DIGITS:
        yield np.array([float(f"{w:.{digits}g}") for w in weights / abs(main)])


def placed(
    weights: np.ndarray, question: Separator, part: Rows, wanted: np.ndarray
) -> tuple[Separator, float, float] | None:
    """The coefficients with the best bound for the rows that matter, the weight they get wrong, and about how many bits
    they take."""
    if not weights.any():
        return None
    used = np.flatnonzero(weights)
    along = part.x[:, used] @ weights[used]
    values, place = np.unique(along, return_inverse=True)
    if len(values) < 2:
        return None
    right_above, right_below = (np.bincount(place, part.weight * side, len(values)) for side in (wanted, ~wanted))
    wrong = (np.cumsum(right_above) + right_below.sum() - np.cumsum(right_below))[:-1]
    target = question.bound * float(weights @ question.weights) / float(question.weights @ question.weights)
    middles = (values[:-1] + values[1:]) / 2
    best = np.flatnonzero(wrong <= wrong.min() + 1e-9)
    at = best[np.argmin(np.abs(middles[best] - target))]
    bound = shortest_between(float(values[at]), float(values[at + 1]))
    placed = Separator(weights, bound)
    return placed, float(wrong[at]), _length(placed)


def _length(question: Separator) -> float:
    """About how many bits a question takes."""
    weights = question.weights[np.flatnonzero(question.weights)].tolist()
    factors = sum(FACTOR_BITS + expr_bits(number(abs(w)), 1) for w in weights if abs(w) != 1)
    return COLUMN_BITS * len(weights) + factors + expr_bits(number(question.bound), 1)


def oblique_expression(tree: Oblique, columns: Columns, answers: np.ndarray) -> Expr:
    """A tree as nested `if`, the smaller branch first.

    Arguments:
        answers: what each label of the tree stands for.
    """
    if isinstance(tree, Leaf):
        return const(answers[int(tree.answer)].item())
    below = oblique_expression(tree.below, columns, answers)
    above = oblique_expression(tree.above, columns, answers)
    if leaves(tree.above) < leaves(tree.below):
        return call("if", question_expr(tree.separator, columns), above, below)
    return call("if", question_expr(tree.separator, columns, negated=True), below, above)


def question_expr(separator: Separator, columns: Columns, *, negated: bool = False) -> Expr:
    """`sum of terms > bound`, or `<=` when negated; a sum without a positive term is turned round."""
    weights, bound = separator.weights, separator.bound
    used = np.flatnonzero(weights)
    if all(columns.whole[i] for i in used) and (weights[used] % 1 == 0).all():
        bound = np.floor(bound)
    turned = bool((weights[used] < 0).all())
    total = summed(-weights if turned else weights, columns)
    limit = number(-bound if turned else bound)
    if negated:
        return call("le", limit, total) if turned else call("le", total, limit)
    return call("lt", total, limit) if turned else call("lt", limit, total)


def summed(weights: np.ndarray, columns: Columns) -> Expr:
    """The sum as terms; a long one as a product with a list of coefficients where that is shorter."""
    order = sorted(np.flatnonzero(weights), key=lambda i: (weights[i] < 0, i))
    total: Expr | None = None
    for i in order:
        size, column = abs(float(weights[i])), columns.exprs[i]
        term = column if size == 1.0 else call("mul", number(size), column)
        total = term if total is None else call("sub" if weights[i] < 0 else "add", total, term)
    assert total is not None
    if columns.block is None or len(order) <= MOST_TERMS:
        return total
    numbers = tuple(number(w).value for w in weights)
    item = REAL if any(isinstance(n, float) for n in numbers) else INT
    numbers = tuple(map(float, numbers)) if item == REAL else numbers
    product = call("dot", columns.block, Const(numbers, Array((len(numbers),), item)))
    return min(total, product, key=lambda expr: expr_bits(expr, 1))


def number(value: float) -> Const:
    """The shortest literal for a number: an integer where it is one."""
    return const(int(value)) if float(value).is_integer() and abs(value) < 2**53 else const(float(value))
