"""Boolean networks: a few bits in, bits or labels out, and the shortest formulas that say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import final

from scrutable.hypothesis import Alignment, Hypothesis, Provenance
from scrutable.program import BOOL, INT, Let, Program, Type, Var, substitute
from scrutable.propose._base import Problem, Proposer
from scrutable.propose._boolean_outputs import (
    Way,
    bit_inputs,
    output_columns,
    unsuitable_for_formulas,
    ways_to,
    whole_domain,
)
from scrutable.synthesis.boolean import as_truth, literals
from scrutable.synthesis.enumeration import share_parts

MOST_CHOICES = 16
LONGEST = 3.0
"""Programs so many times as long as the shortest are not worth testing."""
SOURCES = (
    "Ashenhurst, The decomposition of switching functions (1957)",
    "Brayton, McMullen, The decomposition and factorization of Boolean expressions (1982)",
    "Mishchenko, Steinbach, Perkowski, An algorithm for bi-decomposition of logic functions (2001)",
)


@final
@dataclass(frozen=True, slots=True)
class BooleanProposer(Proposer):
    """Asks the network about every combination of its input bits and looks for the shortest formulas.

    What it proposes equals the network on the whole domain. A label or number with few values is a chain of
    conditions, each needing to be right only where the earlier ones do not hold, or is put together from its binary
    digits. The bits are truth values, or numbers where counting them makes the program shorter.

    References: see `SOURCES`.
    """

    name: str = "boolean"
    weight: float = 4.0

    def unsuitable(self, problem: Problem) -> str | None:
        """See `Proposer.unsuitable`."""
        return unsuitable_for_formulas(problem)

    def propose(self, problem: Problem) -> Iterator[Hypothesis]:
        """See `Proposer.propose`."""
        x, y = whole_domain(problem)
        bits = list(x.reshape(len(x), -1).T)
        ways = {name: list(ways_to(bits, column, problem.clock)) for name, column in output_columns(y).items()}
        programs: dict[Program, None] = {}
        for choice in islice(product(*ways.values()), MOST_CHOICES):
            options = [_program(problem, type_, dict(zip(ways, choice, strict=True))) for type_ in (BOOL, INT)]
            programs[min(options, key=lambda each: each.bits)] = None
        ordered = sorted(programs, key=lambda each: each.bits)
        yield from (_hypothesis(each, problem) for each in ordered if each.bits <= LONGEST * ordered[0].bits)


def _program(problem: Problem, type_: Type, choice: Mapping[str, Way]) -> Program:
    """A program of the ways chosen, parts that occur several times named; the bits are not such parts."""
    inputs, places = bit_inputs(problem.network.inputs, type_)
    numbers = [Var(f"bit{i}", type_) for i in range(len(places))]
    leaves = [as_truth(each) for each in numbers]
    exprs = {name: way.expr(leaves, numbers) for name, way in choice.items()}
    parts = share_parts(exprs, scope=len(inputs))
    back = {each.name: place for each, place in zip(numbers, places, strict=True)}
    taken = {each.name for each in inputs} | {let.name for let in parts.shared}
    names = {name: name if name not in taken else f"{name}_" for name in exprs}
    lets = [*parts.shared, *(Let(names[name], expr) for name, expr in parts.exprs.items())]
    lets = [Let(let.name, substitute(let.expr, back)) for let in lets]
    return Program("program", inputs, tuple(lets), tuple(names.values()))


def _hypothesis(program: Program, problem: Problem) -> Hypothesis:
    read = sum(literals(statement.expr) for statement in program.statements if isinstance(statement, Let))
    provenance = Provenance("boolean", {"literals": read}, problem.seed, SOURCES)
    return Hypothesis(program, Alignment(), provenance)
