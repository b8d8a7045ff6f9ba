"""A program over terms: every named variable as what the solver can reason about. Loops are unrolled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from scrutable.errors import ScrutableError
from scrutable.program._backend import Kind
from scrutable.program._check import distinct_nodes
from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._operators import kind_of, operator
from scrutable.program._program import Let, Program, Scan
from scrutable.program._solver._scalars import SCALARS, Encoding
from scrutable.program._solver._sequences import BLOCKS
from scrutable.program._solver._terms import as_kind, literals
from scrutable.program._types import Array, Selector, Seq, Type, join


class NoEncoding(ScrutableError):
    """A program that cannot be put to the solver; the text says why."""


def solver_terms(program: Program, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Every named variable of a program, inputs included, as z3 terms.

    Arguments:
        inputs: a term for each input: z3 `Bool`, `Int` (also for a category) or `Real`; a tuple of items for a sequence
            or an array. The lengths of the sequences given are those that loops are unrolled to.

    Raises:
        NoEncoding: an operator without an encoding, sequences of unequal lengths, an input that is not given.

    Cost: a term for each operator, times the length for what happens at each step.
    """
    missing = [entry.name for entry in program.inputs if entry.name not in inputs]
    if missing:
        raise NoEncoding(f"got no term for {', '.join(missing)}, expected one for each input")
    encoder = _Encoder(dict(inputs))
    for statement in program.statements:
        if isinstance(statement, Let):
            encoder.values[statement.name] = encoder.value(statement.expr)
        else:
            encoder.scan(statement)
    return encoder.values


@final
class _Encoder:
    """Terms by name."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def value(self, expr: Expr) -> Any:
        """The term of an expression."""
        known: dict[int, Any] = {}
        result = None
        for node in distinct_nodes(expr):
            if isinstance(node, Var):
                result = self.values[node.name]
            elif isinstance(node, Const):
                result = literals(node.value, kind_of(node.type))
            else:
                assert isinstance(node, Call)
                result = _called(node, [known[id(arg)] for arg in node.args])
            known[id(node)] = result
        return result

    def scan(self, scan: Scan) -> None:
        """A loop step by step; its variables as sequences."""
        sequences = {name: self.value(expr) for name, expr in scan.over}
        length = _one_length("a scan", sequences.values())
        kinds: dict[str, Kind] = {state.name: kind_of(join(state.init.type, state.next.type)) for state in scan.states}
        states = {state.name: literals(state.init.value, kinds[state.name]) for state in scan.states}
        trace: dict[str, list[Any]] = {part.name: [] for part in (*scan.body, *scan.states)}
        for t in range(length):
            step = _Encoder(self.values | {name: items[t] for name, items in sequences.items()} | states)
            for let in scan.body:
                step.values[let.name] = step.value(let.expr)
                trace[let.name].append(step.values[let.name])
            states = {state.name: _widened(step.value(state.next), kinds[state.name]) for state in scan.states}
            for name, value in states.items():
                trace[name].append(value)
        self.values |= {name: tuple(values) for name, values in trace.items()}


def _widened(value: Any, kind: Kind) -> Any:
    return tuple(_widened(part, kind) for part in value) if isinstance(value, tuple) else as_kind(value, kind)


def _called(node: Call, values: list[Any]) -> Any:
    types = [arg.type for arg in node.args]
    lift = operator(node.op).lift
    encoding = SCALARS.get(node.op) or BLOCKS.get(node.op)
    if encoding is None:
        raise NoEncoding(f"the operator {node.op} has no encoding for the solver")
    if lift == "none":
        return encoding(values, node.params)
    if any(isinstance(type_, Selector) for type_ in types):
        return _each([True] * len(values), values, lambda rows: _each([True] * len(rows), rows, _on(encoding, node)))
    return _over_sequences(node, encoding, types, values, arrays=lift == "element")


def _on(encoding: Encoding, node: Call) -> Any:
    return lambda items: encoding(items, node.params)


def _over_sequences(node: Call, encoding: Encoding, types: Sequence[Type], values: list[Any], *, arrays: bool) -> Any:
    """One item of each sequence at a time, everything else as it is."""
    items = [type_.item if isinstance(type_, Seq) else type_ for type_ in types]

    def one(parts: list[Any]) -> Any:
        return _over_arrays(items, parts, _on(encoding, node)) if arrays else encoding(parts, node.params)

    wide = [isinstance(type_, Seq) for type_ in types]
    return _each(wide, values, one, name=node.op) if any(wide) else one(values)


def _over_arrays(types: Sequence[Type], values: list[Any], one: Any) -> Any:
    """One entry of each array at a time, scalars as they are."""
    depth = max((len(type_.shape) for type_ in types if isinstance(type_, Array)), default=0)
    wide = [isinstance(type_, Array) for type_ in types]

    def at(level: int, parts: list[Any]) -> Any:
        return one(parts) if level == depth else _each(wide, parts, lambda inner: at(level + 1, inner))

    return at(0, values)


def _each(wide: Sequence[bool], values: Sequence[Any], one: Any, *, name: str = "an operator") -> Any:
    """`one` of the items of the tuples among `values`, place by place."""
    length = _one_length(name, [value for value, is_wide in zip(values, wide, strict=True) if is_wide])
    return tuple(
        one([value[t] if is_wide else value for value, is_wide in zip(values, wide, strict=True)])
        for t in range(length)
    )


def _one_length(name: str, sequences: Any) -> int:
    lengths = {len(sequence) for sequence in sequences}
    if len(lengths) > 1:
        raise NoEncoding(f"{name} got sequences of lengths {sorted(lengths)}; expected equal lengths")
    return lengths.pop()
