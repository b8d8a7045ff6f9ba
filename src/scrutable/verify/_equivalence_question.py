"""The question put to the solver: is there an input on which a program and a network differ?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import z3

from scrutable.errors import UserError
from scrutable.network import Layer
from scrutable.program import Array, Bool, Int, NoEncoding, Program, Seq, Type, scalar_of, solver_terms
from scrutable.verify._base import Case
from scrutable.verify._bounds import UNIT, Bounds, bounds_of, count_unsettled
from scrutable.verify._network_terms import as_real, raw_terms, real

if TYPE_CHECKING:
    from scrutable.network import Domain

Answer = Literal["found", "none", "gave up"]
PROGRAM_ROUNDING = 2.0**-40
"""What a program's own double precision can amount to, as a share of the size of the outputs."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Everything about the question that is the same for every box.

    Arguments:
        inputs: an unknown for each input number, in data order. answers: the program's outputs, in data order.
        whole: which inputs are whole numbers. lo, hi: the declared box.
        unit: the unit roundoff of the network.
    """

    outputs: Domain
    shape: tuple[int, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[Any, ...]
    answers: tuple[Any, ...]
    whole: np.ndarray
    lo: np.ndarray
    hi: np.ndarray
    unit: float
    within: float

    @staticmethod
    def of(case: Case) -> Question:
        """The question about a case.

        Raises:
            NoEncoding: the program cannot be written as terms on this domain.
            UserError: its answers have another number than the network's.
        """
        domain, network = case.network.inputs, case.network
        count = int(np.prod(domain.shape, dtype=np.int64))
        ranges = domain.ranges * (count // len(domain.ranges))
        makes = [z3.Int if r.whole else z3.Real for r in ranges]
        inputs = tuple(make(f"x!{i}") for i, make in enumerate(makes))
        answers = _answers(case.hypothesis.program, inputs, domain.shape)
        wanted = int(np.prod(network.outputs.shape, dtype=np.int64))
        if len(answers) != wanted:
            raise UserError(f"it gives {len(answers)} answers, the network {wanted}")
        lo, hi = (np.array([float(r[end] or 0) for r in ranges]) for end in (0, 1))
        whole = np.array([r.whole for r in ranges])
        layers = network.layers
        assert layers is not None
        unit = UNIT[network.facts.dtype]
        return Question(network.outputs, domain.shape, layers, inputs, answers, whole, lo, hi, unit, case.within)

    @property
    def claim(self) -> str:
        """What a proof says."""
        return f"within {self.within:.3g}" if self.outputs.dtype.kind == "f" else "equal"

    def unsettled(self, lo: np.ndarray, hi: np.ndarray) -> int:
        """How many activations have their corner inside a box."""
        return count_unsettled(self.layers, bounds_of(self.layers, lo, hi, unit=self.unit))

    def ask(
        self, lo: np.ndarray, hi: np.ndarray, bounds: list[Bounds], *, cautious: bool, until: float
    ) -> tuple[Answer, np.ndarray | None]:
        """Whether there is an input of a box on which they differ, and one, `(1, ...)`.

        Arguments:
            cautious: whether what rounding could do counts as a difference; else it counts as none.
        """
        solver = z3.Solver()
        solver.set("timeout", max(1, int(1000 * (until - time.monotonic()))))
        for term, low, high in zip(self.inputs, lo.tolist(), hi.tolist(), strict=True):
            ends = (int(low), int(high)) if z3.is_int(term) else (real(low), real(high))
            solver.add(term >= ends[0], term <= ends[1])
        raw = raw_terms(self.layers, self.inputs, bounds, open_steps=cautious)
        last = bounds[-1]
        slack = last.error + PROGRAM_ROUNDING * (1.0 + last.size)
        solver.add(self._differ(raw, (slack if cautious else -slack).tolist()))
        try:
            verdict = solver.check()
        except z3.Z3Exception:  # out of memory, or a fault of the solver
            return "gave up", None
        if verdict == z3.unsat:
            return "none", None
        return ("found", self._row(solver.model())) if verdict == z3.sat else ("gave up", None)

    def _row(self, model: z3.ModelRef) -> np.ndarray:
        values = []
        for term, low, high in zip(self.inputs, self.lo.tolist(), self.hi.tolist(), strict=True):
            value: Any = model.eval(term, model_completion=True)
            values.append(min(max(_number(value), low), high))
        row = np.array(values).reshape(1, *self.shape)
        return row.astype(np.int64) if self.whole.all() else row

    def _differ(self, raw: list[Any], slack: list[float]) -> Any:
        """That some answer is not what the raw outputs are decoded to, or could not be under `slack`."""
        if self.outputs.classes is not None:
            k = self.outputs.classes
            parts = [(raw[i : i + k], slack[i : i + k]) for i in range(0, len(raw), k)]
            return z3.Or(*(_other_label(p, *part) for p, part in zip(self.answers, parts, strict=True)))
        ranges = self.outputs.ranges * (len(raw) // len(self.outputs.ranges))
        threshold = getattr(self.outputs, "threshold", None)
        found = []
        for answer, value, room, range_ in zip(self.answers, raw, slack, ranges, strict=True):
            if threshold is not None:
                found.append(_other_bit(answer, value - real(threshold), room))
            elif range_.whole:
                found.append(_farther(answer, value, 0.5 - room, strict=False) if _is_whole(answer) else _no_whole())
            else:
                found.append(_farther(answer, value, self.within - room, strict=True))
        return z3.Or(*found)


def _number(value: Any) -> float:
    """A value of the solver; irrational ones are approximated."""
    if z3.is_int_value(value):
        return float(value.as_long())
    return float((value if z3.is_rational_value(value) else value.approx(20)).as_fraction())


def _other_label(answer: Any, scores: list[Any], slack: list[float]) -> Any:
    """That the label is none, or some other score is higher (as high counts where there is slack)."""
    wrong = [answer < 0, answer >= len(scores)]
    for k, score in enumerate(scores):
        others = [scores[j] - score >= real(-(slack[j] + slack[k])) for j in range(len(scores)) if j != k]
        wrong.append(z3.And(answer == k, z3.Or(*others)))
    return z3.Or(*wrong)


def _other_bit(answer: Any, above: Any, slack: float) -> Any:
    answer = as_real(answer)
    return z3.Or(
        z3.And(answer != 0, answer != 1),
        z3.And(answer == 1, above <= real(slack)),
        z3.And(answer == 0, above > real(-slack)),
    )


def _is_whole(answer: Any) -> bool:
    return z3.is_int(answer) or z3.is_bool(answer)


def _no_whole() -> Any:
    raise NoEncoding("its answers are real numbers where the network's are whole")


def _farther(answer: Any, value: Any, distance: float, *, strict: bool) -> Any:
    if distance < 0:
        return z3.BoolVal(True)
    gap, far = value - as_real(answer), real(distance)
    return z3.Or(gap > far, -gap > far) if strict else z3.Or(gap >= far, -gap >= far)


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
