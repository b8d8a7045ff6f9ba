"""The answers of a program on boxes of inputs, as affine forms over the same symbols as the network's.

The program is first written as terms of the solver, loops unrolled, and the terms are then followed one by one: so
there is one account of what every operator of the language means, and what can be put to the solver can be bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
import z3
from torch import Tensor

from scrutable.verify.equivalence._arithmetic import DOUBLE, Arithmetic
from scrutable.verify.equivalence._curves import CURVES, relu
from scrutable.verify.equivalence._forms import Form, Symbols
from scrutable.verify.equivalence._operations import NoBounds
from scrutable.verify.equivalence._truths import JOINED, Truth, negated, selected, times

OUTRIGHT = 1e-9
"""How far from its corner a comparison of real numbers must be to be decided."""
HALF = 0.5
LARGEST = 2.0**62


Found = Form | Truth


@dataclass(frozen=True, slots=True)
class _Step:
    """One term: its kind, the steps that it is made of, and the number, name or sort that it has besides."""

    kind: int
    args: tuple[int, ...]
    whole: bool
    value: Any


@final
@dataclass(frozen=True, slots=True, eq=False)
class BoundedProgram:
    """A program's answers as terms in an order in which they can be worked out."""

    steps: tuple[_Step, ...]
    answers: tuple[int, ...]

    @staticmethod
    def of(inputs: Sequence[Any], answers: Sequence[Any]) -> BoundedProgram:
        """Arguments: inputs: an unknown for each input number. answers: terms over them."""
        at: dict[int, int] = {}
        steps: list[_Step] = []
        position = {term.get_id(): i for i, term in enumerate(inputs)}
        for term in _in_order(answers):
            args = tuple(at[child.get_id()] for child in term.children())
            at[term.get_id()] = len(steps)
            whole = z3.is_int(term.arg(0)) if args else z3.is_int(term)
            steps.append(_Step(term.decl().kind(), args, whole, _held(term, position)))
        return BoundedProgram(tuple(steps), tuple(at[answer.get_id()] for answer in answers))

    def outputs(self, inputs: Form, symbols: Symbols) -> tuple[Form, ...]:
        """The answers on boxes, `(b,)` each.

        Raises:
            NoBounds: an operation that cannot be bounded.
        """
        walk = _Walk(symbols, inputs)
        found: list[Found] = []
        for step in self.steps:
            found.append(walk.value(step, [found[i] for i in step.args]))
        return tuple(walk.number(found[i]) for i in self.answers)


def _in_order(answers: Sequence[Any]) -> list[Any]:
    """Every distinct term, those that it is made of first."""
    seen: set[int] = set()
    order, waiting = [], [(term, False) for term in reversed(answers)]
    while waiting:
        term, ready = waiting.pop()
        if ready:
            order.append(term)
        elif term.get_id() not in seen:
            seen.add(term.get_id())
            waiting += [(term, True), *((child, False) for child in reversed(term.children()))]
    return order


def _held(term: Any, position: Mapping[int, int]) -> Any:
    if term.get_id() in position:
        return position[term.get_id()]
    if z3.is_int_value(term):
        return float(term.as_long())
    if z3.is_rational_value(term):
        return float(term.as_fraction())
    return term.decl().name()


