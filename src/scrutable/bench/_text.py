"""Programs as one line of text, and how often a formula reads something."""

from __future__ import annotations

from collections.abc import Sequence

from scrutable.program import BOOL, INT, REAL, Call, Const, Expr, Input, Let, Program, Var, substitute, walk
from scrutable.synthesis import Table


def as_program(expr: Expr, table: Table) -> Program:
    """A program of one expression over the columns of a table."""
    kinds = {"b": BOOL, "f": REAL}
    inputs = tuple(Input(name, kinds.get(column.dtype.kind, INT)) for name, column in table.columns.items())
    return Program("program", inputs, (Let("result", expr),), ("result",))


def one_line(program: Program) -> str:
    """The body of the printed function, its lines joined by semicolons; of a single expression, only that."""
    lines = program.source.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(f"def {program.name}("))
    while not lines[start].rstrip().endswith(":"):
        start += 1
    body = []
    for line in lines[start + 1 :]:
        if line and not line.startswith(" "):
            break
        body.append(line.strip())
    text = "; ".join(line for line in body if line).replace(":; ", ": ").replace("(; ", "(").replace("; )", ")")
    start, _, name = text.rpartition("; return ")
    before, found, value = start.rpartition(f"{name} = ")
    return value if found and not before and ";" not in value else text.removeprefix("return ")


def percent(share: float | None, digits: int = 4) -> str:
    """At most so many digits after the point, rounded down: 100% is said of nothing less. Empty for None."""
    if share is None:
        return ""
    scale = 10**digits
    return f"{int(round(100 * share * scale, 3)) / scale:.{digits}f}%".replace(f".{'0' * digits}%", "%")


def literals(program: Program) -> int:
    """How often the statements of a program without loops read an input or an earlier variable.

    A product of an array with constants reads as many entries as there are constants other than zero.
    """
    lets = (statement for statement in program.statements if isinstance(statement, Let))
    return sum(_reads(node) for let in lets for node in walk(let.expr))


def _reads(node: Expr) -> int:
    if isinstance(node, Var):
        return 1
    if isinstance(node, Call) and node.op == "dot":
        weights = [arg.value for arg in node.args if isinstance(arg, Const)]
        return sum(1 for each in weights for weight in each if weight) - len(weights)
    return 0


def reading(expr: Expr, names: Sequence[str]) -> Expr:
    """An expression over real columns x0, x1, ... as one over the columns of these names."""
    return substitute(expr, {f"x{i}": Var(name, REAL) for i, name in enumerate(names)})


def as_expression(program: Program) -> Expr:
    """The single output of a program without loops, earlier variables written out."""
    meaning: dict[str, Expr] = {}
    for statement in program.statements:
        assert isinstance(statement, Let)
        meaning[statement.name] = substitute(statement.expr, meaning)
    return meaning[program.outputs[0]]
