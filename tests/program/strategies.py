"""Hypothesis strategies: random well-typed programs, and data that fit them.

Numbers are small, so that integers rarely leave 64 bits; `ProgramError` is still possible and tests `assume` it away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from scrutable.program import (
    BOOL,
    INT,
    REAL,
    Bool,
    Call,
    Category,
    Const,
    Expr,
    Input,
    Int,
    Let,
    Program,
    Real,
    Scan,
    Seq,
    State,
    Type,
    Var,
    call,
    const,
    scalar_of,
    walk,
)

Scope = dict[str, Type]
KINDS: dict[str, tuple[type[Type], ...]] = {
    "b": (Bool,),
    "i": (Int, Category, Bool),
    "f": (Real, Int, Category, Bool),
}
SCALARS: tuple[Type, ...] = (BOOL, INT, REAL, Category(3), Category(10))
INTEGER_OPERATORS = (
    *("add", "add", "sub", "mul", "neg", "abs", "floordiv", "mod", "floordiv_const", "mod_const", "min", "max", "sign"),
    *("floor", "round", "if", "table", "argmax", "stack"),
)
REAL_OPERATORS = (
    *("add", "sub", "mul", "div", "div_const", "floordiv", "mod", "min", "max", "abs", "neg", "sqrt", "tanh", "if"),
    "dot",
)
REALS = (0.5, -1.5, 2.0, 0.25, 3.0, -0.125)


def literals(kind: str) -> SearchStrategy[Const]:
    """A literal of a kind: "b", "i" or "f"."""
    if kind == "b":
        return st.booleans().map(const)
    if kind == "i":
        return st.integers(-4, 9).map(const)
    return st.sampled_from(REALS).map(const)


@st.composite
def expressions(draw: DrawFn, scope: Scope, kind: str, *, sequence: bool, depth: int = 3) -> Expr:
    """An expression over `scope` whose scalars are of `kind` or narrower; a sequence only when `sequence`."""
    names = [
        name
        for name, type_ in scope.items()
        if isinstance(scalar_of(type_), KINDS[kind]) and (sequence or not isinstance(type_, Seq))
    ]
    if depth <= 0 or draw(st.integers(0, 4)) == 0:
        if names and draw(st.integers(0, 3)):
            name = draw(st.sampled_from(names))
            return Var(name, scope[name])
        return draw(literals(kind))

    def part(of: str, *, wide: bool = sequence) -> Expr:
        return draw(expressions(scope, of, sequence=wide, depth=depth - 1))

    makers = {"b": _bool, "i": _int, "f": _real}
    sequences = any(isinstance(type_, Seq) for type_ in scope.values())
    if sequences and draw(st.integers(0, 3)) == 0:
        return _from_sequence(draw, scope, kind, depth, sequence)
    return makers[kind](draw, part)


def _bool(draw: DrawFn, part: Any) -> Expr:
    op = draw(st.sampled_from(["eq", "ne", "lt", "le", "and", "or", "xor", "not"]))
    if op == "not":
        return call(op, part("b"))
    of = "b" if op in ("and", "or", "xor") else draw(st.sampled_from(["i", "f"]))
    return call(op, part(of), part(of))


def _int(draw: DrawFn, part: Any) -> Expr:
    op = draw(st.sampled_from(INTEGER_OPERATORS))
    if op in ("floordiv_const", "mod_const"):
        return call(op.removesuffix("_const"), part("i"), const(draw(st.sampled_from([2, 3, 10, -3]))))
    if op == "if":
        return call(op, part("b"), part("i"), part("i"))
    if op == "table":
        return _table(draw, part)
    if op in ("floor", "round", "sign"):
        return call(op, part("f"))
    if op in ("neg", "abs"):
        return call(op, part("i"))
    if op == "argmax":
        return call(op, part("f"), part("i"), part("f"))
    if op == "stack":
        return call("index", call("stack", part("i"), part("i")), params=(draw(st.integers(0, 1)),))
    return call(op, part("i"), part("i"))


def _table(draw: DrawFn, part: Any) -> Expr:
    width = draw(st.integers(1, 2))
    keys = draw(st.lists(st.tuples(*[st.integers(-1, 4)] * width), unique=True, max_size=6))
    rows = tuple((key, draw(st.integers(-2, 9))) for key in keys)
    return call("table", *(part("i") for _ in range(width)), params=(rows, draw(st.integers(-1, 1))))


def _real(draw: DrawFn, part: Any) -> Expr:
    op = draw(st.sampled_from(REAL_OPERATORS))
    if op == "div_const":
        return call("div", part("f"), const(draw(st.sampled_from([2, 3, 0.5]))))
    if op == "if":
        return call(op, part("b"), part("f"), part("f"))
    if op in ("abs", "neg", "sqrt", "tanh"):
        return call(op, part("f"))
    if op == "dot":
        return call(op, call("stack", part("f"), part("i")), call("stack", part("i"), part("f")))
    return call(op, part("f"), part("f"))


def _whole(draw: DrawFn, scope: Scope, kind: str, depth: int) -> Expr:
    """An expression that is a sequence for certain."""
    names = [name for name, type_ in scope.items() if isinstance(type_, Seq)]
    fitting = [name for name in names if isinstance(scalar_of(scope[name]), KINDS[kind])]
    if fitting and draw(st.booleans()):
        name = draw(st.sampled_from(fitting))
        return Var(name, scope[name])
    name = draw(st.sampled_from(names))
    inner = draw(expressions(scope, kind, sequence=True, depth=depth - 1))
    if isinstance(inner.type, Seq):
        return inner
    places = call("position", Var(name, scope[name]))
    if kind == "b":
        return call("or", call("lt", places, const(2)), inner)
    return call("add", places, inner) if kind == "i" else call("add", places, inner)


def selectors(draw: DrawFn, scope: Scope, depth: int) -> Expr:
    """A selector over the sequences in scope."""
    if depth > 1 and draw(st.integers(0, 4)) == 0:
        op = draw(st.sampled_from(["and", "or", "xor", "not"]))
        return call(op, *(selectors(draw, scope, depth - 1) for _ in range(1 if op == "not" else 2)))
    predicate = draw(st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "true"]))
    keys, queries = _whole(draw, scope, "i", 1), _whole(draw, scope, "i", 1)
    if draw(st.integers(0, 4)) == 0:
        queries = draw(literals("i"))
    return call("select", keys, queries, params=(predicate,))


def _from_sequence(draw: DrawFn, scope: Scope, kind: str, depth: int, sequence: bool) -> Expr:
    """An operator on whole sequences: the result is a scalar unless `sequence`."""
    whole = _whole(draw, scope, kind, depth)
    fill = draw(literals(kind)).value
    scalar = {"b": ["last"], "i": ["last", "sum", "length", "count", "counts"], "f": ["last", "sum"]}[kind]
    wide = {"b": ["shift"], "i": ["shift", "position", "pick", "width"], "f": ["shift", "aggregate", "pick"]}[kind]
    op = draw(st.sampled_from(scalar + wide if sequence else scalar))
    match op:
        case "last":
            return call(op, whole, params=(fill,))
        case "sum" | "length" | "position":
            return call(op, whole)
        case "count":
            return call(op, _whole(draw, scope, "b", depth))
        case "counts":
            return call("index", call(op, whole, params=(3,)), params=(draw(st.integers(0, 2)),))
        case "shift":
            return call(op, whole, params=(draw(st.integers(-2, 2)), fill))
        case "width":
            return call(op, selectors(draw, scope, depth))
    return call(op, selectors(draw, scope, depth), whole, params=(fill,))


def _kind(draw: DrawFn) -> str:
    return draw(st.sampled_from(["b", "i", "i", "f"]))


def _is_sequence(type_: Type) -> bool:
    return isinstance(type_, Seq)


@st.composite
def _inputs(draw: DrawFn, *, sequence: bool, most: int) -> tuple[Input, ...]:
    count = draw(st.integers(1, most))
    types = [draw(st.sampled_from(SCALARS)) for _ in range(count)]
    return tuple(Input("abc"[i], Seq(type_) if sequence else type_) for i, type_ in enumerate(types))


def _outputs(draw: DrawFn, candidates: Scope) -> tuple[str, ...]:
    """One or two outputs of one shape."""
    first = draw(st.sampled_from(sorted(candidates)))
    alike = [
        n for n, t in sorted(candidates.items()) if n != first and _is_sequence(t) == _is_sequence(candidates[first])
    ]
    return (first, draw(st.sampled_from(alike))) if alike and draw(st.integers(0, 3)) == 0 else (first,)


@st.composite
def scalar_programs(draw: DrawFn) -> Program:
    """Programs on rows of numbers."""
    return _let_program(draw, draw(_inputs(sequence=False, most=3)), sequence=False)


@st.composite
def sequence_programs(draw: DrawFn) -> Program:
    """Programs on whole sequences: shift, select, aggregate and their like."""
    return _let_program(draw, draw(_inputs(sequence=True, most=2)), sequence=True)


def _let_program(draw: DrawFn, inputs: tuple[Input, ...], *, sequence: bool) -> Program:
    scope: Scope = {entry.name: entry.type for entry in inputs}
    lets = []
    for i in range(draw(st.integers(1, 3))):
        let = Let(f"v{i}", draw(expressions(scope, _kind(draw), sequence=sequence)))
        lets.append(let)
        scope[let.name] = let.expr.type
    outputs = _outputs(draw, {let.name: let.expr.type for let in lets})
    return Program("drawn", inputs, tuple(lets), outputs)


@st.composite
def scan_programs(draw: DrawFn) -> Program:
    """Loops with one or two states, sometimes with a variable worked out after the loop."""
    inputs = draw(_inputs(sequence=True, most=2))
    scope: Scope = {f"{entry.name}_t": scalar_of(entry.type) for entry in inputs}
    over = tuple((f"{entry.name}_t", Var(entry.name, entry.type)) for entry in inputs)
    kinds = {f"s{i}": _kind(draw) for i in range(draw(st.integers(1, 2)))}
    states: Scope = {name: {"b": BOOL, "i": INT, "f": REAL}[kind] for name, kind in kinds.items()}
    scope |= states
    body = []
    for i in range(draw(st.integers(1, 3))):
        let = Let(f"w{i}", draw(expressions(scope, _kind(draw), sequence=False)))
        body.append(let)
        scope[let.name] = let.expr.type
    moves = tuple(
        State(name, draw(literals(kind)), _bounded(draw(expressions(scope, kind, sequence=False, depth=2)), kind))
        for name, kind in kinds.items()
    )
    traces: Scope = {name: Seq(type_) for name, type_ in states.items()} | {w.name: Seq(w.expr.type) for w in body}
    statements: list[Any] = [Scan(over, moves, tuple(body))]
    candidates = dict(traces)
    if draw(st.integers(0, 2)) == 0:
        every = traces | {entry.name: entry.type for entry in inputs}
        after = Let("after", draw(expressions(every, _kind(draw), sequence=True, depth=2)))
        statements.append(after)
        candidates["after"] = after.expr.type
    return Program("drawn", inputs, tuple(statements), _outputs(draw, candidates))


def _bounded(expr: Expr, kind: str) -> Expr:
    """Keep states from growing without end."""
    if kind == "i":
        return call("mod", expr, const(1000))
    return call("max", call("min", expr, const(1e6)), const(-1e6)) if kind == "f" else expr


def programs() -> SearchStrategy[Program]:
    """Any of the three kinds."""
    return st.one_of(scalar_programs(), sequence_programs(), scan_programs())


@st.composite
def data_for(draw: DrawFn, program: Program, *, most_rows: int = 4, most_steps: int = 5) -> np.ndarray:
    """Data for a program; rows and steps may be none. Float64 when any input is real, else int64."""
    n = draw(st.integers(0, most_rows))
    sequence = isinstance(program.inputs[0].type, Seq)
    shape = (n, draw(st.integers(0, most_steps))) if sequence else (n,)
    columns = [draw(_column(scalar_of(entry.type), shape)) for entry in program.inputs]
    data = np.stack(columns, axis=-1) if len(columns) > 1 else columns[0]
    return data.astype(np.float64 if data.dtype.kind == "f" else np.int64)


@st.composite
def _column(draw: DrawFn, type_: Type, shape: tuple[int, ...]) -> np.ndarray:
    values: SearchStrategy[Any]
    if isinstance(type_, Real):
        values = st.sampled_from([*REALS, 0.0, 1.0, -7.75, 1e3])
    elif isinstance(type_, Int):
        values = st.integers(-20, 20)
    else:
        values = st.integers(0, type_.k - 1 if isinstance(type_, Category) else 1)
    size = int(np.prod(shape))
    flat = draw(st.lists(values, min_size=size, max_size=size))
    return np.array(flat, dtype=np.float64 if isinstance(type_, Real) else np.int64).reshape(shape)


ROUNDED = {"exp", "log", "sin", "cos", "tanh"}  # equal up to the last digits only


def is_steady(program: Program) -> bool:
    """Whether no last digit of a transcendental function can decide what the program does."""
    exprs = [let.expr for s in program.statements for let in ([s] if isinstance(s, Let) else s.body)]
    exprs += [state.next for s in program.statements if isinstance(s, Scan) for state in s.states]
    ops = {node.op for expr in exprs for node in walk(expr) if isinstance(node, Call)}
    smooth = {"add", "sub", "mul", "div", "neg", "abs", "dot", "stack", "index", "last", "sum", "shift", "min", "max"}
    return not ops & ROUNDED or ops <= smooth | ROUNDED
