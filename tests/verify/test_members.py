"""Member swaps, rebuilt states, number of classes: right programs pass, coarse ones fail, fine ones are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from planted import (
    S,
    X,
    adder_network,
    adder_program,
    case,
    counter_network,
    counter_program,
    interchanged,
    machine,
    machine_program,
    remainder_network,
    remainder_program,
    whole_number_program,
)

from scrutable.hypothesis import Result
from scrutable.network import Bits, Integers, Network
from scrutable.program import INT, Const, Expr, Input, Let, Program, Seq, State, Var, call
from scrutable.verify._classes import refined
from scrutable.verify._clusters import split
from scrutable.verify._memory import memory_of, recombined
from scrutable.verify._regression import Codes
from scrutable.work import generator


def details(result: Result) -> dict[str, Any]:
    return dict(result.details)


def one_state(update: Expr, output: Expr) -> Program:
    return machine_program((State("s", Const(0, INT), update),), output)


@pytest.mark.parametrize(
    ("network", "program", "classes"),
    [
        (adder_network(), adder_program(), 2),
        (remainder_network(5), remainder_program(5), 5),
        (counter_network(6), counter_program(6), 7),
    ],
    ids=["adder", "remainder", "counter"],
)
def test_a_right_program(network: Network, program: Program, classes: int) -> None:
    got = interchanged(case(network, program))
    swaps, made, counts = got["interchange.members"], got["interchange.rebuilt"], details(got["interchange.members"])
    assert swaps.passed and swaps.value == 1.0 and swaps.n >= 100
    assert 0 < counts["null"] < 0.65
    assert made.passed and made.value == 1.0
    assert 0 < details(made)["null, values of other pairs"] < 0.65 and details(made)["null, no patch"] == 0.0
    assert 0.5 < details(made)["R2"] <= 1.0
    assert counts["classes"] == counts["classes needed"] == classes and counts["every step followed"]
    assert f"takes {classes} values, and its answers need them all" in swaps.reason


@pytest.mark.parametrize(
    ("network", "program"),
    [
        (remainder_network(5), one_state(call("min", (S * 2 + X) % 5, 3), (S * 2 + X) // 5)),
        (counter_network(6, length=24), counter_program(5)),
        (remainder_network(3), one_state(X, (S * 2 + X) // 3)),
    ],
    ids=["two remainders taken for one", "counts one less", "the last bit alone"],
)
def test_classes_that_are_too_coarse(network: Network, program: Program) -> None:
    got = interchanged(case(network, program))
    swaps, made = got["interchange.members"], got["interchange.rebuilt"]
    assert swaps.status == "fail" and "its state is not what the program says" in swaps.reason
    assert min(details(swaps)["same class"], details(swaps)["other class"]) < 0.9
    assert made.status == "fail" and "no such code" in made.reason


@pytest.mark.parametrize(
    ("program", "exact"),
    [(one_state((S * 2 + X) % 12, ((S % 3) * 2 + X) // 3), True), (whole_number_program(), False)],
    ids=["modulo 12", "the whole number"],
)
def test_classes_that_are_too_fine_pass_what_swaps_there_are_and_are_counted(program: Program, exact: bool) -> None:
    swaps = interchanged(case(remainder_network(), program))["interchange.members"]
    counts = details(swaps)
    assert swaps.value == 1.0 if exact else swaps.status == "not applicable"
    assert counts["classes"] >= 12 and counts["classes needed"] == 3
    assert counts["every step followed"] is exact
    assert f"need only {'' if exact else 'at least '}3: it remembers more than it uses" in swaps.reason


def total_network(length: int = 12) -> Network:
    """The sum of what it has read: there is no end to what it may hold."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total = numbers[:, 0] + x_t.reshape(-1)
        return total[:, None], total

    return machine(update, kept=1, d=4, inputs=Bits(length), outputs=Integers(length=length))


@pytest.mark.parametrize("also", [0, 1], ids=["the sum", "the sum and the last bit"])
def test_a_sum_has_the_classes_it_has_had_time_for(also: int) -> None:
    finer = machine_program((State("s", Const(0, INT), S + X), State("last", Const(0, INT), X * also)), S + X)
    trial = case(total_network(), finer)
    swaps = interchanged(trial)["interchange.members"]
    assert swaps.passed
    assert not details(swaps)["every step followed"]
    sums = len(np.unique(np.cumsum(trial.test.inputs, axis=1)))
    assert details(swaps)["classes needed"] == sums
    assert details(swaps)["classes"] > sums if also else details(swaps)["classes"] == sums


