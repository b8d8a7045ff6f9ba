"""A person's own hypothesis, written as ordinary Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scrutable.errors import UserError
from scrutable.hypothesis._hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import Program


def hypothesis(function: Callable[..., Any] | Program, *, align: Mapping[str, Any] | None = None) -> Hypothesis:
    """A hypothesis from a Python function (or a program) and a guess at where its variables live.

    Arguments:
        function: read as text and translated (see `scrutable.program.trace`), never called.
        align: variable name -> site, as `network.site("hidden[:, 0:2]")` or its printed form.

    Raises:
        UserError: the function uses Python that the language does not have (each line is named), or `align` names a
            variable the program does not have.
    """
    from scrutable.program import trace

    program = function if isinstance(function, Program) else trace(function)
    sites = {name: str(site) for name, site in (align or {}).items()}
    unknown = sorted(set(sites) - set(program.variables))
    if unknown:
        known = ", ".join(program.variables) or "none"
        raise UserError(f"got an alignment for {', '.join(unknown)}, expected variables of the program: {known}")
    return Hypothesis(program, Alignment(sites), Provenance("person"))
