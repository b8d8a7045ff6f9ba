"""Which numbers for the states of a machine deserve a closer look: a short search says how long each would get."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrutable.propose._machine import Machine
from scrutable.propose._phrases import Columns, determined, search_phrases, table
from scrutable.propose._writing import Form, Task, columns_of, output_names
from scrutable.work import Clock

SEPARATE_NAME = 4.0
CANDIDATES = 6000
"""Of the short search."""
NEAR = 16.0
"""Numbers that seem to take so many bits more than the best are left."""


def surveyed(forms: Sequence[Form], task: Task, *, count: int, clock: Clock) -> list[Form]:
    """At most `count` of the forms: those with the shortest expressions, each said on its own, shortest first.

    Forms with the same set of numbers share one search: their tables have the same rows, only in another order.
    """
    if len(forms) <= 1:
        return list(forms)
    groups: dict[bytes, list[Form]] = {}
    for form in forms:
        groups.setdefault(np.stack(_sorted(form).registers).tobytes(), []).append(form)
    scored: list[tuple[float, Form]] = []
    for group in groups.values():
        bits = _scores(list(map(_sorted, group)), task, clock)
        scored += zip(bits, group, strict=True)
    scored.sort(key=lambda each: each[0])
    return [form for bits, form in scored[:count] if bits <= scored[0][0] + NEAR]


def _sorted(form: Form) -> Form:
    """The same form with its states in the order of their numbers; the initial state is lost."""
    order = np.lexsort(form.registers[::-1])
    place = np.argsort(order)
    machine = Machine(place[form.machine.next[order]], form.machine.output[order])
    return Form(form.kind, machine, tuple(labels[order] for labels in form.registers))


def _scores(group: list[Form], task: Task, clock: Clock) -> list[float]:
    """Bits for next states and answers, each said on its own, for forms with one set of numbers."""
    moves, answers, late = {}, {}, {}
    leaves: Columns = {}
    after: Columns = {}
    for i, form in enumerate(group):
        before, inputs, entered, following, outputs = columns_of(form, task)
        leaves = {**before, **inputs}
        moves |= {(i, name): column for name, column in following.items()}
        answers |= {(i, name): column for name, column in outputs.items()}
        if determined(entered, outputs):
            after = dict(zip(entered, form.registers, strict=True))
            late |= {(i, name): _by_state(form, column) for name, column in outputs.items()}
    bits = _cheapest(leaves, moves | answers, clock)
    read = _cheapest(after, late, clock)
    totals = []
    for i, form in enumerate(group):
        names = output_names(task)
        at_once = sum(bits[i, name] for name in names)
        afterwards = sum(read.get((i, name), np.inf) for name in names) + SEPARATE_NAME * len(form.registers)
        totals.append(sum(bits[key] for key in moves if key[0] == i) + min(at_once, afterwards))
    return totals


def _by_state(form: Form, column: np.ndarray) -> np.ndarray:
    """The answer on entering each state; 0 for a state that is never entered."""
    found = np.zeros(form.machine.states, dtype=np.int64)
    found[form.machine.next.ravel()] = column
    return found


def _cheapest(
    leaves: Columns, targets: dict[tuple[int, str], np.ndarray], clock: Clock
) -> dict[tuple[int, str], float]:
    """The bits of the shortest expression for each different target, or of a table."""
    different = {column.tobytes(): column for column in targets.values()}
    keys = {key: f"{i}" for i, key in enumerate(different)}
    wanted = {keys[key]: column for key, column in different.items()}
    found = search_phrases(leaves, wanted, clock=clock, limit=1, most=CANDIDATES)
    best = {name: min(way.bits for way in (*each, table(leaves, wanted[name]))) for name, each in found.items()}
    return {name: best[keys[column.tobytes()]] for name, column in targets.items()}
