"""What is claimed of a program and a network on a declared domain: unknowns, the program's answers, how near."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import z3

from scrutable.errors import UserError
from scrutable.program import Array, Bool, Int, NoEncoding, Program, Seq, Type, scalar_of, solver_terms
from scrutable.verify._agreement import agrees, answers_to
from scrutable.verify._base import Case
from scrutable.verify.equivalence._network_terms import as_real

if TYPE_CHECKING:
    from scrutable.network import Domain


@final
@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """That a program gives a network's decoded outputs everywhere in a box.

    Arguments:
        case: whose hypothesis it is.
        inputs: an unknown for each input number, in data order. answers: the program's outputs, in data order.
        whole: which inputs are whole numbers. lo, hi: the declared box.
    """

    case: Case
    inputs: tuple[Any, ...]
    answers: tuple[Any, ...]
    whole: np.ndarray
    lo: np.ndarray
    hi: np.ndarray

    @staticmethod
    def of(case: Case) -> Claim:
        """The claim of a case.

        Raises:
            NoEncoding: the program cannot be written as terms on this domain.
            UserError: its answers have another number than the network's, or real answers stand for whole ones.
        """
        domain, network = case.network.inputs, case.network
        ranges = domain.ranges * (math.prod(domain.shape) // len(domain.ranges))
        makes = [z3.Int if r.whole else z3.Real for r in ranges]
        inputs = tuple(make(f"x!{i}") for i, make in enumerate(makes))
        answers = _answers(case.hypothesis.program, inputs, domain.shape)
        wanted = math.prod(network.outputs.shape)
        if len(answers) != wanted:
            raise UserError(f"it gives {len(answers)} answers, the network {wanted}")
        if network.outputs.dtype.kind != "f" and any(map(z3.is_real, answers)):
            raise NoEncoding("its answers are real numbers where the network's are whole")
        lo, hi = (np.array([float(r[end] or 0) for r in ranges]) for end in (0, 1))
        return Claim(case, inputs, answers, np.array([r.whole for r in ranges]), lo, hi)

    @property
    def outputs(self) -> Domain:
        """What the network gives out."""
        return self.case.network.outputs

    @property
    def words(self) -> str:
        """What a proof says."""
        return f"within {self.case.within:.3g}" if self.outputs.dtype.kind == "f" else "equal"

    def rows(self, points: np.ndarray) -> np.ndarray:
        """Points of the box, `(n, d)`, as data."""
        data = points.reshape(len(points), *self.case.network.inputs.shape)
        return data.astype(np.int64) if self.whole.all() else data

    def holds(self, rows: np.ndarray) -> np.ndarray:
        """Where program and network agree when both are run, `(n,)`."""
        outputs = self.case.network.predict(rows)
        answers, valid = answers_to(self.case.hypothesis.program, rows)
        if answers is None:
            return valid
        return agrees(self.outputs, answers, outputs, within=self.case.within) & valid


def _answers(program: Program, inputs: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """A program's outputs, in data order, on data of a shape."""
    data = np.empty(len(inputs), dtype=object)
    data[:] = inputs
    data = data.reshape(shape)
    several = len(program.inputs) > 1
    if several and (not shape or shape[-1] != len(program.inputs)):
        raise NoEncoding(f"it takes {len(program.inputs)} inputs, the data have shape {shape}")
    columns = [data[..., i] for i in range(len(program.inputs))] if several else [data]
    terms = {entry.name: _taken(column, entry.type) for entry, column in zip(program.inputs, columns, strict=True)}
    values = solver_terms(program, terms)
    outputs = [_leaves(values[name]) for name in program.outputs]
    return tuple(part for parts in zip(*outputs, strict=True) for part in parts)


def _taken(column: Any, type_: Type) -> Any:
    """An array of unknowns as an input of a type."""
    array = np.asarray(column, dtype=object)
    item = type_.item if isinstance(type_, Seq) else type_
    axes = isinstance(type_, Seq) + (len(item.shape) if isinstance(item, Array) else 0)
    if array.ndim != axes:
        raise NoEncoding(f"it takes {type_} where the data have {array.ndim} axes")
    return _nested(array.tolist() if axes else array.item(), scalar_of(type_))


def _nested(value: Any, scalar: Type) -> Any:
    if isinstance(value, list):
        return tuple(_nested(part, scalar) for part in value)
    if isinstance(scalar, Bool):
        return value != 0
    if str(scalar) == "Real":
        return as_real(value)
    if not z3.is_int(value):
        raise NoEncoding(f"it takes {Int()} where the data are real numbers")
    return value


def _leaves(value: Any) -> list[Any]:
    return [leaf for part in value for leaf in _leaves(part)] if isinstance(value, tuple) else [value]
