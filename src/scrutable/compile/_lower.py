"""From a program to a plan: which maps and which acts of attention compute its variables.

A subexpression that reads other positions, or several variables at once, becomes an operation of its own. A function of
one variable inside a selector or an aggregate needs none: it is folded into the tables of the head.
"""

from __future__ import annotations

from collections.abc import Sequence

from scrutable.compile._lowering import Lowering, Unique
from scrutable.compile._plan import Operation, Plan, Variable, reads
from scrutable.compile._readers import READERS
from scrutable.errors import UserError
from scrutable.program import Bool, Category, Int, Program, Seq


def lowered(program: Program, *, vocabulary: int, length: int, causal: bool, unique: Unique) -> Plan:
    """The plan of a program whose inputs and outputs `check_interface` has passed.

    Arguments:
        vocabulary: how many tokens there are. length: of the longest input.
        causal: whether heads see earlier positions only.
        unique: see `Unique`.

    Raises:
        UserError: the program does what a transformer of this kind cannot; every reason at once.
    """
    work = Lowering.begin(program, vocabulary, length, causal=causal, unique=unique, readers=READERS)
    for statement in program.statements:
        work.statement(statement)
    if work.reasons:
        raise UserError.of(dict.fromkeys(work.reasons))
    output = work.named[program.outputs[0]]
    return Plan(work.token, work.position, _needed(work.operations, output), output, causal)


def check_interface(program: Program, vocabulary: int) -> None:
    """Check that one sequence of tokens goes in and one sequence comes out.

    Raises:
        UserError: it does not, with every reason.
    """
    reasons = []
    types = {entry.name: entry.type for entry in program.inputs} | program.variables
    first, output = program.inputs[0].type, types[program.outputs[0]]
    item = first.item if isinstance(first, Seq) else first
    if len(program.inputs) > 1 or not isinstance(first, Seq) or not isinstance(item, (Bool, Category, Int)):
        got = ", ".join(f"{entry.name}: {entry.type}" for entry in program.inputs)
        reasons.append(f"got inputs {got}; expected one sequence of tokens, such as x: list[int]")
    most = item.k if isinstance(item, Category) else 2 if isinstance(item, Bool) else vocabulary
    if vocabulary > most:
        reasons.append(f"got {vocabulary} tokens for an input of type {first}, expected at most {most}")
    if len(program.outputs) > 1:
        reasons.append(f"got {len(program.outputs)} outputs, expected one; try a program for each")
    if not isinstance(output, Seq):
        reasons.append(f"got an output of type {output}, expected a sequence: one value at each position")
    if reasons:
        raise UserError.of(reasons)


def _needed(operations: Sequence[Operation], output: Variable) -> tuple[Operation, ...]:
    """The operations that the output depends on."""
    wanted, kept = {output}, []
    for operation in reversed(operations):
        if operation.output in wanted:
            kept.append(operation)
            wanted |= {variable for _, variable in reads(operation)}
    return tuple(kept[::-1])
