"""Unification: partial solutions joined by conditions into one expression that is right everywhere.

Deep conditionals are out of reach of enumeration by size. Terms that are right on part of the examples and conditions
that tell the parts apart are both found early; a small decision tree over them is assembled directly.

Reference: R. Alur, A. Radhakrishna, A. Udupa, Scaling enumerative program synthesis via divide and conquer (2017).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scrutable.program import Expr
from scrutable.synthesis.enumeration._bank import Bank, joined
from scrutable.synthesis.enumeration._branches import branch
from scrutable.synthesis.enumeration._cover import Pool, covers, within
from scrutable.synthesis.enumeration._goal import Goal
from scrutable.synthesis.enumeration._kernels import KERNELS, Kind
from scrutable.synthesis.enumeration._layout import pack
from scrutable.work import Clock

ROOT_TESTS, INNER_TESTS, INNER_TERMS = 4096, 256, 256
COMPARED = 32
DEPTH = 3
BEAM = (16, 6)
"""How many first tests are followed at depth 3 and at depth 2."""
_KEPT = 6
_STEP = 512

Tree = tuple[int, object]
"""Cost and structure: a pool place, or (test place, tree if true, tree if false)."""


@dataclass(frozen=True, slots=True)
class Tests:
    """Conditions, cheapest first: packed truths `(k, words)`, costs, and how to write each of them down."""

    masks: np.ndarray
    costs: np.ndarray
    entries: tuple[int | tuple[str, int, int], ...]

    def expr(self, bank: Bank, place: int) -> Expr:
        """The condition itself."""
        entry = self.entries[place]
        if isinstance(entry, int):
            return bank.expr("truth", entry)
        return joined(entry[0], bank.expr("number", entry[1]), bank.expr("number", entry[2]))

    def first(self, count: int) -> Tests:
        """The cheapest of them."""
        return Tests(self.masks[:count], self.costs[:count], self.entries[:count])


def unify(bank: Bank, goal: Goal, clock: Clock) -> None:
    """Offer unions of partial solutions: `or`, `and`, `max`, `min`, and trees of conditionals."""
    kinds = set(goal.vectors)
    full = np.full(bank.truths.width, ~np.uint64(0))
    if "truth" in kinds:
        target = goal.vectors["truth"]
        _join(bank, goal, "below", "or", target)
        _join(bank, goal, "above", "and", ~target)
    else:
        _join(bank, goal, "below", "max", full)
        _join(bank, goal, "above", "min", full)
    if "if" in bank.grammar.operators and len(goal.pools["equal"].entries):
        kind: Kind = "number" if "number" in kinds else "truth"
        branch(bank, goal, kind)
        _conditionals(bank, goal, kind, full, clock)


def _join(bank: Bank, goal: Goal, pool: str, name: str, full: np.ndarray) -> None:
    if name not in bank.grammar.operators or len(goal.pools[pool].entries) < 2:
        return
    kind = KERNELS[name].takes[0]
    for _, entries in covers(goal.pools[pool], full, join_cost=bank.price(name), most=4):
        parts = [bank.expr(kind, entry) for entry in sorted(entries)]
        expr = parts[0]
        for part in parts[1:]:
            expr = joined(name, expr, part)
        goal.offer(expr)


def _conditionals(bank: Bank, goal: Goal, kind: Kind, full: np.ndarray, clock: Clock) -> None:
    tests = _tests(bank, goal.pools["equal"], kind)
    if not len(tests.entries):
        return
    search = _Trees(goal.pools["equal"], tests, bank.price("if"), clock)
    for tree in search.single(full, tests)[:_KEPT]:
        goal.offer(_expr(bank, kind, search.pool, tests, tree))
    search = _Trees(goal.pools["equal"].best(INNER_TERMS), tests.first(INNER_TESTS), bank.price("if"), clock)
    for depth in range(2, DEPTH + 1):
        tree = search.best(full, depth)
        if tree is not None:
            goal.offer(_expr(bank, kind, search.pool, search.tests, tree))
            return


def _expr(bank: Bank, kind: Kind, pool: Pool, tests: Tests, tree: Tree) -> Expr:
    _, shape = tree
    if isinstance(shape, int):
        return bank.expr(kind, int(pool.entries[shape]))
    assert isinstance(shape, tuple)
    test, yes, no = shape
    branches = (_expr(bank, kind, pool, tests, branch) for branch in (yes, no))
    return joined("if", tests.expr(bank, test), *branches)


def _tests(bank: Bank, pool: Pool, kind: Kind) -> Tests:
    """The cheapest conditions of the bank, and comparisons between the most useful terms, cheapest first."""
    count = min(bank.truths.size, ROOT_TESTS)
    masks, costs = [bank.truths.values[:count]], [bank.truths.cost[:count].astype(np.int64)]
    entries: list[int | tuple[str, int, int]] = list(range(count))
    compare = next((name for name in ("le", "lt") if name in bank.grammar.operators), None)
    if kind == "number" and compare is not None:
        worth = np.bitwise_count(pool.masks).sum(axis=1) / pool.costs
        useful = pool.entries[np.argsort(-worth, kind="stable")[:COMPARED]]
        left, right = (each.ravel() for each in np.meshgrid(useful, useful, indexing="ij"))
        left, right = left[left != right], right[left != right]
        if len(left):
            values = bank.numbers.values
            masks.append(pack(KERNELS[compare].compute(values[left], values[right])))
            costs.append((bank.price(compare) + bank.numbers.cost[left] + bank.numbers.cost[right]).astype(np.int64))
            entries += [(compare, a, b) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    every, price = np.concatenate(masks), np.concatenate(costs)
    order = np.argsort(price, kind="stable")
    _, first = np.unique(every[order], axis=0, return_index=True)
    order = order[np.sort(first)]
    return Tests(every[order], price[order], tuple(entries[i] for i in order.tolist()))


@dataclass(slots=True)
class _Trees:
    """Decision trees whose leaves are terms of the pool."""

    pool: Pool
    tests: Tests
    join_cost: int
    clock: Clock
    known: dict[tuple[bytes, int], Tree | None] = field(default_factory=dict)

    def leaf(self, region: np.ndarray) -> Tree | None:
        """The cheapest term that is right on the whole region."""
        fits = ((region & ~self.pool.masks) == 0).all(axis=1)
        place = int(fits.argmax()) if fits.any() else -1
        return (int(self.pool.costs[place]), place) if place >= 0 else None

    def single(self, region: np.ndarray, tests: Tests) -> list[Tree]:
        """The cheapest trees with one test, cheapest first."""
        found: list[Tree] = []
        for low in range(0, len(tests.entries), _STEP):
            if self.clock.over:
                break
            masks = tests.masks[low : low + _STEP]
            yes = self._cheapest(region & masks)
            no = np.full(len(yes), -1)
            no[yes >= 0] = self._cheapest(region & ~masks[yes >= 0])
            for i in np.flatnonzero((yes >= 0) & (no >= 0)).tolist():
                costs = self.pool.costs
                cost = int(self.join_cost + tests.costs[low + i] + costs[yes[i]] + costs[no[i]])
                branches = [(int(costs[each]), int(each)) for each in (yes[i], no[i])]
                found.append((cost, (low + i, *branches)))
        return sorted(found, key=lambda tree: tree[0])

    def best(self, region: np.ndarray, depth: int) -> Tree | None:
        """The cheapest tree of at most `depth` tests in a row that was found."""
        key = (region.tobytes(), depth)
        if key not in self.known:
            self.known[key] = self._best(region, depth)
        return self.known[key]

    def _best(self, region: np.ndarray, depth: int) -> Tree | None:
        leaf = self.leaf(region)
        if leaf is not None or not depth or self.clock.over:
            return leaf
        single = self.single(region, self.tests)
        if single or depth == 1:
            return single[0] if single else None
        trees: list[Tree] = []
        for test in self._promising(region, BEAM[min(DEPTH - depth, len(BEAM) - 1)]):
            yes = self.best(region & self.tests.masks[test], depth - 1)
            no = self.best(region & ~self.tests.masks[test], depth - 1) if yes is not None else None
            if yes is not None and no is not None:
                trees.append((self.join_cost + int(self.tests.costs[test]) + yes[0] + no[0], (test, yes, no)))
        return min(trees, key=lambda tree: tree[0], default=None)

    def _cheapest(self, regions: np.ndarray) -> np.ndarray:
        """For each region the place of the cheapest term that is right on all of it, -1 where there is none."""
        sizes, most = (np.bitwise_count(masks).sum(axis=1, dtype=np.int64) for masks in (regions, self.pool.masks))
        small = np.flatnonzero(sizes <= most.max(initial=0))
        fits = within(regions[small], self.pool.masks)
        place, cheapest = np.full(len(regions), -1), fits.argmax(axis=1)
        fit = fits[np.arange(len(small)), cheapest]
        place[small[fit]] = cheapest[fit]
        return place

    def _promising(self, region: np.ndarray, count: int) -> list[int]:
        """Tests whose two sides are each best covered by a single term, cheap ones first among equals."""
        covered = np.zeros(len(self.tests.entries), dtype=np.int64)
        for side in (region & self.tests.masks, region & ~self.tests.masks):
            for low in range(0, len(side), _STEP // 4):
                part = side[low : low + _STEP // 4]
                right = np.bitwise_count(part[:, None] & self.pool.masks[None]).sum(axis=2, dtype=np.int64)
                covered[low : low + len(part)] += right.max(axis=1)
        inside, outside = region & self.tests.masks, region & ~self.tests.masks
        splits = np.logical_and(inside.any(axis=1), outside.any(axis=1))
        order = np.argsort(-covered, kind="stable")
        return order[splits[order]][:count].tolist()
