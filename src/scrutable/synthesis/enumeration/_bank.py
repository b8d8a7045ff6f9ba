"""The bank: every distinct value vector found so far, with the cheapest way to compute it.

Entries are numbers, not trees: an operator and the entries it was applied to. An `Expr` is built only when asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrutable.program import Call, Expr, Var, call, const
from scrutable.synthesis._score import type_of
from scrutable.synthesis.enumeration._grammar import Grammar
from scrutable.synthesis.enumeration._kernels import KERNELS, Kind
from scrutable.synthesis.enumeration._layout import Coder, Layout
from scrutable.synthesis.enumeration._table import Table, mixed
from scrutable.synthesis.enumeration._weights import Weights

OPERATORS = tuple(KERNELS)
LEAF, CONSTANT, NUMBERED = -1, -2, -3
"""Codes of entries that are no operator call: a variable, a literal, and a truth used as the number 0 or 1."""

_SALT = np.uint64(0x9E3779B97F4A7C15)
_ENTRY_BYTES = 60  # back-pointers, cost, code, magnitude and the share of a hash table at worst
_FLATTENED = ("and", "or", "min", "max")
_NEGATED = {"eq": "ne", "ne": "eq"}
_SWAPPED = {"lt": "le", "le": "lt"}

Decode = Callable[[np.ndarray], tuple[Any, ...]]
"""From positions in a block to the entries that the candidates there were made of."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """Candidates of a block that are not known to be in the bank.

    Arguments:
        values: the vectors of the whole block.
        places: where the candidates stand in it, `(k,)`.
        codes: where the chains of their codes stand, `(k,)`.
    """

    values: np.ndarray
    places: np.ndarray
    codes: np.ndarray


class Store:
    """Distinct value vectors of one kind, in order of cost.

    Two tables know them: one those of finished levels, which nobody writes to while a level is enumerated, and one the
    entries since. A candidate is looked up in the first, and if it is not there in the second.
    """

    def __init__(self, layout: Layout, kind: Kind, memory: int) -> None:
        width = layout.rows if kind == "number" else layout.rows // 64
        dtype = layout.dtype if kind == "number" else np.dtype(np.uint64)
        self.kind, self.layout, self.width = kind, layout, width
        self.capacity = max(1024, memory // (width * dtype.itemsize + _ENTRY_BYTES))
        self.values = np.empty((self.capacity, width), dtype=dtype)  # pages are taken as they are touched
        self.op = np.empty(self.capacity, dtype=np.int16)
        self.args = np.empty((self.capacity, 3), dtype=np.int32)
        self.cost = np.empty(self.capacity, dtype=np.int16)
        self.codes = np.empty(self.capacity, dtype=np.uint64)
        self.largest = np.empty(self.capacity, dtype=np.float64)
        self.size, self.capped = 0, False
        self.levels: dict[int, tuple[int, int]] = {}
        self.coder: Callable[[np.ndarray], np.ndarray] = Coder(width * dtype.itemsize // 8)
        self._settled, self._recent = Table(), Table()
        self._known = self._measured = 0

    def find(self, values: np.ndarray) -> np.ndarray:
        """The entry that equals each vector of `(k, width)`, -1 where there is none."""
        owner, codes = self._look(self._settled, values, self.coder(values))
        if len(self._recent):
            missing = np.flatnonzero(owner < 0)
            owner[missing], _ = self._look(self._recent, values.take(missing, axis=0), codes[missing])
        return owner

    def _look(self, table: Table, values: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find by code and compare the vectors; where they differ, go on with the next code of the chain.

        Returns the owners, and the codes at which the chains ended.
        """
        owner = table.find(codes)
        hit = np.flatnonzero(owner >= 0)
        while True:
            differ = hit[~self._equals(values, hit, owner[hit])]
            if not differ.size:
                return owner, codes
            codes = codes.copy()
            codes[differ] = mixed(codes[differ] ^ _SALT)
            owner[differ] = table.find(codes[differ])
            hit = differ[owner[differ] >= 0]

    def _equals(self, values: np.ndarray, places: np.ndarray, entries: np.ndarray) -> np.ndarray:
        return self.layout.same(values.take(places, axis=0), self.values.take(entries, axis=0))

    def sift(self, values: np.ndarray, codes: np.ndarray) -> Sifted:
        """The candidates, coded by `coder`, that are within range and equal no settled entry.

        Changes nothing, and reads nothing that `keep` changes: blocks can be sifted while others are kept.
        """
        owner, codes = self._look(self._settled, values, codes)
        places = np.flatnonzero(owner < 0)
        if self.kind == "number" and not self.layout.inside(values):
            places = places[self.layout.largest(values.take(places, axis=0)) <= self.layout.limit]
        return Sifted(values, places, codes[places])

    def keep(self, sifted: Sifted, *, cost: int, op: int, decode: Decode) -> None:
        """Store the vectors that are new. Costs of successive calls never fall."""
        places, codes = sifted.places, sifted.codes
        while places.size:
            if self.size + len(places) > self.capacity:
                self.capped = True
                room = self.capacity - self.size
                places, codes = places[:room], codes[:room]
            owner, won = self._recent.claim(codes, self.size)
            self._append(Sifted(sifted.values, places[won], codes[won]), cost, op, decode)
            if len(won) == len(places):
                return
            lost = np.ones(len(places), dtype=bool)
            lost[won] = False
            again = np.flatnonzero(lost)
            again = again[~self._equals(sifted.values, places[again], owner[again])]
            places, codes = places[again], mixed(codes[again] ^ _SALT)

    def add(self, values: np.ndarray, codes: np.ndarray, *, cost: int, op: int, decode: Decode) -> None:
        """Store the vectors, coded by `coder`, that are new and within range. Costs of successive calls never fall."""
        self.keep(self.sift(values, codes), cost=cost, op=op, decode=decode)

    def settle(self) -> None:
        """Let `sift` know of everything kept so far. Not while blocks are being sifted."""
        codes, owners = self.codes[self._known : self.size], np.arange(self._known, self.size)
        self._known = self.size
        while codes.size:
            refused = self._settled.give(codes, owners)
            codes, owners = mixed(codes[refused] ^ _SALT), owners[refused]
        self._recent.clear()

    def measure(self, stop: int) -> None:
        """Work out `largest`, the largest magnitude in each vector, of the entries before `stop`."""
        start = self._measured
        if start < stop:
            self.largest[start:stop] = self.layout.largest(self.values[start:stop])
            self._measured = stop

    def _append(self, new: Sifted, cost: int, op: int, decode: Decode) -> None:
        start, stop = self.size, self.size + len(new.places)
        new.values.take(new.places, axis=0, out=self.values[start:stop], mode="clip")
        self.codes[start:stop] = new.codes
        self.op[start:stop], self.cost[start:stop] = op, cost
        for place, arg in enumerate(decode(new.places)):
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
    """Numbers and truths over the same examples.

    Arguments:
        leaves: columns by name.
        weights: what each piece costs; its description length by default.
    """

    def __init__(
        self, leaves: dict[str, np.ndarray], grammar: Grammar, layout: Layout, weights: Weights | None = None
    ) -> None:
        self.layout, self.grammar = layout, grammar
        self.weights = weights or usual_weights(leaves, grammar)
        self.numbers = Store(layout, "number", grammar.memory * 3 // 4)
        self.truths = Store(layout, "truth", grammar.memory // 4)
        self.leaves = _leaves(leaves, grammar, self.weights)
        self.divisors: list[int] = []
        self._exprs: dict[tuple[str, int], Expr] = {}

    def store(self, kind: Kind) -> Store:
        """The numbers or the truths."""
        return self.numbers if kind == "number" else self.truths

    def price(self, name: str) -> int:
        """What a call of an operator costs without its arguments."""
        return self.weights.operators[name]

    def open(self, cost: int) -> None:
        """Before the candidates of a cost: the leaves that cost as much. Costs of successive calls never fall."""
        for place, leaf in enumerate(self.leaves):
            if leaf.cost == cost:
                self._plant(place, leaf)
        self.numbers.settle()
        self.truths.settle()

    @property
    def capped(self) -> bool:
        """Whether the memory limit has been reached."""
        return self.numbers.capped or self.truths.capped

    def vector(self, leaf: Leaf) -> np.ndarray:
        """The values of a leaf, `(width,)`."""
        return self.layout.numbers(leaf.column) if leaf.kind == "number" else self.layout.truths(leaf.column)

    def _plant(self, place: int, leaf: Leaf) -> None:
        store, values = self.store(leaf.kind), self.vector(leaf)[None]
        entry = store.size
        store.add(values, store.coder(values), cost=leaf.cost, op=leaf.op, decode=lambda at: (place,))
        if leaf.kind == "number" and store.size > entry:
            self.divisors.append(entry)

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


def usual_weights(columns: dict[str, np.ndarray], grammar: Grammar) -> Weights:
    """Every operator, variable and literal of a grammar at its description length."""
    return Weights.usual(
        grammar.operators,
        [_variable(name, column) for name, column in columns.items()],
        {const(value): value for value in grammar.constants},
    )


def _variable(name: str, column: np.ndarray) -> Var:
    return Var(name, type_of(column))


def _leaves(columns: dict[str, np.ndarray], grammar: Grammar, weights: Weights) -> list[Leaf]:
    """Variables and literals. A 0/1 number is offered as a truth too where the grammar has logic."""
    logic = any("truth" in KERNELS[name].takes and name != "if" for name in grammar.operators)
    result = []
    for name, column in columns.items():
        kind: Kind = "truth" if column.dtype.kind == "b" else "number"
        variable = _variable(name, column)
        cost = weights.leaves[variable]
        result.append(Leaf(variable, column, cost, LEAF, kind))
        if kind == "truth" and not grammar.typed:
            result.append(Leaf(variable, column.astype(np.int64), cost, LEAF, "number"))
        elif logic and column.dtype.kind == "i" and np.isin(column, (0, 1)).all():
            result.append(Leaf(call("ne", variable, 0), column.astype(bool), cost, LEAF, "truth"))
    size = len(next(iter(columns.values())))
    for value in grammar.constants:
        literal = const(value)
        result.append(Leaf(literal, np.full(size, value), weights.leaves[literal], CONSTANT, "number"))
    return result
