"""The variables of a program that grows, and their values on every position of every word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from scrutable.program import Expr, Input, Let, Program, Selector, Seq, Var, call, substitute, variables
from scrutable.propose._attention_classes import in_order

Labels = np.ndarray
"""A value for each position of each word, all lengths one after the other."""


@final
@dataclass(eq=False)
class Store:
    """Named variables, each read by later ones.

    Arguments:
        source: the input of the program. words: its values by length, `(n, length)`.
    """

    source: Input
    words: Mapping[int, np.ndarray]
    lets: dict[str, Let] = field(default_factory=dict)
    labels: dict[str, Labels] = field(default_factory=dict)
    sites: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.labels[self.source.name] = np.concatenate([x.reshape(-1) for x in self.words.values()])

    def var(self, name: str) -> Var:
        """A variable as an expression."""
        if name == self.source.name:
            return Var(name, self.source.type)
        return Var(name, self.lets[name].expr.type)

    def places(self) -> str:
        """The variable of positions."""
        return self.add("position", call("position", self.var(self.source.name)), site=None)

    def add(self, name: str, expr: Expr, *, site: str | None) -> str:
        """The name of a variable with the values of `expr`: an earlier one where there is one."""
        if isinstance(expr, Var):
            return expr.name
        fresh = self._fresh(name)
        if not isinstance(expr.type, Seq):
            expr = call("if", call("eq", self.var(self.source.name), self.var(self.source.name)), expr, expr)
        let = Let(fresh, expr)
        values = self._values(let)
        for known, labels in self.labels.items():
            if labels.dtype.kind == values.dtype.kind and np.array_equal(labels, values):
                return known
        self.lets[fresh], self.labels[fresh] = let, values
        if site is not None:
            self.sites[fresh] = site
        return fresh

    def add_selector(self, selector: Expr, *, site: str) -> Var:
        """A variable for a selector: an earlier one where there is one."""
        for name, let in self.lets.items():
            if let.expr == selector:
                return Var(name, Selector())
        name = self._fresh("chosen")
        self.lets[name], self.sites[name] = Let(name, selector), site
        return Var(name, Selector())

    def inlined(self, known: Collection[str]) -> None:
        """Selectors that are variables of their own written where they are used, where those are variables of which it
        is known where they live."""
        for name, let in list(self.lets.items()):
            if not isinstance(let.expr.type, Selector):
                continue
            users = [each for each, other in self.lets.items() if name in variables(other.expr)]
            if users and all(each in known for each in users):
                del self.lets[name]
                for each in users:
                    self.lets[each] = Let(each, substitute(self.lets[each].expr, {name: let.expr}))

    def selected(self, selector: Expr) -> list[np.ndarray]:
        """A selector on the words, for each length `(n, queries, keys)`."""
        assert isinstance(selector.type, Selector)
        chosen, output = self._fresh("chosen"), self._fresh("output")
        program = Program(
            "program",
            (self.source,),
            (
                *self._before(selector),
                Let(chosen, selector),
                Let(output, call("width", Var(chosen, selector.type))),
            ),
            (output,),
        )
        return [np.broadcast_to(program.run(x)[chosen], (len(x), length, length)) for length, x in self.words.items()]

    def varying(self, names: Iterable[str]) -> list[str]:
        """The variables that are not the same for all words of a length."""
        return [name for name in names if name not in self.labels or not settled(self.by_length(name))]

    def by_length(self, name: str) -> list[np.ndarray]:
        """The values of a variable, for each length `(n, length)`."""
        ends = np.cumsum([x.size for x in self.words.values()])
        parts = np.split(self.labels[name], ends[:-1])
        return [part.reshape(x.shape) for part, x in zip(parts, self.words.values(), strict=True)]

    def partition(self, name: str) -> np.ndarray:
        """The classes of equal values."""
        labels = self.labels[name]
        return in_order(np.round(labels, 6) if labels.dtype.kind == "f" else labels)

    def program(self, output: str) -> Program:
        """The program that returns a variable, with what it reads alone."""
        lets = self._before(self.var(output))
        if output == self.source.name:
            lets, output = [Let("output", call("add", self.var(output), 0))], "output"
        return Program("program", (self.source,), tuple(lets), (output,))

    def _fresh(self, name: str) -> str:
        fresh, number = name, 2
        while fresh in self.lets or fresh == self.source.name:
            fresh, number = f"{name}_{number}", number + 1
        return fresh

    def _before(self, expr: Expr) -> list[Let]:
        wanted, waiting = set(), list(variables(expr))
        while waiting:
            name = waiting.pop()
            if name in self.lets and name not in wanted:
                wanted.add(name)
                waiting += variables(self.lets[name].expr)
        return [let for name, let in self.lets.items() if name in wanted]

    def _values(self, let: Let) -> Labels:
        program = Program("program", (self.source,), (*self._before(let.expr), let), (let.name,))
        return np.concatenate([np.asarray(program(x)).reshape(-1) for x in self.words.values()])


def settled(values: Iterable[np.ndarray]) -> bool:
    """Whether values, `(n, ...)` for each length, are the same for all words of a length."""
    return all(bool((each == each[:1]).all()) for each in values)
