"""From a machine to programs: ways of naming its states, each written down, the shortest text kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from scrutable.program import Program
from scrutable.propose._machine import Machine, renumbered
from scrutable.propose._states import labellings, window_machine
from scrutable.propose._states_apart import taken_apart
from scrutable.propose._states_survey import surveyed
from scrutable.propose._writing import Form, Task, written
from scrutable.work import Clock

SEARCH_SECONDS = 20.0
SURVEY_SECONDS = 20.0
CLOSER = 3
"""So many ways of numbering the states are looked at closely."""
PAIRS = 3
"""So many ways of taking a machine apart are looked at."""
GOOD = 64.0
"""Bits below which no other way of naming the states is tried."""


def named(machine: Machine, task: Task, *, clock: Clock) -> Iterator[tuple[Program, Form]]:
    """Programs that equal a minimal machine on every word: for each kind of names one, and then only shorter ones.

    Kinds in turn: no state; the last few inputs; one number for each state; two numbers of machines that run side by
    side. What has no short expression becomes choices or a table, so there always is a program. No further
    kind is tried once a program is short.

    Cost: a few searches of 60,000 candidates for each kind, seconds in all.
    """
    machine, shortest = renumbered(machine), np.inf
    for kind in (_without_state, _with_windows, _with_one_number, _side_by_side):
        if shortest < GOOD or clock.over:
            return
        of_kind = np.inf
        for form in kind(machine, task, clock):
            program = written(form, task, clock=clock.at_most(SEARCH_SECONDS))
            if program.bits < of_kind:
                yield program, form
                of_kind = program.bits
        shortest = min(shortest, of_kind)


def _without_state(machine: Machine, task: Task, clock: Clock) -> list[Form]:
    del task, clock
    return [Form("no state", machine, ())] if machine.states == 1 else []


def _with_windows(machine: Machine, task: Task, clock: Clock) -> list[Form]:
    """The last few inputs as states."""
    del clock
    zero = np.flatnonzero((task.letters == 0).all(axis=1))
    window = window_machine(machine, int(zero[0]) if len(zero) else 0) if machine.states > 1 else None
    if window is None:
        return []
    longer, symbols = window
    places = product(range(symbols.shape[1]), range(task.letters.shape[1]))
    return [Form("last inputs", longer, tuple(task.letters[symbols[:, k], c] for k, c in places))]


def _with_one_number(machine: Machine, task: Task, clock: Clock) -> list[Form]:
    if machine.states == 1:
        return []
    values = task.answers[machine.output, 0] if task.answers.shape[1] == 1 else None
    return _numbered(machine, task, values, count=CLOSER, clock=clock)


def _numbered(machine: Machine, task: Task, values: np.ndarray | None, *, count: int, clock: Clock) -> list[Form]:
    """The best ways to number the states; `values` are the answers by state and symbol, where they may name states."""
    forms = [Form("one number", machine, (labels,)) for labels in labellings(machine, task.letters, values)]
    return surveyed(forms, task, count=count, clock=clock.at_most(SURVEY_SECONDS))


def _side_by_side(machine: Machine, task: Task, clock: Clock) -> list[Form]:
    """Two smaller machines that run independently, each numbered on its own, then looked at together."""
    forms = []
    for apart in taken_apart(machine, most=PAIRS):
        numbers = [
            [best[block] for best in _numberings(apart.part(block), task, clock)] for block in (apart.one, apart.other)
        ]
        forms += [Form("side by side", apart.machine, registers) for registers in product(*numbers)]
    return surveyed(forms, task, count=CLOSER, clock=clock.at_most(SURVEY_SECONDS))


def _numberings(machine: Machine, task: Task, clock: Clock) -> list[np.ndarray]:
    """Two numberings of the states of a machine without answers."""
    alone = replace(task, answers=np.zeros((1, 1), dtype=np.int64), labels=False)
    return [form.registers[0] for form in _numbered(machine, alone, None, count=2, clock=clock)]
