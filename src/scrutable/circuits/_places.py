"""Where the variables of a program are in a network, and what it computes each of them from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

from scrutable.network import Site
from scrutable.program import Let, Program, Scan, variables

INPUT, OUTPUT = "the input", "the output"
"""They stand beside the names of variables, which hold no blanks."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The places of some variables, and which of them reads which.

    Arguments:
        sites: of each variable.
        reads: for each variable, and for `OUTPUT`, the variables that it is computed from by way of no other one here,
            and `INPUT` where the program reads its input for it besides.
    """

    sites: Mapping[str, Site]
    reads: Mapping[str, frozenset[str]]

    @staticmethod
    def of(program: Program, sites: Mapping[str, Site]) -> Places:
        """The places of variables of a program, read as it says."""
        direct = dict(_direct(program))
        reads = {name: _nearest(direct, direct.get(name, frozenset()), sites) for name in sites}
        return Places(sites, reads | {OUTPUT: _nearest(direct, frozenset(program.outputs), sites)})

    @staticmethod
    def alone(sites: Mapping[str, Site]) -> Places:
        """Places without a program: any of the variables may read any other one and the input, and the output them."""
        names = frozenset(sites)
        return Places(sites, {name: names - {name} | {INPUT} for name in names} | {OUTPUT: names})


def _direct(program: Program) -> Iterator[tuple[str, frozenset[str]]]:
    """What each variable's own expression reads."""
    for statement in program.statements:
        if isinstance(statement, Let):
            yield statement.name, variables(statement.expr)
        else:
            yield from _looped(statement)


def _looped(scan: Scan) -> Iterator[tuple[str, frozenset[str]]]:
    yield from ((name, variables(expr)) for name, expr in scan.over)
    yield from ((state.name, variables(state.next)) for state in scan.states)
    yield from ((let.name, variables(let.expr)) for let in scan.body)


def _nearest(direct: Mapping[str, frozenset[str]], names: frozenset[str], sites: Mapping[str, Site]) -> frozenset[str]:
    """The placed variables that some names are, or are computed from; what nothing computes is the input."""
    waiting, seen, found = list(names), set(names), set()
    while waiting:
        name = waiting.pop()
        if name in sites or name not in direct:
            found.add(name if name in sites else INPUT)
            continue
        waiting += direct[name] - seen
        seen |= direct[name]
    return frozenset(found)
