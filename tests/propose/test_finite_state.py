"""Machines read off hidden vectors: planted ones come back, counters do not, programs are short and right."""

from __future__ import annotations

import numpy as np
import pytest
from fake_networks import PlantedMachine, PlantedNumber, machine_network, problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrutable.network import Bits, Category, Columns, Integers, Network, Reals, Recurrent, Tokens
from scrutable.program import name_parts, simplify
from scrutable.propose import FiniteState
from scrutable.propose._learn import Evidence, Learned, learn, margin
from scrutable.propose._machine import Machine, minimised
from scrutable.propose._majority import vote
from scrutable.propose._reading import read_machine
from scrutable.propose._states import affine_labellings, labellings, window_machine
from scrutable.propose._walker import Tries, Walker, merged_symbols
from scrutable.work import Clock, generator

BITS, PAIRS, WORD = Bits(length=10), Bits(length=10, channels=2), Tokens(2, length=12)
ALIKE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def learned_from(recurrence, symbols: int, length: int, *, n: int = 200, seed: int = 0) -> tuple[Learned, Walker]:
    walker = Walker(recurrence, np.arange(symbols))
    words = np.random.default_rng(seed).integers(0, symbols, (n, length))
    states, codes = walker.follow(words)
    return learn(walker, Evidence(words, states, codes), horizon=length, clock=Clock(20)), walker


def answers(machine: Machine, walker: Walker, words: np.ndarray) -> np.ndarray:
    return np.array([answer[0] for answer in walker.answers])[machine.run(words)[1]]


@st.composite
def machines(draw) -> Machine:
    states, symbols = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    cells = st.lists(st.integers(0, states - 1), min_size=states * symbols, max_size=states * symbols)
    outputs = st.lists(st.integers(0, 2), min_size=states * symbols, max_size=states * symbols)
    shape = (states, symbols)
    return Machine(np.array(draw(cells)).reshape(shape), np.array(draw(outputs)).reshape(shape))


@ALIKE
@given(machines(), st.integers(0, 10**6))
def test_random_machines_come_back_and_hold_on_longer_words(planted: Machine, seed: int) -> None:
    smallest = minimised(planted)
    found, walker = learned_from(PlantedMachine(planted.next, planted.output, seed=seed), planted.symbols, 16)
    assert found.machine is not None, found.reason
    assert found.machine.states == smallest.states
    words = np.random.default_rng(seed).integers(0, planted.symbols, (1000, 40))
    assert (answers(found.machine, walker, words) == planted.run(words)[1]).all()


@ALIKE
@given(machines())
def test_minimal_machines_answer_alike_and_no_two_states_do(machine: Machine) -> None:
    small = minimised(machine)
    words = np.random.default_rng(0).integers(0, machine.symbols, (50, 12))
    assert (small.run(words)[1] == machine.run(words)[1]).all()
    apart = ~np.eye(small.states, dtype=bool)
    assert (small.distances[apart] > 0).all() and (small.levels >= 0).all()
    assert minimised(small).states == small.states


def mirrored(word: float) -> bool:
    bits = bin(int(word))[3:]
    return bits == bits[::-1]


COUNTERS = {
    "majority": PlantedNumber(lambda h, x: h + 2 * x - 1, lambda h: h > 0),
    "count": PlantedNumber(lambda h, x: h + x, lambda h: h),
    "balanced": PlantedNumber(lambda h, x: np.where(h < 0, h, h + 1 - 2 * x), lambda h: h == 0),
    "palindrome": PlantedNumber(lambda h, x: 2 * np.maximum(h, 1) + x, lambda h: np.array([mirrored(v) for v in h])),
}


@pytest.mark.parametrize("length", [8, 10, 14])
@pytest.mark.parametrize("name", COUNTERS)
def test_counters_are_no_finite_machines(name: str, length: int) -> None:
    found, _ = learned_from(COUNTERS[name], 2, length, n=600)
    assert found.machine is None
    assert "states" in found.reason


