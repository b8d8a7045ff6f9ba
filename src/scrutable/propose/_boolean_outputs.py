"""Networks on a few bits: all their inputs, and ways to write an output over truth values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from scrutable.program import Array, Expr, Input, Type, Var, call, const
from scrutable.propose._base import Problem
from scrutable.propose._inputs import few_bits, program_inputs
from scrutable.synthesis.boolean import MOST_VARIABLES, Node, expression, formulas, truth_table, zeros_and_ones
from scrutable.work import Clock

if TYPE_CHECKING:
    from scrutable.network import Domain

MOST_OUTPUTS = 8
MOST_VALUES = 8

Answers = tuple[np.ndarray, np.ndarray]


def unsuitable_for_formulas(problem: Problem) -> str | None:
    """Why a network is not one from a few bits to a few bits, labels or small numbers; None if it is."""
    network = problem.network
    if not few_bits(network.inputs):
        return f"inputs are not 1 to {MOST_VARIABLES} bits"
    if network.outputs.is_sequence or network.outputs.dtype.kind == "f":
        return "the outputs are not bits, labels or whole numbers"
    if prod(network.outputs.shape) > MOST_OUTPUTS:
        return f"more than {MOST_OUTPUTS} outputs"
    _, y = whole_domain(problem)
    if any(len(np.unique(column)) > MOST_VALUES for column in output_columns(y).values()):
        return f"outputs of more than {MOST_VALUES} different values"
    return None


def whole_domain(problem: Problem) -> Answers:
    """Every input, bit k of the row number being the k-th number, and the network's answers."""

    def make() -> Answers:
        domain = problem.network.inputs
        count = prod(domain.shape)
        rows = np.arange(1 << count)
        x = (rows[:, None] >> np.arange(count) & 1).reshape(len(rows), *domain.shape)
        return x, problem.network.predict(x)

    return problem.memo.get("boolean.whole domain", make)


def output_columns(y: np.ndarray) -> dict[str, np.ndarray]:
    """The answers by the name of the variable that gives them."""
    flat = y.reshape(len(y), -1)
    return {"output" if flat.shape[1] == 1 else f"output{i}": flat[:, i] for i in range(flat.shape[1])}


def bit_inputs(domain: Domain, type_: Type) -> tuple[tuple[Input, ...], list[Expr]]:
    """The inputs of a program with bits of this type, and an expression for each bit."""
    inputs: list[Input] = []
    leaves: list[Expr] = []
    for each in program_inputs(domain):
        if isinstance(each.type, Array):
            array = Array(each.type.shape, type_)
            inputs.append(Input(each.name, array))
            places = product(*(range(size) for size in array.shape))
            leaves += [call("index", Var(each.name, array), params=place) for place in places]
        else:
            inputs.append(Input(each.name, type_))
            leaves.append(Var(each.name, type_))
    return tuple(inputs), leaves


@dataclass(frozen=True, slots=True)
class Way:
    """One way to give an output: conditions and what to make of them.

    Arguments:
        kind: "truth" is the one condition itself; "chain" picks the first value whose condition holds, or else the
            last value; "digits" adds up the values where conditions hold.
        conditions: formulas. values: see `kind`.
    """

    kind: str
    conditions: tuple[Node, ...]
    values: tuple[int, ...] = ()

    def expr(self, leaves: Sequence[Expr], numbers: Sequence[Expr]) -> Expr:
        """The output as an expression of leaves that are truths, and of the same as what can be added up."""
        parts = [expression(node, leaves, numbers) for node in self.conditions]
        if self.kind == "truth":
            return parts[0]
        if self.kind == "chain":
            result: Expr = const(self.values[-1])
            for part, value in zip(reversed(parts), reversed(self.values[:-1]), strict=True):
                result = call("if", part, const(value), result)
            return result
        total: Expr | None = None
        for part, value in zip(parts, self.values, strict=True):
            term = part if value == 1 else call("mul", value, part)
            total = term if total is None else call("add", total, term)
        assert total is not None
        return total


def ways_to(bits: Sequence[np.ndarray], column: np.ndarray, clock: Clock) -> Iterator[Way]:
    """Ways to write a column of whole numbers over columns of bits; none where equal bits have different numbers."""
    values = np.unique(column)
    if len(values) == 1:
        yield Way("chain", (), (int(values[0]),))
    elif truth_table(bits, column != values[0]) is None or _hidden_conflict(bits, column):
        return
    elif zeros_and_ones(column):
        for node in _formulas(bits, column == 1, clock):
            yield Way("truth", (node,))
    else:
        yield _chain(bits, column, clock)
        if values[0] >= 0 and len(values) > 2:
            size = int(values[-1]).bit_length()
            digits = [next(_formulas(bits, column >> i & 1 == 1, clock)) for i in reversed(range(size))]
            yield Way("digits", tuple(digits), tuple(1 << i for i in reversed(range(size))))


def _hidden_conflict(bits: Sequence[np.ndarray], column: np.ndarray) -> bool:
    return any(truth_table(bits, column == value) is None for value in np.unique(column))


def _chain(bits: Sequence[np.ndarray], column: np.ndarray, clock: Clock) -> Way:
    """Conditions for all values but one, the easiest first; later ones are free where an earlier one holds."""
    left = [int(value) for value in np.unique(column)]
    conditions, values = [], []
    while len(left) > 1:
        options = [(next(_formulas(bits, column == value, clock)), value) for value in left]
        node, value = min(options, key=lambda each: _size(each[0]))
        conditions.append(node)
        values.append(value)
        left.remove(value)
        rows = column != value
        bits, column = [each[rows] for each in bits], column[rows]
    return Way("chain", tuple(conditions), (*values, left[0]))


def _size(node: Node) -> int:
    return 1 if node.op == "variable" else sum(map(_size, node.args))


def _formulas(bits: Sequence[np.ndarray], truth: np.ndarray, clock: Clock) -> Iterator[Node]:
    table = truth_table(bits, truth)
    assert table is not None, "equal bits have equal answers here"
    yield from formulas(*table, clock)
