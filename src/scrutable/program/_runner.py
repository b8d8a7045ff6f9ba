"""One run of a program over arrays.

Statements are evaluated in order, each distinct subexpression once. Inside a scan an expression is evaluated as far
outside the loop as it can be: what reads nothing of the loop once, what reads only the current elements for all steps
together, and only what depends on a state step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, final

import numpy as np

from scrutable.errors import ProgramError, UserError
from scrutable.program._arrange import arrange, arrange_setting
from scrutable.program._backend import Backend
from scrutable.program._check import distinct_nodes, variable_types
from scrutable.program._expr import Call, Const, Expr, Var
from scrutable.program._lifting import aligned, alignment, same_length
from scrutable.program._operators import kind_of, operator
from scrutable.program._operators._base import as_kind
from scrutable.program._program import Let, Program, Scan, Setting, State
from scrutable.program._types import Array, Selector, Seq, Type, join


class _Level(IntEnum):
    """How often a slot has to be worked out."""

    ONCE = 0
    TOGETHER = 1  # inside a scan, held as a sequence: all steps at once
    EACH_STEP = 2


@final
@dataclass
class _Slot:
    """A value that has been or will be worked out."""

    type: Type
    level: _Level = _Level.ONCE
    value: Any = None

    @property
    def held_type(self) -> Type:
        """The type of what `value` holds."""
        return Seq(self.type) if self.level is _Level.TOGETHER else self.type


@dataclass(frozen=True, slots=True)
class _Instruction:
    """One operation of a step: `env[out] = function(*(env[i] for i in args))`."""

    function: Callable[..., Any]
    args: tuple[int, ...]
    out: int


@final
@dataclass
class Runner:
    """The state of one run. Slots are numbered; names and expressions map to numbers."""

    xp: Backend
    n: int
    settings: dict[str, Setting]
    slots: list[_Slot] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    known: dict[Any, int] = field(default_factory=dict)
    loop: list[_Instruction] = field(default_factory=list)

    @staticmethod
    def of(program: Program, x: Any, set: Mapping[str, Any]) -> Runner:  # noqa: A002
        """A finished run."""
        settable = [*(entry.name for entry in program.inputs), *variable_types(program)]
        unknown = [str(name) for name in set if name not in settable]
        if unknown:
            raise UserError(f"got settings for {', '.join(unknown)}; expected variables among {', '.join(settable)}")
        settings = {name: s if isinstance(s, Setting) else Setting(s) for name, s in set.items()}
        xp, n, arrays = arrange(x, program.inputs)
        runner = Runner(xp, n, settings)
        with np.errstate(all="ignore"):
            for entry in program.inputs:
                runner.define(entry.name, runner.new(_Slot(entry.type, value=arrays[entry.name])))
            for statement in program.statements:
                if isinstance(statement, Let):
                    runner.define(statement.name, runner.evaluate(statement.expr))
                else:
                    runner.scan(statement)
        return runner

    def value(self, name: str) -> Any:
        """The finished value of a variable, of full shape and its own memory."""
        value = self.slots[self.names[name]].value
        return self.xp.copy(value, (self.n, *value.shape[1:]))

    def new(self, slot: _Slot) -> int:
        self.slots.append(slot)
        return len(self.slots) - 1

    def define(self, name: str, number: int, length: int | None = None) -> int:
        """Give a slot a name; an intervention on the name makes a slot of its own."""
        if name in self.settings:
            number = self.overridden(name, number, length)
        self.names[name] = number
        return number

    def overridden(self, name: str, number: int, length: int | None) -> int:
        """A slot that is `number` except where the setting of `name` says otherwise.

        `length` is the number of steps when `name` belongs to the scan being evaluated.
        """
        slot = self.slots[number]
        level = _Level.ONCE if length is None else _Level.TOGETHER
        held = slot.type if length is None else Seq(slot.type)
        value, mask = arrange_setting(self.xp, self.settings[name], name, held, self.full_shape(slot, length))
        new = self.new(_Slot(slot.type, level, value))
        if mask is None:
            return new
        return self.apply(
            lambda mask, new, old: self.xp.where(mask, new, old),
            (self.new(_Slot(slot.type, level, mask)), new, number),
            slot.type,
            views=self.choice_views(slot, level),
        )

    def full_shape(self, slot: _Slot, length: int | None) -> tuple[int, ...]:
        if length is None:
            return (self.n, *slot.value.shape[1:])
        return (self.n, length, *(slot.type.shape if isinstance(slot.type, Array) else ()))

    def choice_views(self, slot: _Slot, level: _Level) -> list[Any]:
        lift = level is _Level.TOGETHER and slot.level is _Level.ONCE
        return [None, None, (slice(None), None) if lift else None]

    def evaluate(self, expr: Expr) -> int:
        """The slot of an expression."""
        number = -1
        numbers: dict[int, int] = {}
        for node in distinct_nodes(expr):
            if isinstance(node, Var):
                number = self.names[node.name]
            elif isinstance(node, Const):
                number = self.constant(node)
            else:
                number = self.call(node, tuple(numbers[id(arg)] for arg in node.args))
            numbers[id(node)] = number
        return number

    def constant(self, node: Const) -> int:
        key = (node.value, node.type)
        if key not in self.known:
            value = self.xp.array([node.value], kind_of(node.type))
            self.known[key] = self.new(_Slot(node.type, value=value))
        return self.known[key]

    def call(self, node: Call, args: tuple[int, ...]) -> int:
        key = (node.op, args, node.params, node.type)
        if key not in self.known:
            self.known[key] = self.new_call(node, args)
        return self.known[key]

    def new_call(self, node: Call, args: tuple[int, ...]) -> int:
        op, xp = operator(node.op), self.xp
        kernel = op.kernel
        params = op.prepare(xp, node.params) if op.prepare else node.params
        slots = [self.slots[i] for i in args]
        together = max((slot.level for slot in slots), default=_Level.ONCE) is _Level.TOGETHER
        if together and (op.lift == "none" or any(isinstance(slot.type, (Seq, Selector)) for slot in slots)):
            together = False  # a sequence for each step cannot be held as one sequence
        held = [slot.held_type if together else slot.type for slot in slots]
        views = alignment(op.lift, held)
        squeeze = op.lift == "sequence" and not any(isinstance(type_, Seq) for type_ in held)

        def function(*values: Any) -> Any:
            result = kernel(xp, values, params)
            return result[:, 0] if squeeze else result

        if op.lift != "none" and sum(isinstance(type_, Seq) for type_ in held) > 1:
            function = same_length(node.op, [isinstance(type_, Seq) for type_ in held], function)
        return self.apply(function, args, node.type, views=views, together=together)

    def apply(
        self,
        function: Callable[..., Any],
        args: tuple[int, ...],
        type_: Type,
        *,
        views: Sequence[Any] = (),
        together: bool = True,
    ) -> int:
        """Apply a function to slots: now, or in each step when an argument is only known there."""
        level = max((self.slots[i].level for i in args), default=_Level.ONCE)
        if any(view is not None for view in views):
            function = aligned(function, views)
        if level is _Level.EACH_STEP or (level is _Level.TOGETHER and not together):
            out = self.new(_Slot(type_, _Level.EACH_STEP))
            self.loop.append(_Instruction(function, args, out))
            return out
        return self.new(_Slot(type_, level, function(*(self.slots[i].value for i in args))))

    def scan(self, scan: Scan) -> None:
        """Run a loop and define its variables as sequences."""
        outside, self.loop = dict(self.names), []
        sequences = [self.slots[self.evaluate(expr)] for _, expr in scan.over]
        lengths = {slot.value.shape[1] for slot in sequences}
        if len(lengths) > 1:
            raise ProgramError(f"got a scan over sequences of lengths {sorted(lengths)}; expected equal lengths")
        length = lengths.pop()
        for (name, expr), slot in zip(scan.over, sequences, strict=True):
            assert isinstance(expr.type, Seq)
            self.names[name] = self.new(_Slot(expr.type.item, _Level.TOGETHER, slot.value))
        for state in scan.states:
            type_ = join(state.init.type, state.next.type)
            self.names[state.name] = self.new(_Slot(type_, _Level.EACH_STEP))
        before = {state.name: self.names[state.name] for state in scan.states}
        traced = {let.name: self.define(let.name, self.evaluate(let.expr), length) for let in scan.body}
        after = {state.name: self.after(state, before[state.name], length) for state in scan.states}
        starts = {before[state.name]: self.start(state) for state in scan.states}
        self.steps(length, starts, {before[name]: after[name] for name in before}, traced | after)
        self.names = outside | {name: self.names[name] for name in (*traced, *after)}

    def after(self, state: State, before: int, length: int) -> int:
        """The slot of a state after the step, as the state's own kind."""
        number, type_ = self.evaluate(state.next), self.slots[before].type
        kind = kind_of(type_)
        if kind_of(state.next.type) != kind:
            number = self.apply(lambda value: as_kind(self.xp, value, kind), (number,), type_)
        return self.overridden(state.name, number, length) if state.name in self.settings else number

    def start(self, state: State) -> Any:
        type_ = join(state.init.type, state.next.type)
        value = self.xp.array([state.init.value], kind_of(type_))
        shape = type_.shape if isinstance(type_, Array) else ()
        return self.xp.broadcast(self.xp.broadcast(value, (1, *shape)), (self.n, *shape))

    def steps(self, length: int, starts: dict[int, Any], moves: dict[int, int], traced: dict[str, int]) -> None:
        """Run the recorded instructions step by step, and turn what is traced into sequences."""
        xp, loop, env = self.xp, self.loop, [slot.value for slot in self.slots]
        read = {i for instruction in loop for i in instruction.args} | set(moves.values())
        stepped = [(i, xp.steps(env[i])) for i in read if self.slots[i].level is _Level.TOGETHER]
        kept: dict[int, list[Any]] = {i: [] for i in traced.values() if self.slots[i].level is _Level.EACH_STEP}
        for number, value in starts.items():
            env[number] = value
        for t in range(length):
            for number, values in stepped:
                env[number] = values[t]
            for instruction in loop:
                env[instruction.out] = instruction.function(*[env[i] for i in instruction.args])
            for number, values in kept.items():
                values.append(env[number])
            for number, value in [(number, env[source]) for number, source in moves.items()]:
                env[number] = value
        sequences = {number: self.sequence(number, length, kept.get(number)) for number in set(traced.values())}
        for name, number in traced.items():
            self.names[name] = sequences[number]

    def sequence(self, number: int, length: int, kept: list[Any] | None) -> int:
        """The slot of a scan variable as a sequence seen from outside."""
        slot = self.slots[number]
        shape = slot.type.shape if isinstance(slot.type, Array) else ()
        if slot.level is _Level.TOGETHER:
            value = slot.value
        elif slot.level is _Level.ONCE:
            value = self.xp.broadcast(slot.value[:, None], (slot.value.shape[0], length, *shape))
        elif kept:
            full = (self.n, *shape)
            parts = [part if tuple(part.shape) == full else self.xp.broadcast(part, full) for part in kept]
            value = self.xp.stack(parts, 1)
        else:
            value = self.xp.full((self.n, 0, *shape), 0, kind_of(slot.type))
        return self.new(_Slot(Seq(slot.type), value=value))
