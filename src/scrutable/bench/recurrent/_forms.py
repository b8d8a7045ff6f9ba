"""What sort of program a program is: its largest table, and whether it is a constant, a formula or a machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scrutable.errors import ProgramError
from scrutable.program import Call, Const, Expr, Let, Program, Scan, substitute, variables, walk
from scrutable.verify import answers_to

SMALL = 32
"""A machine of no more states than that is small."""
LINEAR = frozenset({"add", "sub", "neg", "mul", "shift", "dot", "stack"})
CONSTANT, AFFINE, WINDOW, MACHINE, REGISTERS = "constant", "affine", "window", "machine", "registers"
HONEST = frozenset({CONSTANT, AFFINE, WINDOW, MACHINE})
"""What a network without a mechanism may rightly be described by."""


@dataclass(frozen=True, slots=True)
class Form:
    """The sort of a program.

    Arguments:
        kind: one of the constants above; "affine" may have states, as long as all it does is linear, and a "window"
            such as look back a fixed number of steps only.
        states: how many different states it was seen in; None without states.
    """

    kind: str
    states: int | None = None

    def __str__(self) -> str:
        return self.kind if self.states is None else f"{self.kind}, {self.states} states"


def table_rows(program: Program) -> int:
    """The rows of the largest table, 0 without any. A chain of choices between more than two constants, by whether
    something equals constants, is a table in other words."""
    return max((_rows(node) for expr in expressions(program) for node in walk(expr)), default=0)


def _rows(node: Expr) -> int:
    if isinstance(node, Call) and node.op == "table":
        return len(node.params[0])
    rows, rest = 1, node
    while isinstance(rest, Call) and rest.op == "if" and _is_row(*rest.args[:2]):
        rows, rest = rows + 1, rest.args[2]
    return rows if rows > 2 and isinstance(rest, Const) else 0


def _is_row(condition: Expr, value: Expr) -> bool:
    """Whether a constant is chosen by whether something equals a constant."""
    if not (isinstance(condition, Call) and condition.op == "eq" and isinstance(value, Const)):
        return False
    return any(isinstance(arg, Const) for arg in condition.args)


def form_of(program: Program, x: np.ndarray) -> Form:
    """The sort of a program, judged by its text and by what it does on inputs `x`, `(n, L)` or `(n, L, channels)`: its
    states are counted, and one that always says the same is a constant."""
    scans = [statement for statement in program.statements if isinstance(statement, Scan)]
    names = [state.name for scan in scans for state in scan.states]
    said, valid = answers_to(program, x)
    if said is not None and valid.all() and len(np.unique(said.reshape(len(x) * x.shape[1], -1), axis=0)) == 1:
        return Form(CONSTANT)
    states = _states(program, names, x) if names else None
    if all(is_linear(node) for expr in expressions(program) for node in walk(expr)):
        return Form(AFFINE, states)
    if states is None or all(_forgets(scan) for scan in scans):
        return Form(WINDOW, states)
    return Form(MACHINE if states <= SMALL else REGISTERS, states)


def is_linear(node: Expr) -> bool:
    """Whether a node is linear in what it reads: of the factors of a product at most one is no constant."""
    if not isinstance(node, Call):
        return True
    return node.op in LINEAR and (
        node.op not in ("mul", "dot") or sum(not isinstance(arg, Const) for arg in node.args) <= 1
    )


def _forgets(scan: Scan) -> bool:
    """Whether a loop looks back a fixed number of steps only: no state depends on itself, directly or by others."""
    meaning: dict[str, Expr] = {}
    for let in scan.body:
        meaning[let.name] = substitute(let.expr, meaning)
    reads = {state.name: variables(substitute(state.next, meaning)) for state in scan.states}
    while free := [name for name, read in reads.items() if not read & reads.keys()]:
        for name in free:
            del reads[name]
    return not reads


def _states(program: Program, names: list[str], x: np.ndarray) -> int:
    """How many different values all states together take, after any step."""
    try:
        run = program.run(x)
    except ProgramError:
        return len(x)
    columns = [np.asarray(run[name]).reshape(x.shape[0] * x.shape[1], -1) for name in names]
    return len(np.unique(np.concatenate(columns, axis=1), axis=0))


def expressions(program: Program) -> Iterator[Expr]:
    """Every expression of a program."""
    for statement in program.statements:
        if isinstance(statement, Let):
            yield statement.expr
            continue
        yield from (expr for _, expr in statement.over)
        yield from (state.next for state in statement.states)
        yield from (let.expr for let in statement.body)
