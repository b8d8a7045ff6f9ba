"""Two-level forms: prime implicants, covers by them, and irredundant covers without them.

A cube is a pair of bit masks over the variables, (must be true, must be false). It is a conjunction of literals.

References: W. V. Quine, The problem of simplifying truth functions, American Mathematical Monthly 59 (1952); E. J.
McCluskey, Minimization of Boolean functions, Bell System Technical Journal 35 (1956); S. Minato, Fast generation of
irredundant sum-of-products forms from binary decision diagrams, SASIMI (1992).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from scrutable.synthesis.boolean._space import Space

Cube = tuple[int, int]
Weights = Sequence[float]

MOST_PRIME_VARIABLES = 12
MOST_PRIMES = 4000
MOST_WORK = 2_000_000
_PER_CUBE = 0.01


def cube_rows(cube: Cube, where: Space) -> int:
    """The rows in a cube."""
    rows = where.full
    for k in range(where.n):
        if cube[0] >> k & 1:
            rows &= where.ones[k]
        elif cube[1] >> k & 1:
            rows &= where.zeros[k]
    return rows


def cube_price(cube: Cube, weights: Weights) -> float:
    """The literals of a cube, with their weights, and a trifle for the cube itself."""
    both = cube[0] | cube[1]
    return _PER_CUBE + sum(weight for k, weight in enumerate(weights) if both >> k & 1)


def irredundant(on: int, off: int, where: Space) -> list[Cube]:
    """Cubes that cover `on`, touch nothing of `off`, and of which none can be left out (Minato, Morreale).

    Cost: about a microsecond for each node of a decision diagram of the function.
    """
    variables = where.support(on, off)
    cubes, _ = _morreale(on, where.full ^ off, variables, where)
    return cubes


def _morreale(least: int, most: int, variables: tuple[int, ...], where: Space) -> tuple[list[Cube], int]:
    """Cubes between two sets, and the rows that they cover."""
    if not least:
        return [], 0
    if most == where.full:
        return [(0, 0)], where.full
    k = next(k for k in reversed(variables) if where.depends(least, k) or where.depends(most, k))
    rest = variables[: variables.index(k)]
    least0, least1, most0, most1 = where.low(least, k), where.high(least, k), where.low(most, k), where.high(most, k)
    cubes0, rows0 = _morreale(least0 & ~most1, most0, rest, where)
    cubes1, rows1 = _morreale(least1 & ~most0, most1, rest, where)
    cubes, rows = _morreale(least0 & ~rows0 | least1 & ~rows1, most0 & most1, rest, where)
    bit = 1 << k
    found = [(yes, no | bit) for yes, no in cubes0] + [(yes | bit, no) for yes, no in cubes1] + cubes
    return found, rows0 & where.zeros[k] | rows1 & where.ones[k] | rows


def primes(on: int, off: int, where: Space) -> list[Cube]:
    """The prime implicants that are true somewhere on `on` and nowhere on `off`.

    Cost: 3**v numbers for v variables that matter. Raises nothing; gives an empty list for more than 12 variables.
    """
    variables = where.support(on, off)
    if len(variables) > MOST_PRIME_VARIABLES:
        return []
    allowed, useful = ~where.box(off, variables), where.box(on, variables)
    for axis in range(len(variables)):
        allowed = _with_either(allowed, axis, np.logical_and)
        useful = _with_either(useful, axis, np.logical_or)
    prime = allowed & useful
    for axis in range(len(variables)):
        free = np.take(allowed, [2], axis=axis)
        narrow = [slice(None)] * len(variables)
        narrow[axis] = slice(0, 2)
        prime[tuple(narrow)] &= ~free
    return [_cube(place, variables) for place in np.argwhere(prime).tolist()]


def _with_either(box: np.ndarray, axis: int, join: np.ufunc) -> np.ndarray:
    """The box with a third entry along an axis: both values of that variable together."""
    both = join(np.take(box, [0], axis=axis), np.take(box, [1], axis=axis))
    return np.concatenate([box, both], axis=axis)


def _cube(place: Sequence[int], variables: tuple[int, ...]) -> Cube:
    yes = sum(1 << k for digit, k in zip(place, variables, strict=True) if digit == 1)
    return yes, sum(1 << k for digit, k in zip(place, variables, strict=True) if digit == 0)


def smallest_cover(
    on: int, off: int, where: Space, weights: Weights, *, most: int = MOST_WORK
) -> tuple[list[Cube], bool]:
    """A sum of products with the fewest literals, and whether that is certain.

    Prime implicants, essential ones first, then branch and bound over the rest, starting from a greedy cover. Not
    certain beyond 12 variables, 4000 primes or the limit `most`: primes looked at, in all nodes of the search.
    """
    if not on:
        return [], True
    start = irredundant(on, off, where)
    every = primes(on, off, where)
    if not every or len(every) > MOST_PRIMES:
        return start, False
    covering = [(cube, cube_rows(cube, where) & on, cube_price(cube, weights)) for cube in every]
    chosen, left, others = _essential(covering, on)
    if left:
        search = _Cover(others, left, most)
        search.run()
        others_chosen, certain = search.best, search.certain
    else:
        others_chosen, certain = [], True
    found = chosen + others_chosen
    if not certain and _total(start, weights) < _total(found, weights):
        return start, False
    return found, certain


def _total(cubes: Iterable[Cube], weights: Weights) -> float:
    return sum(cube_price(cube, weights) for cube in cubes)


Covering = list[tuple[Cube, int, float]]


def _essential(covering: Covering, on: int) -> tuple[list[Cube], int, Covering]:
    """Primes that alone cover some row; what is left to cover; and the primes that may cover it."""
    once = twice = 0
    for _, rows, _ in covering:
        twice |= once & rows
        once |= rows
    alone = once & ~twice
    chosen = [cube for cube, rows, _ in covering if rows & alone]
    left = on
    for _, rows, _ in covering:
        if rows & alone:
            left &= ~rows
    useful = [(cube, rows & left, price) for cube, rows, price in covering if rows & left and not rows & alone]
    return chosen, left, _undominated(useful)


def _undominated(covering: Covering) -> Covering:
    """Without primes that cover no more than a cheaper one does."""
    kept: Covering = []
    for cube, rows, price in sorted(covering, key=lambda each: (each[2], -each[1].bit_count())):
        if all(rows & ~other for _, other, _ in kept):
            kept.append((cube, rows, price))
    return kept


class _Cover:
    """Branch and bound for the cheapest cover of `rows`."""

    def __init__(self, covering: Covering, rows: int, most: int) -> None:
        self.covering, self.rows = covering, rows
        self.best: list[Cube] = []
        self.price = float("inf")
        self.left = most
        self.certain = True

    def run(self) -> None:
        """Fill `best`: greedily, then by search."""
        rows, total = self.rows, 0.0
        while rows:
            cube, covered, price = max(self.covering, key=lambda each: (each[1] & rows).bit_count() / each[2])
            self.best.append(cube)
            rows, total = rows & ~covered, total + price
        self.price = total
        self._search(self.rows, [], 0.0, self.covering)
        self.certain = self.left > 0

    def _search(self, rows: int, chosen: list[Cube], price: float, covering: Covering) -> None:
        if not rows:
            if price < self.price - 1e-9:
                self.price, self.best = price, list(chosen)
            return
        self.left -= len(covering)
        if self.left <= 0:
            return
        bound, row = self._bound(rows, covering)
        if price + bound >= self.price - 1e-9:
            return
        options = [each for each in covering if each[1] & row]
        options.sort(key=lambda each: each[2] / (each[1] & rows).bit_count())
        barred: set[Cube] = set()
        for cube, covered, cost in options:
            rest = [each for each in covering if each[0] not in barred and each[1] & rows & ~covered]
            self._search(rows & ~covered, [*chosen, cube], price + cost, rest)
            barred.add(cube)

    def _bound(self, rows: int, covering: Covering) -> tuple[float, int]:
        """What covering `rows` costs at least (rows that no prime covers together), and the row with fewest primes."""
        total, hardest, fewest = 0.0, 0, len(covering) + 1
        left = rows
        for _ in range(12):
            if not left:
                break
            row = left & -left
            options = [each for each in covering if each[1] & row]
            if len(options) < fewest:
                fewest, hardest = len(options), row
            if not options:
                return float("inf"), row
            total += min(each[2] for each in options)
            together = 0
            for each in options:
                together |= each[1]
            left &= ~together
        return total, hardest