@final
class _Walk:
    """One walk over b boxes."""

    def __init__(self, symbols: Symbols, inputs: Form) -> None:
        self.symbols, self.inputs, self.boxes = symbols, inputs, symbols.boxes
        self.using = Arithmetic(symbols, DOUBLE / 2)

    def value(self, step: _Step, args: list[Found]) -> Found:
        """What a term is."""
        if step.kind == z3.Z3_OP_UNINTERPRETED and not args:
            return self._input(step.value)
        if step.kind == z3.Z3_OP_ANUM:
            return self._constant(step.value)
        if step.kind in (z3.Z3_OP_TRUE, z3.Z3_OP_FALSE):
            known = torch.full((self.boxes,), step.kind == z3.Z3_OP_TRUE)
            return Truth(known, ~known)
        if step.kind == z3.Z3_OP_ITE:
            return self._choice(_truth(args[0]), args[1], args[2])
        if step.kind in JOINED:
            return JOINED[step.kind]([_truth(arg) for arg in args])
        if step.kind in (z3.Z3_OP_EQ, z3.Z3_OP_DISTINCT):
            return self._equal(step, args)
        found = self._arithmetic(step, [self.number(arg) for arg in args])
        if step.whole and isinstance(found, Form) and not (found.size < LARGEST).all():
            raise NoBounds("the program may count beyond 64 bits")
        return found

    def number(self, found: Found) -> Form:
        """A truth value as 0 or 1."""
        return found if isinstance(found, Form) else self._either(found, self._constant(1.0), self._constant(0.0))

    def _input(self, i: int) -> Form:
        if not isinstance(i, int):
            raise NoBounds(f"its {i} is no input")
        return Form(self.inputs.centre[:, i], self.inputs.terms[:, :, i], self.inputs.error[:, i])

    def _constant(self, value: float) -> Form:
        return Form.exactly(torch.full((self.boxes,), value, dtype=torch.float64))

    def _arithmetic(self, step: _Step, args: list[Form]) -> Found:
        kind = step.kind
        if kind in _COMPARED:
            left, right = args if _COMPARED[kind] else reversed(args)
            return self._below(left, right, whole=step.whole, closed=kind in (z3.Z3_OP_LE, z3.Z3_OP_GE))
        if kind in (z3.Z3_OP_ADD, z3.Z3_OP_SUB, z3.Z3_OP_UMINUS):
            signs = [1.0 if kind == z3.Z3_OP_ADD or (i == 0 and len(args) > 1) else -1.0 for i in range(len(args))]
            return self._sum(args, signs)
        if kind == z3.Z3_OP_MUL:
            product = args[0]
            for other in args[1:]:
                product = self._product(product, other)
            return product
        if kind == z3.Z3_OP_TO_REAL:
            return args[0]
        if kind == z3.Z3_OP_TO_INT:
            return self._floor(args[0])
        if kind in (z3.Z3_OP_DIV, z3.Z3_OP_IDIV, z3.Z3_OP_MOD):
            return self._divided(kind, *args)
        if kind == z3.Z3_OP_UNINTERPRETED and step.value in CURVES:
            return self.using.curved(args[0], CURVES[step.value])
        raise NoBounds(f"the program's {step.value} has no bounds")

    def _sum(self, args: Sequence[Form], signs: Sequence[float]) -> Form:
        def apply(*rows: Tensor) -> Tensor:
            return sum((sign * row for sign, row in zip(signs, rows, strict=True)), torch.zeros(()))

        def majorant(*rows: Tensor) -> Tensor:
            return sum(rows, torch.zeros(()))

        return self.using.affine(apply, majorant, args, sums=len(args))

    def _product(self, x: Form, y: Form) -> Form:
        for one, other in ((x, y), (y, x)):
            if not one.terms.any() and not one.error.any():
                by = one.centre[0] if (one.centre == one.centre[0]).all() else None
                if by is not None:
                    return self.using.affine(lambda v, k=by: v * k, lambda v, k=by: v * k.abs(), [other], sums=1)
        return self.using.product(torch.mul, x, y, sums=1)

    def _floor(self, x: Form) -> Form:
        """The greatest whole number that is not above."""
        lo, hi = (torch.floor(end) for end in (x.ends[0] - x.error, x.ends[1] + x.error))
        known = lo == hi
        below = self._sum([x, self._constant(HALF)], [1.0, -1.0])
        kept = Form(
            torch.where(known, lo, below.centre), below.terms * ~known[:, None], torch.where(known, 0.0, x.error)
        )
        return self.symbols.loosened(kept, torch.where(known, 0.0, HALF), x)

    def _divided(self, kind: int, x: Form, y: Form) -> Form:
        if kind == z3.Z3_OP_DIV:
            if not y.terms.any() and (y.centre == y.centre[0]).all() and y.centre[0] != 0:
                by = y.centre[0]
                return self.using.affine(lambda v: v / by, lambda v: v / by.abs(), [x], sums=1)
            return self._product(x, self.using.curved(y, CURVES["reciprocal"]))
        by = float(y.centre[0])
        if y.terms.any() or not (y.centre == by).all() or by <= 0:
            raise NoBounds("the program divides whole numbers by what is no number above zero")
        middle = self._sum([x, self._constant(HALF)], [1.0, 1.0])
        share = self.using.affine(lambda v: v / by, lambda v: v / by, [middle], sums=1)
        quotient = self._floor(share)
        if kind == z3.Z3_OP_IDIV:
            return quotient
        return self._sum([x, self._product(quotient, self._constant(by))], [1.0, -1.0])

    def _below(self, left: Form, right: Form, *, whole: bool, closed: bool) -> Truth:
        """left < right, or <= where closed. Whole numbers a half apart are apart."""
        margin = self._sum([right, left], [1.0, -1.0])
        lo, hi = margin.ends
        room = margin.error + (0.0 if whole else OUTRIGHT * margin.size)
        shift = (HALF if closed else -HALF) if whole else 0.0
        same = (lo == 0) & (hi == 0) & (margin.error == 0)
        yes, no = lo + shift > room, hi + shift < -room
        return Truth(yes | (same if closed else False), no | (same & (not closed)), margin, turns=True)

    def _equal(self, step: _Step, args: list[Found]) -> Truth:
        if isinstance(args[0], Truth):
            left, right = map(_truth, args)
            equal = Truth((left.yes & right.yes) | (left.no & right.no), (left.yes & right.no) | (left.no & right.yes))
        elif len(args) != 2:
            raise NoBounds("the program asks whether several numbers are distinct")
        else:
            gap = self._sum([self.number(arg) for arg in args], [1.0, -1.0])
            lo, hi = gap.ends
            room = gap.error + (HALF if step.whole else 0.0)
            same = (lo > -HALF) & (hi < HALF) if step.whole else (lo == 0) & (hi == 0)
            equal = Truth(
                same & (gap.error < HALF / 2 if step.whole else gap.error == 0), (lo > room) | (hi < -room), gap
            )
        return equal if step.kind == z3.Z3_OP_EQ else negated([equal])

    def _choice(self, when: Truth, yes: Found, no: Found) -> Found:
        """One value or the other."""
        if isinstance(yes, Truth) and isinstance(no, Truth):
            sure = (when.yes & yes.yes) | (when.no & no.yes) | (yes.yes & no.yes)
            never = (when.yes & yes.no) | (when.no & no.no) | (yes.no & no.no)
            return Truth(sure, never)
        return self._either(when, self.number(yes), self.number(no))

    def _either(self, when: Truth, yes: Form, no: Form) -> Form:
        """One number or the other.

        Where that is open, what `yes` has more than `no` is compared with the margin of the condition: as far as the
        two grow together the choice has a corner there and no jump, and only the rest can jump.
        """
        more = self._sum([yes, no], [1.0, -1.0])
        corner, rest = self._corner(when, more)
        lo, hi = rest.ends
        low, high = lo.clamp(max=0) - rest.error, hi.clamp(min=0) + rest.error
        jump = Form.exactly((low + high) / 2)
        due = more if when.margin is None else when.margin
        either = self._sum([no, corner, self.symbols.loosened(jump, (high - low) / 2, due)], [1.0, 1.0, 1.0])
        return selected(when.yes, yes, selected(when.no, no, either))

    def _corner(self, when: Truth, more: Form) -> tuple[Form, Form]:
        """The part of a difference that grows with the margin of a condition from zero on, and the rest of it."""
        if when.margin is None or not when.turns:
            return Form.exactly(torch.zeros_like(more.centre)), more
        margin = when.margin
        m = max(margin.terms.shape[1], more.terms.shape[1])
        a, b = margin.padded(m), more.padded(m)
        square = (a * a).sum(1)
        slope = torch.where(square > 0, (a * b).sum(1) / square.clamp(min=1e-300), 0.0).nan_to_num(0, 0, 0)
        rest = self._sum([more, times(margin, slope)], [1.0, -1.0])
        return times(self.using.curved(margin, relu(), rounded=False), slope), rest


def _truth(found: Found) -> Truth:
    if isinstance(found, Form):
        raise NoBounds("the program takes a number for a truth value")
    return found


_COMPARED = {z3.Z3_OP_LT: True, z3.Z3_OP_LE: True, z3.Z3_OP_GT: False, z3.Z3_OP_GE: False}
"""Which comparisons ask whether the first is the smaller one."""
