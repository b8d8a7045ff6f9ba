"""Whether a program is well-formed: names, types, sizes. Every problem found is reported at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, final

from scrutable.errors import UserError
from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._operators import RESERVED, is_int, is_number, operator
from scrutable.program._program import Input, Let, Program, Scan
from scrutable.program._types import (
    Array,
    Bool,
    Category,
    Int,
    Real,
    Selector,
    Seq,
    Type,
    is_scalar,
    join,
)

DEEPEST = 200  # Python itself refuses to parse more nested brackets
LARGEST = 100_000  # nodes of one expression, written out
LARGEST_ARRAY = 2**24
LONGEST_NAME = 200
MOST_STATEMENTS = 10_000


def check_program(program: Program) -> None:
    """Check that `program` is well-formed.

    Raises:
        UserError: with every problem found: a name that is taken, reserved or not an identifier, used before its
            definition or with another type than it was defined with, types that operators do not take, literals
            beyond 64 bits, expressions deeper than 200 levels.
    """
    checker = _Checker()
    checker.check(program)
    if checker.problems:
        raise UserError.of(checker.problems)


def variable_types(program: Program) -> dict[str, Type]:
    """The type of each named variable as seen after the program ran; those of scans are sequences."""
    types: dict[str, Type] = {}
    for statement in program.statements:
        if isinstance(statement, Let):
            types[statement.name] = statement.expr.type
        else:
            types |= {let.name: Seq(let.expr.type) for let in statement.body}
            types |= {state.name: Seq(join(state.init.type, state.next.type)) for state in statement.states}
    return types


def type_problem(type_: Any) -> str:
    """What is wrong with a type, or nothing."""
    match type_:
        case Bool() | Int() | Real() | Selector():
            return ""
        case Category(k=k):
            return "" if is_int(k) and k >= 1 else "a Category without a positive number of labels"
        case Seq(item=item):
            if isinstance(item, Array) or (isinstance(item, Type) and is_scalar(item)):
                return type_problem(item)
            return "a Seq of something other than scalars or arrays"
        case Array(shape=shape, item=item):
            if not (isinstance(shape, tuple) and shape and all(is_int(size) and size >= 1 for size in shape)):
                return "an Array without a shape of positive sizes"
            if _product(shape) > LARGEST_ARRAY:
                return f"an Array of more than {LARGEST_ARRAY} items"
            if not (isinstance(item, Type) and is_scalar(item)):
                return "an Array of something other than scalars"
            return type_problem(item)
    return "something that is not a type"


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def is_identifier(name: Any) -> bool:
    """Whether `name` is a Python identifier that Python reads back as the same one."""
    return (
        isinstance(name, str)
        and name.isidentifier()
        and len(name) <= LONGEST_NAME
        and unicodedata.normalize("NFKC", name) == name
    )


def rank(type_: Type) -> tuple[bool, tuple[int, ...]]:
    """Whether a value has a length, and the shape of its array part."""
    item = type_.item if isinstance(type_, Seq) else type_
    return isinstance(type_, Seq), item.shape if isinstance(item, Array) else ()


@final
@dataclass
class _Checker:
    problems: list[str] = field(default_factory=list)
    scope: dict[str, Type] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def check(self, program: Program) -> None:
        self.name(program.name, unique=False)
        self.inputs(program.inputs)
        if len(program.statements) > MOST_STATEMENTS:
            self.problems.append(f"got {len(program.statements)} statements, expected at most {MOST_STATEMENTS}")
            return
        for statement in program.statements:
            if isinstance(statement, Let):
                self.let(statement)
            elif isinstance(statement, Scan):
                self.scan(statement)
            else:
                self.problems.append("got a statement that is neither Let nor Scan")
        self.outputs(program.outputs)

    def name(self, name: Any, *, unique: bool = True) -> None:
        if not is_identifier(name):
            self.problems.append(f"got the name {str(name)[:40]!r}, expected a Python identifier")
        elif name in RESERVED:
            self.problems.append(
                f"got the name {name!r}, expected one that is no keyword, builtin or helper; try {name + '_'!r}"
            )
        elif unique and name in self.taken:
            self.problems.append(f"got the name {name!r} twice, expected unique names")
        elif unique:
            self.taken.add(name)

    def inputs(self, inputs: tuple[Input, ...]) -> None:
        if not inputs:
            self.problems.append("got no inputs, expected at least one")
        good = []
        for entry in inputs:
            self.name(entry.name)
            problem = type_problem(entry.type) or ("a Selector" if isinstance(entry.type, Selector) else "")
            if problem:
                self.problems.append(f"got {problem} for input {entry.name}, expected data")
            else:
                good.append(entry)
                self.scope[entry.name] = entry.type
        if len({rank(entry.type) for entry in good}) > 1:
            kinds = ", ".join(f"{entry.name}: {entry.type}" for entry in good)
            self.problems.append(f"got inputs {kinds}; expected all of one shape, since they share one data array")

    def let(self, let: Let) -> None:
        self.name(let.name)
        if self.expression(let.expr, f"variable {let.name}"):
            self.scope[let.name] = let.expr.type

    def scan(self, scan: Scan) -> None:
        outside = dict(self.scope)
        self.elements(scan, outside)
        for state in scan.states:
            self.name(state.name)
            self.state_type(state)
        traces: dict[str, Type] = {}
        for let in scan.body:
            self.let(let)
            if let.name in self.scope:
                traces[let.name] = let.expr.type
        for state in scan.states:
            if self.expression(state.next, f"the next {state.name}") and state.name in self.scope:
                traces[state.name] = self.scope[state.name]
        for name, type_ in traces.items():
            if not (is_scalar(type_) or isinstance(type_, Array)):
                self.problems.append(f"got {name} of type {type_} inside a scan, expected a scalar or an array")
        self.scope = outside | {name: Seq(type_) for name, type_ in traces.items()}

    def elements(self, scan: Scan, outside: dict[str, Type]) -> None:
        if not scan.over:
            self.problems.append("got a scan over nothing, expected at least one sequence")
        for name, expr in scan.over:
            self.name(name)
            if not self.expression(expr, f"the sequence of {name}", scope=outside):
                continue
            if isinstance(expr.type, Seq):
                self.scope[name] = expr.type.item
            else:
                self.problems.append(f"got {name} over a {expr.type}, expected a sequence")

    def state_type(self, state: Any) -> None:
        if not isinstance(state.init, Const) or not isinstance(state.next, Expr):
            self.problems.append(f"got state {state.name} without a literal to start from and an expression to go on")
        elif self.expression(state.init, f"the first {state.name}"):
            try:
                self.scope[state.name] = join(state.init.type, state.next.type)
            except (UserError, AttributeError) as error:
                self.problems.append(f"state {state.name}: {error}")

    def outputs(self, outputs: tuple[str, ...]) -> None:
        if not outputs:
            self.problems.append("got no outputs, expected at least one")
        unknown = [str(name)[:40] for name in outputs if name not in self.scope]
        if unknown:
            self.problems.append(f"got outputs {', '.join(unknown)}; expected names of inputs or of sound variables")
        types = [self.scope[name] for name in outputs if name in self.scope]
        if any(isinstance(type_, Selector) for type_ in types):
            self.problems.append("got a selector as an output, expected data; try aggregate, pick or width")
        elif len({rank(type_) for type_ in types}) > 1:
            self.problems.append(f"got outputs of types {', '.join(map(str, types))}; expected all of one shape")

    def expression(self, expr: Any, where: str, *, scope: dict[str, Type] | None = None) -> bool:
        """Whether an expression is sound; otherwise its problems are noted."""
        before = len(self.problems)
        sizes: dict[int, tuple[int, int]] = {}
        for node in distinct_nodes(expr):
            parts = [sizes[id(arg)] for arg in node.args] if isinstance(node, Call) else []
            depth, size = 1 + max((d for d, _ in parts), default=0), 1 + sum(s for _, s in parts)
            sizes[id(node)] = depth, size
            if depth > DEEPEST or size > LARGEST:
                self.problems.append(
                    f"{where}: got an expression of more than {DEEPEST} levels or {LARGEST} parts; "
                    "try naming parts of it as variables of their own"
                )
                break
            problem = node_problem(node, self.scope if scope is None else scope)
            if problem:
                self.problems.append(f"{where}: {problem}")
        return len(self.problems) == before


def distinct_nodes(expr: Any) -> Iterator[Any]:
    """Every distinct node object, arguments first, without recursion."""
    seen: set[int] = set()
    pending = [(expr, False)]
    while pending:
        node, ready = pending.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            pending.append((node, True))
            if isinstance(node, Call):
                pending.extend((arg, False) for arg in reversed(node.args))


def node_problem(node: Any, scope: dict[str, Type]) -> str:
    """What is wrong with one node, given the types of the names in scope, or nothing."""
    match node:
        case Var(name=name, type=type_):
            if name not in scope:
                return f"got {str(name)[:40]!r}, expected a name defined before it is used"
            return "" if scope[name] == type_ else f"got {name} used as {type_}, expected {scope[name]} as defined"
        case Const(value=value, type=type_):
            return type_problem(type_) or const_problem(value, type_)
        case Call(op=op, args=args, params=params, type=type_):
            try:
                result = operator(op).result_type(args, params)
            except UserError as error:
                return str(error)
            return "" if result == type_ else f"got {op} marked as {type_}, expected {result}"
    return "got something that is not an expression"


def const_problem(value: Any, type_: Type) -> str:
    """What is wrong with a literal, or nothing."""
    match type_:
        case Seq(item=item):
            parts = value if isinstance(value, tuple) else None
        case Array(shape=(size, *rest), item=item):
            parts = value if isinstance(value, tuple) and len(value) == size else None
            item = Array(tuple(rest), item) if rest else item
        case Selector():
            return "got a literal selector, expected one made by select"
        case _:
            return _scalar_problem(value, type_)
    if parts is None:
        return f"got a literal that is not a tuple of the right length for {type_}"
    return next((problem for part in parts if (problem := const_problem(part, item))), "")


def _scalar_problem(value: Any, type_: Type) -> str:
    if not is_number(value):
        return "got a literal that is not a bool, a finite float or an integer of at most 64 bits"
    fits = {
        Bool: isinstance(value, bool),
        Int: not isinstance(value, float),
        Real: True,
    }.get(type(type_), not isinstance(value, float) and isinstance(type_, Category) and 0 <= value < type_.k)
    return "" if fits else f"got the literal {value!r}, expected a value of type {type_}"
