"""Names for the states of machines: programs equal the machine, and what has a short rule is said without a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrutable.program import INT, Input, Let, Program, Scan, Seq, walk
from scrutable.propose._machine import Machine, minimised, quotient
from scrutable.propose._naming import named
from scrutable.propose._states_apart import taken_apart
from scrutable.propose._states_lines import line_labellings
from scrutable.propose._writing import Task
from scrutable.work import Clock

ALIKE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def planted(start: Any, move: Callable, answer: Callable, symbols: int, *, scramble: int | None = None) -> Machine:
    """The minimal machine of a rule: `move(state, x)` and `answer(state, state after, x)`; states may be renumbered."""
    states, place, following, output = [start], {start: 0}, [], []
    for state in states:
        after = [move(state, x) for x in range(symbols)]
        for each in after:
            if each not in place:
                place[each] = len(states)
                states.append(each)
        following.append([place[each] for each in after])
        output.append([int(answer(state, each, x)) for x, each in enumerate(after)])
    machine = minimised(Machine(np.array(following), np.array(output)))
    if scramble is None:
        return machine
    order = np.concatenate([[0], 1 + np.random.default_rng(scramble).permutation(machine.states - 1)])
    return Machine(np.argsort(order)[machine.next[order]], machine.output[order])


def task(machine: Machine) -> Task:
    """One channel of whole numbers; answer codes are the answers."""
    answers = np.arange(machine.output.max() + 1)[:, None]
    letters = np.arange(machine.symbols)[:, None]
    return Task((Input("x", Seq(INT)),), letters, answers, each_step=True, labels=False, empty=np.zeros(1, np.int64))


def equal(program: Program, machine: Machine) -> bool:
    words = np.random.default_rng(0).integers(0, machine.symbols, (300, 25))
    return bool((np.asarray(program(words)) == machine.run(words)[1]).all())


def tables(program: Program) -> int:
    scans = [each for each in program.statements if isinstance(each, Scan)]
    exprs = [each.expr for each in program.statements if isinstance(each, Let)]
    exprs += [let.expr for scan in scans for let in scan.body] + [state.next for scan in scans for state in scan.states]
    return sum(getattr(node, "op", "") == "table" for expr in exprs for node in walk(expr))


RULES: dict[str, tuple[Machine, float]] = {
    f"{name}{'' if scramble is None else ', scrambled'}": (planted(*rule, scramble=scramble), bits)
    for scramble in (None, 1)
    for name, rule, bits in (
        ("sum modulo 5", (0, lambda s, x: (s + x) % 5, lambda s, a, x: a, 5), 50),
        ("counter that stops", (0, lambda s, x: min(s + x, 4), lambda s, a, x: a, 3), 50),
        ("counter between ends", (0, lambda s, x: max(0, min(s + x - 1, 5)), lambda s, a, x: a, 3), 70),
        ("last three bits", ((0, 0, 0), lambda s, x: (x, *s[:2]), lambda s, a, x: x ^ s[2], 2), 60),
        ("latch", (0, lambda s, x: x or s, lambda s, a, x: a, 4), 50),
        ("parity beside the last", ((0, 0), lambda s, x: ((s[0] + x) % 2, x), lambda s, a, x: 2 * s[1] + s[0], 3), 75),
        (
            "parity where repeated",
            ((0, 0), lambda s, x: (s[0] ^ (x & 1), x), lambda s, a, x: a[0] * (s[1] == x), 3),
            95,
        ),
    )
}


@pytest.mark.parametrize("name", RULES)
def test_a_short_rule_is_found_whatever_the_states_are_called(name: str) -> None:
    machine, bits = RULES[name]
    programs = [program for program, _ in named(machine, task(machine), clock=Clock(60))]
    best = min(programs, key=lambda program: program.bits)
    assert all(equal(program, machine) for program in programs)
    assert best.bits < bits and tables(best) == 0, best.source


def test_a_machine_without_a_rule_becomes_a_table() -> None:
    rng = np.random.default_rng(5)
    machine = minimised(Machine(rng.integers(0, 8, (8, 4)), rng.integers(0, 3, (8, 4))))
    programs = [program for program, _ in named(machine, task(machine), clock=Clock(60))]
    assert programs and all(equal(program, machine) for program in programs)
    assert tables(min(programs, key=lambda program: program.bits)) > 0


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    states, symbols = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    cells = st.lists(st.integers(0, states - 1), min_size=states * symbols, max_size=states * symbols)
    outputs = st.lists(st.integers(0, 2), min_size=states * symbols, max_size=states * symbols)
    shape = (states, symbols)
    return minimised(Machine(np.array(draw(cells)).reshape(shape), np.array(draw(outputs)).reshape(shape)))


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines())
def test_every_program_equals_its_machine(machine: Machine) -> None:
    programs = [program for program, _ in named(machine, task(machine), clock=Clock(60))]
    assert programs and all(equal(program, machine) for program in programs)


@ALIKE
@given(machines())
def test_parts_are_closed_and_together_are_the_machine(machine: Machine) -> None:
    words = np.random.default_rng(0).integers(0, machine.symbols, (50, 12))
    for apart in taken_apart(machine, most=4):
        assert (apart.machine.run(words)[1] == machine.run(words)[1]).all()
        assert quotient(apart.machine, apart.one) is not None and quotient(apart.machine, apart.other) is not None
        assert len(set(zip(apart.one.tolist(), apart.other.tolist(), strict=True))) == apart.machine.states


def test_two_parities_are_taken_apart() -> None:
    following = np.array([[q ^ 1, q ^ 2] for q in range(4)])
    first = taken_apart(Machine(following, following), most=1)[0]
    assert first.blocks == 4


@pytest.mark.parametrize("deepest", [2, 7])
def test_counters_lie_on_a_line_and_what_is_broken_beyond_its_end(deepest: int) -> None:
    def move(state: int, x: int) -> int:
        inside = state >= 0 and (state < deepest or x == 1)
        return state + 1 - 2 * x if inside else -1

    machine = planted(0, move, lambda s, a, x: a == 0, 2, scramble=1)
    found = [labels.tolist() for labels in line_labellings(machine)]
    assert found and all(len(set(labels)) == machine.states for labels in found)
    assert any(sorted(labels) == list(range(-1, deepest + 1)) and labels[0] == 0 for labels in found)
