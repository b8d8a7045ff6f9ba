"""Loops over the input as other positions read it.

A loop of registers says nothing of attention: what it keeps from step to step no transformer hands on. But that answers
depend on a position through what attention reads of it, and in no other way, can be asked of the network's insides.
"""

from __future__ import annotations

from dataclasses import replace

from scrutable.hypothesis import Alignment, Hypothesis
from scrutable.program import Expr, Let, Program, Scan, Var, substitute
from scrutable.propose._base import Problem
from scrutable.propose._sequence_located import READ
from scrutable.propose._sequence_sites import Places
from scrutable.work import generator


def read_by_others(hypothesis: Hypothesis, problem: Problem) -> Hypothesis | None:
    """The same loop over a variable `read`, with the place where a network holds what it reads of a position; None
    where there is no such place, or the program is no loop over one sequence of tokens.

    Cost: some hundred runs of the network on some hundred words.
    """
    network, program = problem.network, hypothesis.program
    if network.recurrence is not None or network.inputs.classes is None or len(network.inputs.shape) != 1:
        return None
    if not isinstance(program.statements[0], Scan) or READ in program.variables:
        return None
    places = Places(network, problem.inputs.astype("int64"), generator(problem.seed, "loops"))
    over = _over_what_is_read(program)
    spot = places.site(over, READ, problem.clock, order="last") if places.read else None
    if spot is None:
        return None
    return replace(hypothesis, program=over, alignment=Alignment({READ: spot.site}))


def _over_what_is_read(program: Program) -> Program:
    source = program.inputs[0]
    put: dict[str, Expr] = {source.name: Var(READ, source.type)}
    statements: list[Let | Scan] = [Let(READ, Var(source.name, source.type))]
    for each in program.statements:
        if isinstance(each, Scan):
            statements.append(replace(each, over=tuple((name, substitute(expr, put)) for name, expr in each.over)))
        else:
            statements.append(replace(each, expr=substitute(each.expr, put)))
    return replace(program, statements=tuple(statements))
