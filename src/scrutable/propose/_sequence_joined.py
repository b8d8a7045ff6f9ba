"""Several values that one place holds together, as one variable.

A head that takes a mean over all tokens holds all their counts at once. To exchange one of them and leave the others
makes something that no word gives; to exchange all of them does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from scrutable.program import Expr, Let, Program, Var, call, substitute, variables
from scrutable.propose._sequence_program import Written

TOGETHER = "together"


def joined(made: Written, names: list[str]) -> Written | None:
    """The program with one array in the place of some variables; None where they are computed from each other."""
    lets = {each.name: each.expr for each in made.program.statements if isinstance(each, Let)}
    if len(names) < 2 or any(set(names) & _above(lets, name) for name in names):
        return None
    whole = call("stack", *(lets[name] for name in names))
    entries = (call("index", Var(TOGETHER, whole.type), params=(at,)) for at in range(len(names)))
    parts: dict[str, Expr] = dict(zip(names, entries, strict=True))
    last = max(at for at, name in enumerate(lets) if name in names)
    kept = [(at, Let(n, substitute(e, parts))) for at, (n, e) in enumerate(lets.items()) if n not in names]
    before, after = ([let for at, let in kept if (at > last) == later] for later in (False, True))
    program = made.program
    statements = (*before, Let(TOGETHER, whole), *after)
    return Written(Program(program.name, program.inputs, statements, program.outputs), made.views)


def _above(lets: Mapping[str, Expr], name: str) -> set[str]:
    """The variables that one is computed from."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        read = set(variables(lets[waiting.pop()])) & set(lets)
        waiting += read - found
        found |= read
    return found
