"""From a machine with named states to a program: one loop, one variable for each register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scrutable.program import INT, Const, Expr, Input, Let, Program, Scan, Seq, State, Var, call, substitute, walk
from scrutable.propose._machine import Machine
from scrutable.propose._phrases import Columns, determined, phrases, together
from scrutable.synthesis.enumeration import Together
from scrutable.work import Clock


@dataclass(frozen=True, eq=False)
class Task:
    """What a program for a machine has to look like.

    Arguments:
        inputs: of the program, all sequences of integers.
        letters: the inputs of one step for each symbol, `(symbols, channels)`.
        answers: the outputs for each answer code, `(codes, outputs)`.
        each_step: whether there is one answer for each step, or one for each sequence.
        labels: whether answers are labels: 0 and 1 may then be said by a condition. Numbers are said by numbers.
        empty: the answer to the empty sequence, `(outputs,)`; used where the initial state does not say it.
    """

    inputs: tuple[Input, ...]
    letters: np.ndarray
    answers: np.ndarray
    each_step: bool
    labels: bool
    empty: np.ndarray


@dataclass(frozen=True, eq=False)
class Form:
    """A machine and numbers for its states.

    Arguments:
        kind: how the numbers were chosen, in a word.
        machine: on the symbols of the task.
        registers: one or more numbers for each state, `(states,)` each, which together tell the states apart.
    """

    kind: str
    machine: Machine
    registers: tuple[np.ndarray, ...]

    @property
    def names(self) -> list[str]:
        """A variable for each register."""
        if len(self.registers) == 1:
            return ["state"]
        return [f"state_{i + 1}" for i in range(len(self.registers))]


def written(form: Form, task: Task, *, clock: Clock) -> Program:
    """The shorter of two programs: answers from the state before the step and its input, or from the state after it."""
    before, inputs, after, following, outputs = columns_of(form, task)
    leaves = {**before, **inputs}
    late = bool(after) and determined(after, outputs)
    truths = tuple(outputs) if task.labels else ()
    found = phrases(leaves, {**following, **outputs}, truths=truths, clock=clock.part(0.7))
    programs = [_from_before(form, task, together(found, *found, scope=len(leaves)))]
    if late:
        moves = together(found, *following, scope=len(leaves))
        read = phrases(after, outputs, truths=truths, clock=clock)
        programs.append(_from_after(form, task, moves, together(read, *read, scope=len(after))))
    return min(programs, key=lambda program: program.bits)


def columns_of(form: Form, task: Task) -> tuple[Columns, Columns, Columns, Columns, Columns]:
    """For every state and symbol: registers, inputs, registers after the step (twice, by two names), answers."""
    states, symbols = form.machine.next.shape
    names = form.names
    before = {name: np.repeat(labels, symbols) for name, labels in zip(names, form.registers, strict=True)}
    inputs = {f"{each.name}_t": np.tile(task.letters[:, i], states) for i, each in enumerate(task.inputs)}
    moved = [labels[form.machine.next].ravel() for labels in form.registers]
    after = {f"{name}_after": column for name, column in zip(names, moved, strict=True)}
    following = {f"next {name}": column for name, column in zip(names, moved, strict=True)}
    answers = task.answers[form.machine.output.ravel()]
    outputs = {name: answers[:, k] for k, name in enumerate(output_names(task))}
    return before, inputs, after, following, outputs


def output_names(task: Task) -> list[str]:
    count = task.answers.shape[1]
    return ["output"] if count == 1 else [f"output_{k + 1}" for k in range(count)]


def _from_before(form: Form, task: Task, together: Together) -> Program:
    """Answers and next states, both from what was there when the step began."""
    if not form.registers and task.each_step:
        return _memoryless(task, together)
    moves = {name: together.exprs[f"next {name}"] for name in form.names}
    same = {out: name for out in output_names(task) for name in form.names if moves[name] == together.exprs[out]}
    said = {out: together.exprs[out] for out in output_names(task) if out not in same}
    shared, placed = _inlined(together.shared, {**moves, **said})
    lets = [*shared, *(Let(out, placed[out]) for out in said)]
    scan = _scan(form, task, {name: placed[name] for name in moves}, lets)
    outs = [same.get(out, out) for out in output_names(task)]
    if task.each_step:
        return Program("program", task.inputs, (scan,), tuple(outs))
    defaults = {out: int(task.empty[k]) for k, out in enumerate(output_names(task))}
    return _with_last(task, scan, outs, defaults)


def _inlined(shared: tuple[Let, ...], exprs: Mapping[str, Expr]) -> tuple[list[Let], dict[str, Expr]]:
    """Shared parts that are read once after all, put where they are read."""
    kept, placed = list(shared), dict(exprs)
    for let in reversed(shared):
        readers = [*placed.values(), *(other.expr for other in kept if other is not let)]
        count = sum(node == Var(let.name, let.expr.type) for expr in readers for node in walk(expr))
        if count == 1:
            value: dict[str, Expr] = {let.name: let.expr}
            kept = [Let(o.name, substitute(o.expr, value)) for o in kept if o.name != let.name]
            placed = {name: substitute(expr, value) for name, expr in placed.items()}
    return kept, placed


def _from_after(form: Form, task: Task, moves: Together, reading: Together) -> Program:
    """Answers from the state after the step; a state that is itself the answer is returned as it is."""
    names = form.names
    if not task.each_step:
        return _read_at_end(form, task, moves, reading)
    bare = {Var(f"{name}_after", INT): name for name in names}
    outs = [bare.get(reading.exprs[name], name) for name in output_names(task)]  # type: ignore[arg-type]
    moving = {name: moves.exprs[f"next {name}"] for name in names}
    lets = list(moves.shared)
    if all(out in names for out in outs):
        return Program("program", task.inputs, (_scan(form, task, moving, lets),), tuple(outs))
    lets += [Let(f"{name}_after", expr) for name, expr in moving.items()]
    exact = {f"{name}_after": Var(f"{name}_after", expr.type) for name, expr in moving.items()}
    lets += [Let(_apart(let.name), substitute(let.expr, exact | _apart_all(reading))) for let in reading.shared]
    for name, out in zip(output_names(task), outs, strict=True):
        if out == name:
            lets.append(Let(name, substitute(reading.exprs[name], exact | _apart_all(reading))))
    scan = _scan(form, task, {name: exact[f"{name}_after"] for name in names}, lets)
    return Program("program", task.inputs, (scan,), tuple(outs))


def _apart(name: str) -> str:
    return f"{name}_read"


def _apart_all(reading: Together) -> dict[str, Expr]:
    """Shared parts of the answers under names that the shared parts of the moves do not have."""
    return {let.name: Var(_apart(let.name), let.expr.type) for let in reading.shared}


def _read_at_end(form: Form, task: Task, moves: Together, reading: Together) -> Program:
    """Run to the end, then answer from the last state."""
    scan = _scan(form, task, {name: moves.exprs[f"next {name}"] for name in form.names}, list(moves.shared))
    lets, values = [], {}
    for name, labels in zip(form.names, form.registers, strict=True):
        expr = call("last", Var(name, Seq(INT)), params=(int(labels[0]),))
        lets.append(Let(f"final_{name}", expr))
        values[f"{name}_after"] = Var(f"final_{name}", expr.type)
    lets += [Let(_apart(let.name), substitute(let.expr, values | _apart_all(reading))) for let in reading.shared]
    names = output_names(task)
    lets += [Let(name, substitute(reading.exprs[name], values | _apart_all(reading))) for name in names]
    return Program("program", task.inputs, (scan, *lets), tuple(names))


def _with_last(task: Task, scan: Scan, outs: list[str], defaults: Mapping[str, int]) -> Program:
    """The answers of the last step."""
    types = {let.name: Seq(let.expr.type) for let in scan.body} | {state.name: Seq(INT) for state in scan.states}
    lets = [
        Let(f"last_{name}", call("last", Var(out, types[out]), params=(defaults[name],)))
        for name, out in zip(defaults, outs, strict=True)
    ]
    return Program("program", task.inputs, (scan, *lets), tuple(let.name for let in lets))


def _scan(form: Form, task: Task, moves: Mapping[str, Expr], lets: list[Let]) -> Scan:
    over = tuple((f"{each.name}_t", Var(each.name, each.type)) for each in task.inputs)
    states = tuple(
        State(name, Const(int(labels[0]), INT), moves[name])
        for name, labels in zip(form.names, form.registers, strict=True)
    )
    return Scan(over, states, tuple(lets))


def _memoryless(task: Task, together: Together) -> Program:
    """No state at all: expressions on whole sequences."""
    values: dict[str, Expr] = {f"{each.name}_t": Var(each.name, each.type) for each in task.inputs}
    lets = []
    for let in (*together.shared, *(Let(name, together.exprs[name]) for name in output_names(task))):
        expr = substitute(let.expr, values)
        if not isinstance(expr.type, Seq):
            first = Var(task.inputs[0].name, task.inputs[0].type)
            expr = call("add", call("mul", first, 0), expr)
        lets.append(Let(let.name, expr))
        values[let.name] = Var(let.name, expr.type)
    return Program("program", task.inputs, tuple(lets), tuple(output_names(task)))
