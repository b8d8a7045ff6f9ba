"""Ways in which a register may change in a step, each written once for arrays and for expressions.

A template takes a register and one feature for each of its slots. With arrays it runs over all sequences and thousands
of choices of features at once; with expressions it writes the update down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scrutable.program import BOOL, INT, Call, Const, Expr, Var, call, expr_bits, walk
from scrutable.propose._registers_features import SCOPE, Feature

CHUNK = 256
"""So many choices of features run together."""


class Numbers:
    """The operations of templates on arrays."""

    add = staticmethod(np.add)
    sub = staticmethod(np.subtract)
    mul = staticmethod(np.multiply)
    floordiv = staticmethod(np.floor_divide)
    mod = staticmethod(np.mod)
    max = staticmethod(np.maximum)
    min = staticmethod(np.minimum)
    eq = staticmethod(np.equal)
    lt = staticmethod(np.less)
    choose = staticmethod(np.where)


class Words:
    """The same operations on expressions; what adds nothing is left out."""

    @staticmethod
    def add(a: Any, b: Any) -> Expr:
        """A sum."""
        return a if _is(b, 0) else call("add", a, b)

    @staticmethod
    def sub(a: Any, b: Any) -> Expr:
        """A difference."""
        return a if _is(b, 0) else call("sub", a, b)

    @staticmethod
    def mul(a: Any, b: Any) -> Expr:
        """A product."""
        return b if _is(a, 1) else call("neg", b) if _is(a, -1) else call("mul", a, b)

    @staticmethod
    def choose(truth: Expr, yes: Any, no: Any) -> Expr:
        """One of two; an opposite is said by turning them round."""
        if isinstance(truth, Call) and truth.op == "not":
            return Words.choose(truth.args[0], no, yes)
        return call("if", truth, yes, no)

    @staticmethod
    def floordiv(a: Any, b: Any) -> Expr:
        """A quotient, rounded down."""
        return call("floordiv", a, b)

    @staticmethod
    def mod(a: Any, b: Any) -> Expr:
        """A remainder."""
        return call("mod", a, b)

    @staticmethod
    def max(a: Any, b: Any) -> Expr:
        """The larger."""
        return call("max", a, b)

    @staticmethod
    def min(a: Any, b: Any) -> Expr:
        """The smaller."""
        return call("min", a, b)

    @staticmethod
    def eq(a: Any, b: Any) -> Expr:
        """Whether two are equal."""
        return call("eq", a, b)

    @staticmethod
    def lt(a: Any, b: Any) -> Expr:
        """Whether the first is smaller."""
        return call("lt", a, b)


def _is(node: Any, value: Any) -> bool:
    return isinstance(node, Const) and node.value == value if not isinstance(value, Expr) else node == value


@dataclass(frozen=True, eq=False)
class Template:
    """A kind of update.

    Arguments:
        kind: what a register of this kind is called.
        slots: which features each argument takes: "numbers", "simple", "truths", "moduli", "factors", "bounds", "lows".
        step: operations, register and arguments to the register after the step.
        start: which values the register may begin with: "zero", "low", "high", "edges" (just outside the inputs'
            range, and zero), "below".
    """

    kind: str
    slots: tuple[str, ...]
    step: Callable[..., Any]
    start: str = "zero"

    @cached_property
    def _blank(self) -> Expr:
        blanks = [Var(f"slot{i}", BOOL if slot == "truths" else INT) for i, slot in enumerate(self.slots)]
        return self.step(Words, Var("register", INT), *blanks)

    @cached_property
    def bits(self) -> float:
        """The length of an update without the features in its slots."""
        read = sum(isinstance(node, Var) and node.name != "register" for node in walk(self._blank))
        return expr_bits(self._blank, SCOPE) - read * expr_bits(Var("slot", INT), SCOPE)

    @cached_property
    def times(self) -> tuple[int, ...]:
        """How often each slot is read."""
        nodes = [node.name for node in walk(self._blank) if isinstance(node, Var)]
        return tuple(nodes.count(f"slot{i}") for i in range(len(self.slots)))


TEMPLATES: tuple[Template, ...] = (
    Template("previous", ("simple",), lambda o, r, e: e, "edges"),
    Template("total", ("numbers",), lambda o, r, e: o.add(r, e)),
    Template("highest", ("numbers",), lambda o, r, e: o.max(r, e), "low"),
    Template("lowest", ("numbers",), lambda o, r, e: o.min(r, e), "high"),
    Template("latest", ("truths", "simple"), lambda o, r, p, e: o.choose(p, e, r), "edges"),
    Template("run", ("truths", "numbers"), lambda o, r, p, e: o.choose(p, o.add(r, e), 0)),
    Template("run", ("truths", "simple", "simple"), lambda o, r, p, e, d: o.choose(p, o.add(r, e), d)),
    Template("remainder", ("numbers", "moduli"), lambda o, r, e, m: o.mod(o.add(r, e), m)),
    Template("carry", ("simple", "moduli"), lambda o, r, e, m: o.floordiv(o.add(r, e), m)),
    Template("remainder", ("factors", "numbers", "moduli"), lambda o, r, a, e, m: o.mod(o.add(o.mul(a, r), e), m)),
    Template("carry", ("factors", "simple", "moduli"), lambda o, r, a, e, m: o.floordiv(o.add(o.mul(a, r), e), m)),
    Template("level", ("numbers",), lambda o, r, e: o.max(o.add(r, e), 0)),
    Template("level", ("numbers", "bounds"), lambda o, r, e, k: o.min(o.add(r, e), k)),
    Template("level", ("numbers", "bounds"), lambda o, r, e, k: o.max(o.min(o.add(r, e), k), 0)),
    Template("balance", ("numbers",), lambda o, r, e: o.sub(e, r)),
    Template("peak", ("truths", "simple"), lambda o, r, p, e: o.choose(p, o.max(r, e), 0), "low"),
    Template("peak", ("truths", "simple"), lambda o, r, p, e: o.choose(p, o.max(r, e), e), "low"),
    Template("trough", ("truths", "simple"), lambda o, r, p, e: o.choose(p, o.min(r, e), e), "high"),
    Template("switch", ("truths", "truths"), lambda o, r, p, q: o.choose(p, 1, o.choose(q, 0, r))),
    Template("switch", ("truths", "truths", "simple"), lambda o, r, p, q, e: o.choose(p, e, o.choose(q, 0, r))),
    Template(
        "nearer", ("simple",), lambda o, r, e: o.choose(o.lt(r, e), o.add(r, 1), o.choose(o.lt(e, r), o.sub(r, 1), r))
    ),
    Template("timer", ("truths", "bounds"), lambda o, r, p, k: o.choose(p, k, o.max(o.sub(r, 1), 0))),
    Template("first", ("lows", "simple"), lambda o, r, k, e: o.choose(o.lt(r, k), e, r), "below"),
    Template("stuck", ("numbers",), lambda o, r, e: o.choose(o.lt(r, 0), r, o.add(r, e))),
    Template("cycle", ("numbers", "bounds"), lambda o, r, e, k: o.choose(o.lt(k, o.add(r, e)), 0, o.add(r, e))),
    Template("fading", ("simple", "factors"), lambda o, r, e, a: o.max(o.sub(r, a), e), "low"),
)
"""Reading: "previous", what a step computed, kept for the next. "latest", what held when the truth last did. "run", a
sum that a truth keeps going. "level", a sum with a floor or a ceiling. "peak", an extremum since something happened.
"switch", set and reset. "nearer", one step towards the input. "timer", counts down from an event. "first", the first
value that is no less than the smallest input. "stuck", a sum that ends when it is negative. "cycle", a sum that starts
again beyond a bound."""


@dataclass(frozen=True, eq=False)
class Update:
    """A template with its slots filled."""

    template: Template
    arguments: tuple[Feature, ...]

    @property
    def bits(self) -> float:
        """Its length."""
        return self.template.bits + sum(
            n * each.bits for n, each in zip(self.template.times, self.arguments, strict=True)
        )

    def said(self, name: str) -> Expr:
        """The expression for the register `name` after a step."""
        expr = self.template.step(Words, Var(name, INT), *(each.expr for each in self.arguments))
        return expr if isinstance(expr, Expr) else Const(int(expr), INT)


PREVIOUS, TOTAL = TEMPLATES[:2]


def traces(
    template: Template, pools: dict[str, tuple[Feature, ...]], starts: dict[str, tuple[int, ...]], most: int
) -> Iterator[tuple[Update, int, np.ndarray]]:
    """Every register of one kind, at most `most` choices of features, run over all sequences: its update, what it
    begins with, and what it holds before the first step and after each, `(length + 1, n)`.

    Cost: one array operation for each step and each 256 choices.
    """
    choices = _early(tuple(len(pools[slot]) for slot in template.slots), most)
    for init in starts[template.start]:
        for at in range(0, len(choices), CHUNK):
            part = choices[at : at + CHUNK]
            values = _run(template.step, [_stacked(pools[s], part[:, i]) for i, s in enumerate(template.slots)], init)
            for row, each in zip(values, part, strict=True):
                arguments = tuple(pools[s][i] for s, i in zip(template.slots, each, strict=True))
                yield Update(template, arguments), init, row


def trace(update: Update, init: int) -> np.ndarray:
    """One register run over all sequences, `(length + 1, n)`."""
    return _run(update.template.step, [each.values[None] for each in update.arguments], init)[0]


def _early(sizes: tuple[int, ...], most: int) -> np.ndarray:
    """Choices of one feature for each slot, `(choices, slots)`: those first that come early in their pools."""
    every = np.indices(sizes).reshape(len(sizes), -1).T
    return every[np.argsort(every.sum(axis=1), kind="stable")[:most]]


def _stacked(pool: Sequence[Feature], at: np.ndarray) -> np.ndarray:
    return np.stack([pool[i].values for i in at.tolist()])


def _run(step: Callable[..., Any], arguments: list[np.ndarray], init: int) -> np.ndarray:
    """Registers for many choices of features, `(choices, length + 1, n)`."""
    count, length, n = arguments[0].shape
    values = np.empty((count, length + 1, n), dtype=np.int64)
    values[:, 0] = init
    for t in range(length):
        values[:, t + 1] = step(Numbers, values[:, t], *(each[:, t] for each in arguments))
    return values
