"""From registers and expressions for the answers to a program: one loop with the registers as states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scrutable.program import INT, Const, Expr, Input, Let, Program, Scan, Seq, State, Var, call, substitute, variables
from scrutable.propose._registers_heard import Heard
from scrutable.propose._registers_keys import Key, closure
from scrutable.propose._registers_pool import Register


@dataclass(frozen=True, eq=False)
class Frame:
    """What every program of one search looks like from outside.

    Arguments:
        inputs: of the program, all sequences of integers.
        outputs: names of the answers.
        each_step: whether there is one answer for each step, or one for each sequence.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    each_step: bool

    @property
    def over(self) -> tuple[tuple[str, Expr], ...]:
        """The elements of the loop."""
        return tuple((f"{each.name}_t", Var(each.name, each.type)) for each in self.inputs)


def needed(registers: Sequence[Register]) -> tuple[Register, ...]:
    """Registers and all that they read, each after what it reads."""
    return tuple({each.name: each for one in registers for each in closure(one)}.values())


def program_of(frame: Frame, key: Key, exprs: Mapping[str, Expr]) -> Program:
    """The program that answers `exprs`, which read the registers of `key` by the names of `column_names`.

    A register of which nothing reads the value before the step is no state.
    """
    every = needed(key.registers)
    states, lets = [], []
    outs: dict[str, str] = {}
    for each in every:
        assert each.next is not None or each.fed
        if each.next is not None and not _reads(each.name, every, list(exprs.values())):
            lets.append(Let(after(each), each.next))
        elif each.next is not None:
            bare = [name for name, expr in exprs.items() if expr == Var(after(each), INT)]
            outs |= dict.fromkeys(bare, each.name)
            late = _reads(after(each), every, [expr for name, expr in exprs.items() if name not in bare])
            lets += [Let(after(each), each.next)] if late else []
            states.append(State(each.name, Const(each.init, INT), Var(after(each), INT) if late else each.next))
    for each in every:
        if each.fed:
            source = outs.get(each.name)
            moved = _state_value(source, states) if source else exprs[each.name]
            states.append(State(each.name, Const(each.init, INT), moved))
            outs[each.name] = each.name
    lets += [Let(name, expr) for name, expr in exprs.items() if name not in outs]
    scan = Scan(frame.over, tuple(states), tuple(lets))
    answers = tuple(outs.get(name, name) for name in frame.outputs)
    program = Program("program", frame.inputs, (scan,), answers)
    return _renamed(program if frame.each_step else _last_only(program), every)


def after(register: Register) -> str:
    """The name of a register's value after the step."""
    return f"{register.name}_after"


def _reads(name: str, every: Sequence[Register], exprs: Sequence[Expr]) -> bool:
    """Whether an expression or a register's update reads a name."""
    return any(name in variables(e) for e in [*exprs, *(r.next for r in every if r.next is not None)])


def _state_value(name: str, states: Sequence[State]) -> Expr:
    return next(state.next for state in states if state.name == name)


def column_names(key: Key) -> list[str]:
    """By what name expressions read each register of a key."""
    return [after(r) if late else r.name for r, late in zip(key.registers, key.late, strict=True)]


def leaves_of(frame: Frame, key: Key, heard: Heard) -> dict[str, np.ndarray]:
    """The columns that the answers may read, `(steps,)` each, on sequences of any length."""
    every = needed(key.registers)
    fed = [each for each in every if each.fed]
    others = [each for each in every if not each.fed]
    values = _simulated(frame, others, fed, heard)
    columns = {}
    for register, late, name in zip(key.registers, key.late, column_names(key), strict=True):
        whole = values[register.name]
        columns[name] = (whole[1:] if late else whole[:-1]).ravel()
    if key.inputs:
        columns |= {f"{each.name}_t": heard.x[..., i].ravel() for i, each in enumerate(frame.inputs)}
    return columns


def _simulated(
    frame: Frame, registers: Sequence[Register], fed: Sequence[Register], heard: Heard
) -> dict[str, np.ndarray]:
    """Registers before the first step and after each, `(length + 1, n)`; those fed take the network's own answers."""
    values: dict[str, np.ndarray] = {}
    for each in fed:
        channel = frame.outputs.index(each.name)
        start = np.full((1, heard.count), each.init)
        values[each.name] = np.concatenate([start, heard.y[..., channel]])
    if not registers:
        return values
    extra = tuple(Input(f"{each.name}_given", Seq(INT)) for each in fed)
    over = (*frame.over, *((each.name, Var(i.name, i.type)) for each, i in zip(fed, extra, strict=True)))
    lets = tuple(Let(after(each), each.next) for each in registers if each.next is not None)
    states = tuple(State(each.name, Const(each.init, INT), Var(after(each), INT)) for each in registers)
    program = Program("run", (*frame.inputs, *extra), (Scan(over, states, lets),), tuple(s.name for s in states))
    channels = [*np.moveaxis(heard.x, 2, 0), *(values[each.name][:-1] for each in fed)]
    ran = program.run(np.stack(channels, axis=-1).swapaxes(0, 1) if len(channels) > 1 else channels[0].T)
    for each in registers:
        start = np.full((1, heard.count), each.init)
        values[each.name] = np.concatenate([start, np.asarray(ran[each.name]).T])
    return values


def _last_only(program: Program) -> Program:
    """The same program, answering with its last answer; 0 for no steps at all."""
    types = program.variables
    lets = [Let(f"last_{name}", call("last", Var(name, types[name]), params=(0,))) for name in program.outputs]
    return Program(program.name, program.inputs, (*program.statements, *lets), tuple(let.name for let in lets))


def _renamed(program: Program, every: Sequence[Register]) -> Program:
    """Registers by their kind alone, numbered where two are of one kind."""
    kinds: dict[str, int] = {}
    values: dict[str, str] = {}
    for each in every:
        if not each.fed:
            kind = each.name.rstrip("0123456789")
            kinds[kind] = kinds.get(kind, 0) + 1
            values[each.name] = kind if kinds[kind] == 1 else f"{kind}_{kinds[kind]}"
            values[after(each)] = f"{values[each.name]}_after"
    scan = program.statements[0]
    assert isinstance(scan, Scan)
    body = tuple(Let(values.get(let.name, let.name), _said(let.expr, values)) for let in scan.body)
    states = tuple(State(values.get(s.name, s.name), s.init, _said(s.next, values)) for s in scan.states)
    rest = tuple(
        Let(values.get(each.name, each.name), _moved(each.expr, values))
        for each in program.statements[1:]
        if isinstance(each, Let)
    )
    outputs = tuple(values.get(name, name) for name in program.outputs)
    return Program(program.name, program.inputs, (Scan(scan.over, states, body), *rest), outputs)


def _said(expr: Expr, values: Mapping[str, str]) -> Expr:
    return substitute(expr, {old: Var(new, INT) for old, new in values.items()})


def _moved(expr: Expr, values: Mapping[str, str]) -> Expr:
    return substitute(expr, {old: Var(new, Seq(INT)) for old, new in values.items()})