def window_network(length: int = 12) -> Network:
    """The sum of the last three of 301 numbers: what it remembers is hardly ever the same twice."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = x_t.reshape(-1)
        total = x + numbers[:, 0] + numbers[:, 1]
        return np.stack([x, numbers[:, 0], total], axis=1), total

    return machine(update, kept=3, d=6, inputs=Integers(0, 300, length=length), outputs=Integers(length=length))


def window_program() -> Program:
    x = Var("x", Seq(INT))
    earlier = call("add", call("shift", x, params=(1, 0)), call("shift", x, params=(2, 0)))
    return Program("window", (Input("x", Seq(INT)),), (Let("output", call("add", x, earlier)),), ("output",))


def test_classes_that_hardly_repeat_are_tested_on_inputs_of_few_different_steps() -> None:
    got = interchanged(case(window_network(), window_program()))
    assert got["interchange.members"].passed and got["interchange.members"].n >= 35
    assert got["interchange.rebuilt"].passed
    assert details(got["interchange.rebuilt"])["rebuilt by"].startswith("numbers")


def test_one_answer_for_the_whole_sequence() -> None:
    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        remainder = (2 * numbers[:, 0] + x_t.reshape(-1)) % 5
        return remainder[:, None], remainder

    network = machine(update, kept=1, d=4, inputs=Bits(10), outputs=Integers(0, 4))
    every = one_state((S * 2 + X) % 5, (S * 2 + X) % 5)
    last = Let("final", call("last", Var("output", Seq(INT)), params=(0,)))
    got = interchanged(case(network, Program("last", every.inputs, (*every.statements, last), ("final",))))
    assert got["interchange.members"].passed and got["interchange.rebuilt"].passed
    assert details(got["interchange.members"])["classes needed"] == 5


def clock_network(length: int = 10) -> Network:
    """Says whether the number of steps so far is odd, whatever it reads."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        odd = 1 - numbers[:, 0]
        return odd[:, None], odd

    return machine(update, kept=1, d=4, inputs=Bits(length), outputs=Bits(length))


def test_a_memory_that_the_step_settles_is_exchanged_between_steps() -> None:
    got = interchanged(case(clock_network(), one_state(1 - S, 1 - S)))
    assert got["interchange"].passed and got["interchange.members"].passed and got["interchange.rebuilt"].passed
    assert got["guard.decoy_variables"].passed


def test_a_program_that_reads_the_step_exchanges_nothing_between_steps() -> None:
    x = Var("x", Seq(INT))
    parity = call("mod", call("add", call("shift", x, params=(1, 0)), call("position", x)), 2)
    program = Program("timed", (Input("x", Seq(INT)),), (Let("output", parity),), ("output",))
    memory = memory_of(program)
    values = memory.values(generator(0, "timed").integers(0, 2, size=(5, 6)))
    assert memory.timed and (values[..., -1] == np.arange(6)).all()
    assert not memory_of(window_program()).timed


@pytest.mark.parametrize("program", [remainder_program(), counter_program(5), window_program()])
@pytest.mark.parametrize("back", [0, 2])
def test_joined_inputs_hold_what_the_source_held(program: Program, back: int) -> None:
    rng = generator(0, "joined")
    base, source = rng.integers(0, 2, size=(2, 40, 9))
    steps, memory = rng.integers(back, 8, size=40), memory_of(program)
    joined = recombined(base, source, steps, back)
    rows = np.arange(40)
    assert joined.shape == (40, 9 - back)
    assert (memory.values(joined)[rows, steps - back] == memory.values(source)[rows, steps - back]).all()
    for row, step in enumerate(steps):
        assert (joined[row, step - back + 1 :] == base[row, step + 1 :]).all()


def test_an_alignment_of_a_part_has_no_classes() -> None:
    two = machine_program(
        (State("s", Const(0, INT), (S + X) % 2), State("r", Const(0, INT), X)), call("add", S * 2, Var("r", INT))
    )

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = x_t.reshape(-1)
        return np.stack([(numbers[:, 0] + x) % 2, x], axis=1), 2 * numbers[:, 0] + numbers[:, 1]

    network = machine(update, kept=2, d=5, inputs=Bits(10), outputs=Integers(length=10), mixed=False)
    got = interchanged(case(network, two, align={"s": "hidden[:, 0:1]"}))
    assert got["interchange"].passed and got["interchange.rebuilt"].passed
    assert got["interchange.members"].status == "not applicable"


def test_refinement_splits_until_nothing_is_left_to_split() -> None:
    """A chain of six whose last alone answers otherwise, there twice over."""
    answers = np.array([0, 0, 0, 0, 0, 1] * 2)
    following = np.array([[min(i + 1, 5), 0] for i in range(6)])
    following = np.concatenate([following, following + 6])
    found = refined(answers, following)
    assert len(np.unique(found)) == 6 and (found[:6] == found[6:]).all()
    nothing = refined(np.zeros(12, int), following)
    assert len(np.unique(nothing)) == 1


def test_clusters_stay_within_their_class() -> None:
    rng = generator(0, "clusters")
    members = rng.integers(0, 5, size=600)
    found = split(rng.normal(size=(600, 3)) + members[:, None], members, 4, rng)
    for label in np.unique(found):
        assert len(np.unique(members[found == label])) == 1
    assert all(1 < len(np.unique(found[members == m])) <= 4 for m in range(5))


def test_decoys_of_what_the_step_settles_are_decoys() -> None:
    groups = np.arange(200) % 10
    codes = Codes((groups % 2)[:, None].astype(float), np.zeros((200, 0)), groups)
    shuffled = codes.shuffled(generator(0, "decoys"))
    assert 0.3 < float((shuffled.values == codes.values).mean()) < 0.7