def test_a_counter_that_stops_is_a_finite_machine() -> None:
    found, _ = learned_from(PlantedNumber(lambda h, x: np.minimum(h + x, 3), lambda h: h >= 3), 2, 10, n=300)
    assert found.machine is not None and found.machine.states == 4
    assert found.machine.horizon + margin(10) <= 10


def test_symbols_of_equal_effect_are_one() -> None:
    planted = PlantedNumber(lambda h, x: (h + x // 2) % 3, lambda h: h)
    letters = np.arange(6)
    states = np.array([[0.0], [1.0], [2.0]])
    assert merged_symbols(planted, letters, states, generator(0, "test")).tolist() == [0, 0, 1, 1, 2, 2]


def test_tries_are_closed_under_prefixes() -> None:
    tries = Tries.of({(0, 1, 1)})
    assert tries.words == ((0,), (0, 1), (0, 1, 1)) and tries.depth == 3
    assert len(Tries.full(3, 2).words) == 12


@pytest.mark.parametrize("n", [5, 7, 15])
def test_remainders_are_found_under_scrambled_names(n: int) -> None:
    scramble = np.random.default_rng(n).permutation(n)
    following = np.empty((n, 2), dtype=np.int64)
    following[scramble] = scramble[(2 * np.arange(n)[:, None] + np.arange(2)) % n]
    machine = minimised(Machine(following, (np.argsort(scramble)[:, None] * 2 + np.arange(2)) // n))
    found = affine_labellings(machine, np.array([[0], [1]]))
    assert found
    for labels in found:
        assert sorted(labels) == list(range(n))


def test_labellings_tell_states_apart() -> None:
    following = np.array([[1, 2], [2, 0], [0, 1]])
    machine = Machine(following, following)
    for labels in labellings(machine, np.array([[1], [2]]), following):
        assert len(set(labels.tolist())) == machine.states


def test_short_memory_is_seen() -> None:
    following = np.array([[(2 * q + x) % 4 for x in (0, 1)] for q in range(4)])
    window = window_machine(Machine(following, following % 3), 0)
    assert window is not None
    machine, symbols = window
    assert machine.states == 4 and symbols[0].tolist() == [0, 0]
    assert window_machine(Machine(np.array([[0, 1], [1, 0]]), np.zeros((2, 2), int)), 0) is None


def best(network, **options):
    task = problem(network, **options)
    proposer = FiniteState()
    assert proposer.unsuitable(task) is None
    found = list(proposer.propose(task))
    assert found, read_machine(task).reason
    for hypothesis in found:
        assert hypothesis.provenance.proposer == "finite_state"
        assert (hypothesis.program(task.inputs) == task.outputs).mean() > 0.95
    return min(found, key=lambda h: h.program.bits), task


def readable(hypothesis, task) -> str:
    return name_parts(simplify(hypothesis.program, task.inputs[:256])).source


def holds_on_longer(hypothesis, network, length: int) -> bool:
    longer = network.inputs.with_length(length).sample(300, generator(1, "longer"))
    _, decoded = network.recurrence.run(longer)
    wanted = decoded if network.each_step else decoded[:, -1]
    return bool((np.asarray(hypothesis.program(longer)) == wanted).all())


def test_binary_addition_reads_as_a_person_writes_it() -> None:
    network = machine_network(
        2, lambda s, x: (s + x.sum(1)) // 2, lambda s, x: (s + x.sum(1)) % 2, PAIRS, Bits(length=10)
    )
    found, task = best(network)
    source = readable(found, task)
    for line in ("total = a_t + b_t + carry", "output.append(total % 2)", "carry = total // 2", "carry = 0"):
        assert line in source, source
    assert set(found.alignment.sites.values()) == {"hidden"}
    assert holds_on_longer(found, network, 40)
    assert any("more than" in note for note in found.notes)


def test_the_program_does_not_depend_on_the_time_there_is() -> None:
    network = machine_network(
        4,
        lambda s, x: np.where(s == 3, 3, np.where(x == 1, 0, s + 1)),
        lambda s, x: s == 3,
        WORD,
        Category(2, length=12),
    )
    sources = [best(network, seconds=seconds)[0].program.source for seconds in (60.0, 600.0)]
    assert sources[0] == sources[1]


def test_addition_modulo_five_is_one_line() -> None:
    digits = Integers(0, 4, length=10)
    network = machine_network(5, lambda s, x: (s + x) % 5, lambda s, x: (s + x) % 5, digits, digits)
    found, task = best(network)
    assert "% 5" in found.program.source and "table" not in str(found.program.statements)
    assert found.program.bits < 50
    assert holds_on_longer(found, network, 40)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("states", "move", "answer"),
    [
        (2, lambda s, x: s | (1 - x), lambda s, x: (s | (1 - x)) == 0),
        (3, lambda s, x: np.where((s == 2) | (s == x), 2, x), lambda s, x: (s != 2) & (s != x) & (x == 0)),
        (
            4,
            lambda s, x: np.where(s == 3, 3, np.where(x == 1, 0, s + 1)),
            lambda s, x: ~((s == 3) | ((s == 2) & (x == 0))),
        ),
        (4, lambda s, x: s ^ (1 + x), lambda s, x: (s ^ (1 + x)) == 0),
        (3, lambda s, x: (s + 1 + x) % 3, lambda s, x: (s + 1 + x) % 3 == 0),
        (5, lambda s, x: np.minimum(s + (x != s % 2), 4), lambda s, x: np.minimum(s + (x != s % 2), 4) < 4),
    ],
    ids=["no 0", "alternating", "no 000", "both even", "difference modulo 3", "at most four runs"],
)
def test_regular_languages_become_small_programs(states, move, answer) -> None:
    network = machine_network(states, move, answer, WORD, Category(2, length=12))
    found, task = best(network)
    assert found.provenance.settings["mode"] == "exact"
    assert found.program.bits < 140
    assert holds_on_longer(found, network, 40)


@pytest.mark.slow
def test_one_answer_for_each_word() -> None:
    codes = np.eye(3)

    def cell(vector, x_t):
        state = (vector.argmax(axis=1) + 1 + x_t.astype(int).reshape(len(vector), -1)[:, 0]) % 3
        return codes[state], codes[state][:, :2]

    whole = Network(Recurrent(cell, codes[0]), inputs=WORD, outputs=Category(2, length=12))
    task = problem(whole)
    assert FiniteState().unsuitable(task) is None
    found = list(FiniteState().propose(task))
    assert found and (found[0].program(task.inputs) == task.outputs).all()


@pytest.mark.slow
def test_a_few_mistakes_give_a_machine_by_majority() -> None:
    network = machine_network(
        4, lambda s, x: (2 * s + x) % 4, lambda s, x: (s // 2 + s % 2 + x) % 2, BITS, Bits(length=10), mistakes=0.004
    )
    task = problem(network, n=800)
    reading = read_machine(task)
    assert reading.machine is not None and reading.machine.states == 4
    assert reading.settings["mode"] == "majority" and "majority" in reading.notes[0]


@pytest.mark.parametrize("name", ["majority", "balanced"])
def test_a_vote_makes_no_machine_of_a_counter(name: str) -> None:
    walker = Walker(COUNTERS[name], np.arange(2))
    words = np.random.default_rng(0).integers(0, 2, (800, 10))
    states, codes = walker.follow(words)
    voted = vote(walker, Evidence(words, states, codes), horizon=10, clock=Clock(20))
    assert voted is None


def test_reasons_to_decline() -> None:
    def declined(network) -> str:
        return FiniteState().unsuitable(problem(network, n=20)) or ""

    columns = Network(lambda x: x[:, 0], inputs=Columns(["a"], lo=0, hi=1), outputs=Reals())
    assert "not sequences" in declined(columns)
    wide = machine_network(1, lambda s, x: s, lambda s, x: x % 2, Integers(0, 999, length=10), Bits(length=10))
    task = problem(wide, n=2000)
    assert "different inputs at a step" in (FiniteState().unsuitable(task) or "")


def test_too_many_symbols_of_different_effect() -> None:
    numbers = Integers(0, 99, length=10)
    network = machine_network(1, lambda s, x: s * 0, lambda s, x: x, numbers, numbers)
    reading = read_machine(problem(network))
    assert reading.machine is None and "100 symbols" in reading.reason
