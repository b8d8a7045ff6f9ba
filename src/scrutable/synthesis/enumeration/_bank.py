"""The bank: every distinct value vector found so far, with the cheapest way to compute it.

Entries are numbers, not trees: an operator and the entries it was applied to. An `Expr` is built only when asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrutable.program import BOOL, INT, REAL, Call, Expr, Var, call, const
from scrutable.synthesis.enumeration._grammar import Grammar, constant_cost, leaf_cost
from scrutable.synthesis.enumeration._kernels import KERNELS, Kind
from scrutable.synthesis.enumeration._layout import Coder, Layout
from scrutable.synthesis.enumeration._table import Table, mixed

OPERATORS = tuple(KERNELS)
LEAF, CONSTANT, NUMBERED = -1, -2, -3
"""Codes of entries that are no operator call: a variable, a literal, and a truth used as the number 0 or 1."""

_SALT = np.uint64(0x9E3779B97F4A7C15)
_ENTRY_BYTES = 60  # back-pointers, cost, magnitude and the share of a hash table at worst
_FLATTENED = ("and", "or", "min", "max")
_NEGATED = {"eq": "ne", "ne": "eq"}
_SWAPPED = {"lt": "le", "le": "lt"}

Decode = Callable[[np.ndarray], tuple[Any, ...]]
"""From positions in a block to the entries that the candidates there were made of."""


class Store:
    """Distinct value vectors of one kind, in order of cost."""

    def __init__(self, layout: Layout, kind: Kind, memory: int) -> None:
        width = layout.rows if kind == "number" else layout.rows // 64
        dtype = layout.dtype if kind == "number" else np.dtype(np.uint64)
        self.kind, self.layout, self.width = kind, layout, width
        self.capacity = max(1024, memory // (width * dtype.itemsize + _ENTRY_BYTES))
        self.values = np.empty((self.capacity, width), dtype=dtype)  # pages are taken as they are touched
        self.op = np.empty(self.capacity, dtype=np.int16)
        self.args = np.empty((self.capacity, 3), dtype=np.int32)
        self.cost = np.empty(self.capacity, dtype=np.int16)
        self.largest = np.empty(self.capacity, dtype=np.float64)
        self.size, self.capped = 0, False
        self.levels: dict[int, tuple[int, int]] = {}
        self.coder: Callable[[np.ndarray], np.ndarray] = Coder(width * dtype.itemsize // 8)
        self._table = Table()

    def find(self, values: np.ndarray) -> np.ndarray:
        """The entry that equals each vector of `(k, width)`, -1 where there is none."""
        return self._look(values, self.coder(values))

    def _look(self, values: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Find by code and compare the vectors; where they differ, go on with the next code of the chain (in place)."""
        owner = self._table.find(codes)
        hit = np.flatnonzero(owner >= 0)
        while True:
            differ = hit[~self.layout.same(values[hit], self.values[owner[hit]])]
            if not differ.size:
                return owner
            codes[differ] = mixed(codes[differ] ^ _SALT)
            owner[differ] = self._table.find(codes[differ])
            hit = differ[owner[differ] >= 0]

    def add(self, values: np.ndarray, codes: np.ndarray, *, cost: int, op: int, decode: Decode) -> None:
        """Store the vectors, coded by `coder`, that are new and within range. Costs of successive calls never fall."""
        new = np.flatnonzero(self._look(values, codes) < 0)
        new, largest = self._within(values, new)
        while new.size:
            if self.size + new.size > self.capacity:
                self.capped = True
                new, largest = new[: self.capacity - self.size], largest[: self.capacity - self.size]
            owner, won = self._table.claim(codes[new], self.size)
            self._append(values[new[won]], largest[won], cost, op, decode(new[won]))
            lost = np.ones(len(new), dtype=bool)
            lost[won] = False
            again = np.flatnonzero(lost)
            again = again[~self.layout.same(values[new[again]], self.values[owner[again]])]
            new, largest = new[again], largest[again]
            codes[new] = mixed(codes[new] ^ _SALT)

    def _within(self, values: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.kind == "truth" or not new.size:
            return new, np.zeros(len(new))
        inside, largest = self.layout.inside(values[new])
        return new[inside], largest[inside]

    def _append(self, values: np.ndarray, largest: np.ndarray, cost: int, op: int, args: tuple[Any, ...]) -> None:
        start, stop = self.size, self.size + len(values)
        self.values[start:stop] = values
        self.largest[start:stop] = largest
        self.op[start:stop], self.cost[start:stop] = op, cost
        for place, arg in enumerate(args):
            self.args[start:stop, place] = arg
        self.size = stop
        if stop > start:
            self.levels[cost] = (self.levels.get(cost, (start, stop))[0], stop)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A variable or literal: its expression, its values and its cost."""

    expr: Expr
    column: np.ndarray
    cost: int
    op: int
    kind: Kind


class Bank:
    """Numbers and truths over the same examples."""

    def __init__(self, leaves: dict[str, np.ndarray], grammar: Grammar, layout: Layout) -> None:
        self.layout, self.grammar = layout, grammar
        self.numbers = Store(layout, "number", grammar.memory * 3 // 4)
        self.truths = Store(layout, "truth", grammar.memory // 4)
        self.leaves = _leaves(leaves, grammar)
        self._exprs: dict[tuple[str, int], Expr] = {}
        order = sorted(range(len(self.leaves)), key=lambda i: self.leaves[i].cost)
        for place in order:
            self._plant(place, self.leaves[place])

    def store(self, kind: Kind) -> Store:
        """The numbers or the truths."""
        return self.numbers if kind == "number" else self.truths

    @property
    def capped(self) -> bool:
        """Whether the memory limit has been reached."""
        return self.numbers.capped or self.truths.capped

    def _plant(self, place: int, leaf: Leaf) -> None:
        if leaf.kind == "number":
            values = self.layout.numbers(leaf.column)
        else:
            values = self.layout.truths(leaf.column)
        store = self.store(leaf.kind)
        store.add(values[None], store.coder(values[None]), cost=leaf.cost, op=leaf.op, decode=lambda at: (place,))

    def expr(self, kind: Kind, entry: int) -> Expr:
        """The expression of an entry."""
        key = (kind, entry)
        if key not in self._exprs:
            store = self.store(kind)
            self._exprs[key] = self.build(int(store.op[entry]), tuple(map(int, store.args[entry])))
        return self._exprs[key]

    def build(self, op: int, args: tuple[int, ...]) -> Expr:
        """The expression of a candidate that need not be stored."""
        if op in (LEAF, CONSTANT):
            return self.leaves[args[0]].expr
        if op == NUMBERED:
            return self.expr("truth", args[0])
        name = OPERATORS[op]
        return joined(name, *(self.expr(kind, arg) for kind, arg in zip(KERNELS[name].takes, args, strict=False)))


def joined(name: str, *args: Expr) -> Expr:
    """A call, with chains of one associative operator joined and negated comparisons turned round."""
    inner = args[0]
    if name == "not" and isinstance(inner, Call):
        if inner.op in _NEGATED:
            return call(_NEGATED[inner.op], *inner.args)
        if inner.op in _SWAPPED:
            return call(_SWAPPED[inner.op], *reversed(inner.args))
        if inner.op == "not":
            return inner.args[0]
    if name in _FLATTENED:
        parts = [part for arg in args for part in (arg.args if isinstance(arg, Call) and arg.op == name else (arg,))]
        return call(name, *parts)
    return call(name, *args)


def _leaves(columns: dict[str, np.ndarray], grammar: Grammar) -> list[Leaf]:
    """Variables and literals. A 0/1 number is offered as a truth too where the grammar has logic."""
    cost = leaf_cost(len(columns))
    logic = any("truth" in KERNELS[name].takes and name != "if" for name in grammar.operators)
    result = []
    for name, column in columns.items():
        kind: Kind = "truth" if column.dtype.kind == "b" else "number"
        type_ = {"b": BOOL, "f": REAL}.get(column.dtype.kind, INT)
        variable = Var(name, type_)
        result.append(Leaf(variable, column, cost, LEAF, kind))
        if kind == "truth" and not grammar.typed:
            result.append(Leaf(variable, column.astype(np.int64), cost, LEAF, "number"))
        elif logic and column.dtype.kind == "i" and np.isin(column, (0, 1)).all():
            result.append(Leaf(call("ne", variable, 0), column.astype(bool), cost, LEAF, "truth"))
    size = len(next(iter(columns.values())))
    for value in grammar.constants:
        column = np.full(size, value)
        result.append(Leaf(const(value), column, constant_cost(value), CONSTANT, "number"))
    return result
