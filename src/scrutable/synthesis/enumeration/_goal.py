"""A target of the search: its value vectors, the partial solutions seen, and the expressions found for it."""

from __future__ import annotations

import numpy as np

from scrutable.program import Expr, expr_bits
from scrutable.synthesis._base import Found
from scrutable.synthesis.enumeration._bank import OPERATORS, Bank
from scrutable.synthesis.enumeration._cover import Pool
from scrutable.synthesis.enumeration._examples import Examples
from scrutable.synthesis.enumeration._kernels import KERNELS, Kind
from scrutable.synthesis.enumeration._layout import pack, unpack
from scrutable.synthesis.enumeration._levels import Block

MOST_OFFERS = 512
MARGIN = 12
"""Expressions so many bits longer than the shortest found are not kept."""
ALWAYS = 512
"""The cheapest numbers are partial solutions wherever they are right; later ones need an eighth of the rows."""


class Goal:
    """One target of one search."""

    def __init__(self, name: str, examples: Examples, rows: np.ndarray, bank: Bank, *, slack: float = 0.0) -> None:
        column = examples.targets[name][rows]
        self.name, self.bank, self._examples, self._rows = name, bank, examples, rows
        self.vectors: dict[Kind, np.ndarray] = {}
        if column.dtype.kind != "b":
            self.vectors["number"] = bank.layout.numbers(column)
        if column.dtype.kind == "b" or (not bank.grammar.typed and np.isin(column, (0, 1)).all()):
            self.vectors["truth"] = bank.layout.truths(column)
        self._codes = {kind: bank.store(kind).coder(vector[None])[0] for kind, vector in self.vectors.items()}
        words = bank.truths.width
        self.pools: dict[str, Pool] = {name: Pool.empty(words) for name in ("equal", "below", "above")}
        self.found: list[Found] = []
        self.failing: list[int] = []
        self.best = float("inf")
        self._seen: set[Expr] = set()
        self._scope = len(examples.leaves)
        self._margin = MARGIN + slack
        self._complete = len(rows) >= examples.count

    @property
    def bound(self) -> float:
        """The cost above which expressions are not worth looking at: somewhat more than the fewest bits so far."""
        return self.best + self._margin

    def ranked(self, limit: int) -> tuple[Found, ...]:
        """What was found, shortest first, and computed once more by the program language."""
        chosen: list[Found] = []
        for found in sorted(self.found, key=lambda each: (each.bits, str(each.expr))):
            if len(chosen) >= limit:
                break
            if not self._examples.failures(found.expr, self.name).size:
                chosen.append(found)
        return tuple(chosen)

    def moved(self, bank: Bank) -> Goal:
        """The same goal over another bank for the same examples: what was found stays, partial solutions do not."""
        other = Goal(self.name, self._examples, self._rows, bank)
        other.found, other.failing, other.best = self.found, self.failing, self.best
        other._seen, other._margin = self._seen, self._margin
        return other

    def offer(self, expr: Expr) -> None:
        """Keep an expression if it is right on every example, those not searched on included."""
        if expr in self._seen or len(self._seen) >= MOST_OFFERS:
            return
        self._seen.add(expr)
        bits = expr_bits(expr, self._scope)
        if bits > self.bound:
            return
        if not self._complete:
            wrong = self._examples.failures(expr, self.name)
            if wrong.size:
                self.failing += wrong[:2].tolist()
                return
        self.found.append(Found(expr, bits))
        self.best = min(self.best, bits)

    @property
    def base(self) -> float:
        """The largest share of the examples that a single leaf or literal is right on."""
        kind: Kind = "number" if "number" in self.vectors else "truth"
        vector = self.vectors[kind]
        if kind == "truth":
            vector = unpack(vector[None], self.bank.layout.rows)[0]
        _, counts = np.unique(vector, return_counts=True)
        leaves = [self.bank.vector(leaf) for leaf in self.bank.leaves if leaf.kind == kind]
        shares = self._shares(kind, np.stack(leaves)) if leaves else []
        return max([float(counts.max()) / len(vector), *shares])

    def partial(self) -> list[tuple[Expr, float]]:
        """The partial solutions, and the share of the examples that each is right on."""
        kind: Kind = "number" if "number" in self.vectors else "truth"
        entries = np.unique(np.concatenate([pool.entries for pool in self.pools.values()]))
        shares = self._shares(kind, self.bank.store(kind).values[entries])
        return [(self.bank.expr(kind, e), share) for e, share in zip(entries.tolist(), shares, strict=True)]

    def _shares(self, kind: Kind, values: np.ndarray) -> list[float]:
        rows = self.bank.layout.rows
        return (np.bitwise_count(self._right(kind, values)).sum(axis=1, dtype=np.int64) / rows).tolist()

    def _right(self, kind: Kind, values: np.ndarray) -> np.ndarray:
        """Where vectors `(k, width)` equal the target, packed."""
        target = self.vectors[kind]
        if kind == "truth":
            return ~(values ^ target)
        return pack(np.isclose(values, target) if values.dtype.kind == "f" else values == target)

    def watch(self, block: Block, codes: np.ndarray, cost: int) -> None:
        """Offer the candidates of a block, with these codes and all of this cost, that equal the target."""
        vector = self.vectors.get(block.gives)
        if vector is None or cost > self.bound:
            return
        hits = np.flatnonzero(codes == self._codes[block.gives])
        if hits.size:
            hits = hits[self.bank.layout.same(block.values[hits], np.broadcast_to(vector, block.values[hits].shape))]
            parts = [np.broadcast_to(part, hits.shape).tolist() for part in block.decode(hits)]
            for args in zip(*parts, strict=True):
                if not self.restates(block.op, args):
                    self.offer(self.bank.build(block.op, args))

    def restates(self, op: int, args: tuple[int, ...]) -> bool:
        """Whether a candidate has an argument that is the target already, as `target + 0` has."""
        for kind, arg in zip(KERNELS[OPERATORS[op]].takes, args, strict=False):
            vector = self.vectors.get(kind)
            if vector is not None and self.bank.layout.same(self.bank.store(kind).values[arg][None], vector[None])[0]:
                return True
        return False

    def gather(self, kind: Kind, start: int, stop: int) -> None:
        """Add entries of the bank to the pools of partial solutions."""
        vector, store = self.vectors.get(kind), self.bank.store(kind)
        if vector is None or start == stop:
            return
        entries = np.arange(start, stop)
        costs = store.cost[start:stop].astype(np.int64)
        values = store.values[start:stop]
        if kind == "truth":
            groups = self._truth_groups(values, vector)
        else:
            groups = self._number_groups(values, vector, entries)
        for name, (where, masks) in groups.items():
            self.pools[name] = self.pools[name].joined(masks, entries[where], costs[where])

    def _truth_groups(self, values: np.ndarray, target: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        below = ((values & ~target) == 0).all(axis=1)
        above = ((~values & target) == 0).all(axis=1)
        groups = {"below": (below, values[below]), "above": (above, ~values[above])}
        if "number" not in self.vectors:
            right = self._right("truth", values)
            often = self._often(right, np.zeros(len(values), dtype=bool))
            groups["equal"] = (often, right[often])
        return groups

    def _number_groups(
        self, values: np.ndarray, target: np.ndarray, entries: np.ndarray
    ) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        right = self._right("number", values)
        often = self._often(right, entries < ALWAYS)
        groups = {"equal": (often, right[often])}
        operators, places = self.bank.grammar.operators, np.flatnonzero(often)
        for name, relation, operator in (("below", np.less_equal, "max"), ("above", np.greater_equal, "min")):
            if operator in operators and "truth" not in self.vectors:
                fits = places[relation(values[places], target).all(axis=1)]
                groups[name] = (fits, right[fits])
        return groups

    def _often(self, right: np.ndarray, always: np.ndarray) -> np.ndarray:
        return always | (8 * np.bitwise_count(right).sum(axis=1, dtype=np.int64) >= self.bank.layout.rows)
