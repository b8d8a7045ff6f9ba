"""Several numbers that one place holds together, as one variable.

A head that takes a mean over all tokens holds all their counts at once. To exchange one of them and leave the others
makes something that no word gives; to exchange all of them does not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scrutable.program import Expr, Let, Program, Var, call, substitute, variables
from scrutable.propose._sequence_program import Written

TOGETHER = "together"
BASE = 100
"""Each number has two decimal digits."""


def joined(made: Written, names: list[str], values: Mapping[str, np.ndarray]) -> Written | None:
    """The program with one number in the place of some variables, from whose digits they are read.

    None where they are computed from each other, or are no whole numbers from 0 to 99.

    Arguments:
        values: `(n, length)` of each of them, on some words.
    """
    lets = {each.name: each.expr for each in made.program.statements if isinstance(each, Let)}
    if len(names) < 2 or any(set(names) & _above(lets, name) for name in names):
        return None
    held = [values[name] for name in names]
    if any(each.dtype.kind not in "iu" or each.min() < 0 or each.max() >= BASE for each in held):
        return None
    whole = lets[names[-1]]
    for name in names[-2::-1]:
        whole = call("add", lets[name], call("mul", BASE, whole))
    digits = dict(zip(names, _digits(Var(TOGETHER, whole.type), len(names)), strict=True))
    last = max(at for at, name in enumerate(lets) if name in names)
    kept = [(at, Let(n, substitute(e, digits))) for at, (n, e) in enumerate(lets.items()) if n not in names]
    before, after = ([let for at, let in kept if (at > last) == later] for later in (False, True))
    program = made.program
    statements = (*before, Let(TOGETHER, whole), *after)
    views = {view: TOGETHER if reader in names else reader for view, reader in made.views.items()}
    return Written(Program(program.name, program.inputs, statements, program.outputs), views)


def _digits(whole: Var, count: int) -> list[Expr]:
    shifted = [whole, *(call("floordiv", whole, BASE**place) for place in range(1, count))]
    return [*(call("mod", each, BASE) for each in shifted[:-1]), shifted[-1]]


def _above(lets: Mapping[str, Expr], name: str) -> set[str]:
    """The variables that one is computed from."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        read = set(variables(lets[waiting.pop()])) & set(lets)
        waiting += read - found
        found |= read
    return found
