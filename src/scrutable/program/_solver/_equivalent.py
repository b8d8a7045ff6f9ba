"""Whether two programs are equal on all inputs, asked of the solver."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import z3

from scrutable.errors import ScrutableError, UserError
from scrutable.program._program import Program
from scrutable.program._ranges import Range
from scrutable.program._solver._encode import NoEncoding, solver_terms
from scrutable.program._solver._question import limits, row_of, small, unknowns
from scrutable.program._solver._sequences import leaves
from scrutable.program._solver._terms import literal, promoted
from scrutable.program._types import Seq

ASSUMPTIONS = "integers within 64 bits, reals without rounding"


@final
@dataclass(frozen=True, slots=True)
class Proof:
    """Two programs are equal on every input of the ranges, under `assumptions`."""

    seconds: float
    assumptions: str = ASSUMPTIONS


@final
@dataclass(frozen=True, slots=True, eq=False)
class CounterInput:
    """A row of data `(1, ...)` on which two programs differ, checked by running both; and what each says of it."""

    row: np.ndarray
    first: np.ndarray
    second: np.ndarray


@final
@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither a proof nor a counter-example was found, and why."""

    reason: str


def equivalent(
    first: Program,
    second: Program,
    *,
    ranges: Mapping[str, Range] | None = None,
    length: int | None = None,
    within: float = 0.0,
    seconds: float = 10.0,
) -> Proof | CounterInput | Unknown:
    """Prove that two programs have the same outputs on all inputs, or find an input on which they differ.

    Arguments:
        first, second: with inputs of the same types in the same order; names may differ.
        ranges: least and greatest value by the names of `first`'s inputs; others take any value of their type.
        length: of the sequences, for programs on sequences.
        within: how far apart real outputs may be and count as equal.
        seconds: for the solver, about.

    Returns:
        A proof rests on its `assumptions`. A counter-example has been run on both programs. What is left is unknown.

    Raises:
        UserError: the programs take different inputs, or give different numbers of outputs; sequences without `length`.
    """
    _check(first, second, length)
    started = time.monotonic()
    terms = unknowns(first.inputs, length)
    own = {entry.name: terms[name] for entry, name in zip(second.inputs, terms, strict=True)}
    try:
        differ = _difference(_outputs(first, terms), _outputs(second, own), within)
    except NoEncoding as error:
        return Unknown(str(error))
    solver = z3.Solver()
    solver.add(*limits(first.inputs, terms, ranges or {}), differ)
    if _asked(solver, started + seconds) == z3.unsat:
        return Proof(time.monotonic() - started)
    if solver.reason_unknown() not in ("", "unknown"):
        return Unknown(f"the solver gave up: {solver.reason_unknown()}")

    def confirmed() -> CounterInput | None:
        return _confirmed(first, second, lambda: row_of(solver.model(), first.inputs, terms), within)

    found = confirmed()
    if found is None:
        solver.add(*small(first.inputs, terms))
        found = confirmed() if _asked(solver, started + seconds) == z3.sat else None
    return found or Unknown("the solver's counter-example is none when both programs are run: rounding, or overflow")


def _asked(solver: z3.Solver, until: float) -> z3.CheckSatResult:
    solver.set("timeout", max(1, int(1000 * (until - time.monotonic()))))
    return solver.check()


def _check(first: Program, second: Program, length: int | None) -> None:
    reasons = []
    types = [[str(entry.type) for entry in program.inputs] for program in (first, second)]
    if types[0] != types[1]:
        reasons.append(f"got programs on {', '.join(types[0])} and on {', '.join(types[1])}, expected the same inputs")
    if len(first.outputs) != len(second.outputs):
        reasons.append(f"got {len(first.outputs)} and {len(second.outputs)} outputs, expected as many")
    if length is None and any(isinstance(entry.type, Seq) for entry in first.inputs):
        reasons.append("got programs on sequences without a length, expected one; try length=8")
    if reasons:
        raise UserError.of(reasons)


def _outputs(program: Program, inputs: Mapping[str, Any]) -> list[Any]:
    values = solver_terms(program, inputs)
    return [leaf for name in program.outputs for leaf in leaves(values[name])]


def _difference(first: Sequence[Any], second: Sequence[Any], within: float) -> Any:
    """That some output differs."""
    if len(first) != len(second):
        raise NoEncoding(f"the programs give {len(first)} and {len(second)} numbers")
    apart = []
    for left, right in zip(first, second, strict=True):
        left, right = promoted([left, right])
        if within and not z3.is_bool(left):
            left, right = promoted([left, right], "f")
            apart += [left - right > literal(float(within)), right - left > literal(float(within))]
        else:
            apart.append(left != right)
    return z3.Or(*apart)


def _confirmed(first: Program, second: Program, row: Callable[[], np.ndarray], within: float) -> CounterInput | None:
    try:
        data = row()
        answers = [np.asarray(program(data)) for program in (first, second)]
    except (ScrutableError, OverflowError):
        return None
    left, right = (answer.astype(np.float64) if within else answer for answer in answers)
    with np.errstate(invalid="ignore"):
        equal = np.equal(left, right) | (np.abs(left - right) <= within if within else False)
    if left.dtype.kind == right.dtype.kind == "f":
        equal |= np.isnan(left) & np.isnan(right)
    return None if bool(np.all(equal)) else CounterInput(data, *answers)
