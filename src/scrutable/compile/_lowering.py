"""Working out operations: expressions at one position as maps, selectors as conditions, and what heads read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from scrutable.compile._plan import Map, Operation, Score, Value, Variable, View
from scrutable.compile._selectors import conditions, product
from scrutable.compile._tables import (
    MOST_VALUES,
    Refused,
    combinations,
    is_selector,
    leaves,
    on_values,
    sorted_values,
    tabulated,
)
from scrutable.program import Bool, Call, Expr, Int, Let, Program, Real, Scan, Var, scalar_of

Unique = Callable[[Expr, Expr], bool]
"""Whether all keys that a selector (the first argument) selects always hold one and the same value (of the second)."""
Readers = Mapping[str, Callable[..., Variable]]


class Missing(Exception):
    """A variable that is missing because of a reason already noted."""


@final
@dataclass(eq=False)
class Lowering:
    """Operations so far, and what names and expressions stand for.

    Arguments:
        readers: how the operators that read other positions are made, by name.
    """

    token: Variable
    position: Variable
    length: int
    causal: bool
    unique: Unique
    readers: Readers
    named: dict[str, Variable]
    taken: set[str]
    known: dict[Any, Variable] = field(default_factory=dict)
    selectors: dict[str, Expr] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @staticmethod
    def begin(
        program: Program, vocabulary: int, length: int, *, causal: bool, unique: Unique, readers: Readers
    ) -> Lowering:
        """Nothing computed yet but what the embedding writes."""
        entry = program.inputs[0]
        tokens = (False, True)[:vocabulary] if isinstance(scalar_of(entry.type), Bool) else tuple(range(vocabulary))
        taken = {entry.name, *program.variables}
        position = fresh("position", taken)
        token = Variable(entry.name, tokens, label=True, of=entry.name)
        places = Variable(position, tuple(range(length)), label=True, of=position)
        return Lowering(token, places, length, causal, unique, readers, {entry.name: token}, taken)

    def statement(self, statement: Let | Scan) -> None:
        """Note a statement, or why it cannot be compiled."""
        if isinstance(statement, Scan):
            names = ", ".join(part.name for part in (*statement.body, *statement.states))
            self.reasons.append(
                f"got a loop ({names}), which no fixed number of layers computes; expected select, aggregate, "
                "pick_first, widths and maps"
            )
            return
        try:
            if is_selector(statement.expr):
                self.selectors[statement.name] = statement.expr
            else:
                self.named[statement.name] = self.variable(statement.expr, wish=statement.name)
        except Refused as refused:
            self.reasons.append(f"variable {statement.name}: {refused}")
        except Missing:
            pass

    def variable(self, expr: Expr, wish: str = "") -> Variable:
        """The variable that holds the value of an expression, computed by a new operation if there is none yet."""
        if isinstance(expr, Var):
            if expr.name not in self.named:
                raise Missing
            return self.named[expr.name]
        if isinstance(expr, Call) and expr.op == "position":
            return self.position
        if expr not in self.known:
            make = self.readers.get(expr.op, Lowering.map) if isinstance(expr, Call) else Lowering.map
            self.known[expr] = make(self, expr, wish or fresh(getattr(expr, "op", "constant"), self.taken))
        return self.known[expr]

    def map(self, expr: Expr, name: str) -> Variable:
        """A function of variables at the same position."""
        parts = leaves(expr)
        if expr in parts:
            raise Refused(f"got {getattr(expr, 'op', 'an operator')}, which no head or ReLU layer here computes")
        held = {leaf: self.variable(leaf) for leaf in parts}
        inputs = list(dict.fromkeys(held.values())) or [self.position]
        if len(inputs) > 1:
            inputs = [self.label(variable) for variable in inputs]
            held = {leaf: self.label(variable) for leaf, variable in held.items()}
        columns = dict(zip(inputs, combinations(map(listed, inputs)), strict=True))
        scalars = {leaf: Var(f"v{i}", scalar_of(leaf.type)) for i, leaf in enumerate(parts)}
        given = {scalars[leaf]: columns[held[leaf]] for leaf in parts} or {Var("v", Int()): columns[inputs[0]]}
        result = tabulated(on_values(expr, scalars), given)
        output = Variable(name, sorted_values(result), not isinstance(scalar_of(expr.type), Real), of=name)
        return self.mapped(output, tuple(inputs), result)

    def mapped(self, output: Variable, inputs: tuple[Variable, ...], result: np.ndarray) -> Variable:
        """Add a map that gives `result`, values in the order of all combinations of the inputs."""
        table = np.searchsorted(np.asarray(output.values, dtype=float), np.asarray(result, dtype=float))
        self.operations.append(Map(output, inputs, table.reshape([len(listed(v)) for v in inputs])))
        return output

    def label(self, variable: Variable) -> Variable:
        """The variable as a one-hot code."""
        if variable.label:
            return variable
        values = listed(variable)
        if variable not in self.known:
            output = Variable(fresh(f"{variable.name}_label", self.taken), values, label=True, of=variable.of)
            self.known[variable] = self.mapped(output, (variable,), np.asarray(values))
        return self.known[variable]

    def labels(self, parts: Sequence[Expr]) -> tuple[Variable, list[np.ndarray]]:
        """One label for several expressions, and their values where it has its own."""
        held = [self.label(self.variable(part)) for part in parts]
        distinct = tuple(dict.fromkeys(held))
        columns = dict(zip(distinct, product(distinct), strict=True))
        return self.joint(distinct), [columns[variable] for variable in held]

    def joint(self, variables: tuple[Variable, ...]) -> Variable:
        """One label for every combination of several."""
        if len(variables) == 1:
            return variables[0]
        if variables not in self.known:
            count = int(np.prod([variable.size for variable in variables]))
            if count > MOST_VALUES:
                names = ", ".join(variable.name for variable in variables)
                raise Refused(
                    f"got a selector that reads {names} together, {count} combinations of values, expected "
                    f"at most {MOST_VALUES}; try select_and of selectors that each read one of them"
                )
            name = fresh("_and_".join(variable.name for variable in variables), self.taken)
            output = Variable(name, tuple(range(count)), label=True, of=name)
            self.known[variables] = self.mapped(output, variables, np.arange(count))
        return self.known[variables]

    def scores(self, selector: Expr) -> tuple[Score, ...]:
        """The conditions of a selector."""
        return conditions(selector, self.selectors, self.labels, self.position, causal=self.causal)

    def view(self, expr: Expr, *, number: bool) -> View:
        """What a head reads at each key; `number` allows a number whose values are not listed."""
        parts = leaves(expr)
        whole = len(parts) != 1 or parts[0] == expr
        variable = self.variable(expr if whole else parts[0])
        if not (variable.label or (number and whole)):
            variable = self.label(variable)
        if not variable.label:
            return View(variable, None)
        if whole:
            return View(variable, variable.values)
        leaf = Var("v", scalar_of(parts[0].type))
        return View(variable, tuple(tabulated(on_values(expr, {parts[0]: leaf}), {leaf: listed(variable)}).tolist()))


def fresh(wish: str, taken: set[str]) -> str:
    """`wish`, or the first of `wish_2`, `wish_3`, ... that is not taken; it is taken then."""
    name, count = wish, 1
    while name in taken:
        count += 1
        name = f"{wish}_{count}"
    taken.add(name)
    return name


def listed(variable: Variable) -> tuple[Value, ...]:
    """The values of a variable, which must be known."""
    if variable.values is None:
        raise Refused(
            f"got {variable.name}, an average with too many possible values to list, where a table needs them; "
            "expected it to be averaged again or returned"
        )
    return variable.values
