"""Sequences of one value, written so that a reader sees the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._program import Let, Program, Scan
from scrutable.program._types import INT, Seq


def plainly_constant(program: Program) -> Program:
    """The program as a loop that appends one value, if that is all it does with products by zero; else unchanged.

    The language has no sequence of equal values but in a loop. `x * 0` may cost less and is no shorter to read; as it
    stands it would also seem to read the input.
    """
    over = next((entry for entry in program.inputs if isinstance(entry.type, Seq)), None)
    if over is None or len(program.outputs) != 1 or program.variables.get(program.outputs[0]) != Seq(INT):
        return program
    values: dict[str, int | None] = {}
    for statement in program.statements:
        if not isinstance(statement, Let):
            return program
        values[statement.name] = _value(statement.expr, values)
    (output,) = program.outputs
    value = values.get(output)
    if value is None:
        return program
    taken = {output, *(entry.name for entry in program.inputs)}
    each = next(name for name in (f"{over.name}_t", f"each_{over.name}", "_each") if name not in taken)
    scan = Scan(((each, Var(over.name, over.type)),), (), (Let(output, Const(value, INT)),))
    return replace(program, statements=(scan,))


def _value(expr: Expr, known: Mapping[str, int | None]) -> int | None:
    """The whole number that an expression is whatever the inputs, where that is plain."""
    if isinstance(expr, Const):
        return expr.value if isinstance(expr.value, int) and not isinstance(expr.value, bool) else None
    if isinstance(expr, Var):
        return known.get(expr.name)
    if not isinstance(expr, Call) or expr.op not in ("add", "sub", "mul", "neg"):
        return None
    parts = [_value(arg, known) for arg in expr.args]
    if expr.op == "mul" and 0 in parts:
        return 0
    whole = [part for part in parts if part is not None]
    if len(whole) < len(parts):
        return None
    if expr.op == "neg":
        return -whole[0]
    first, second = whole
    return {"add": first + second, "sub": first - second, "mul": first * second}[expr.op]
