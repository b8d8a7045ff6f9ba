"""Interchange: the mechanism that is there is supported, others are refused, and decoys stay at chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted import (
    S,
    X,
    adder_network,
    adder_program,
    case,
    counter_network,
    counter_program,
    forgetful_network,
    interchanged,
    machine,
    machine_program,
    mixing,
    remainder_network,
    remainder_program,
    whole_number_program,
)
from torch import nn

from scrutable.hypothesis import Verdict
from scrutable.network import Bits, Columns, Integers, Network, Recurrent
from scrutable.program import INT, Const, Input, Let, Program, Seq, Setting, State, Var, call, read_program
from scrutable.verify import Interchange, NoDependence, NoMemory, interchange_value, verify_all
from scrutable.verify._aligned import judged_pairs
from scrutable.verify._memory import memory_of, recombined
from scrutable.work import generator


@pytest.mark.parametrize(
    ("network", "program"),
    [
        (adder_network(), adder_program()),
        (remainder_network(), remainder_program()),
        (counter_network(6), counter_program(6)),
    ],
    ids=["adder", "remainder", "counter"],
)
def test_a_planted_mechanism_is_supported(network: Network, program: Program) -> None:
    got = interchanged(case(network, program))
    assert got["interchange"].passed and got["interchange"].value == 1.0 and got["interchange"].n >= 100
    assert got["unmapped"].status in ("pass", "not applicable")
    assert got["distinctions"].status == "not applicable"
    assert got["necessity"].passed and got["necessity"].value == 1.0
    details = dict(got["interchange"].details)
    assert details["changed pairs"] >= details["unchanged pairs"]
    assert details["rebuild, changed"] == 1.0


def test_decoys_stay_at_chance() -> None:
    guard = interchanged(case(adder_network(), adder_program()))["guard.decoy_variables"]
    details = dict(guard.details)
    assert guard.passed and guard.value == pytest.approx(0.05) and guard.n == 19
    assert details["found"] == 1.0 and max(details["nulls"]) < 0.75


def test_the_whole_evidence_of_a_planted_mechanism() -> None:
    assert verify_all(case(remainder_network(length=8), remainder_program())).verdict.rank <= Verdict.BEHAVIOURAL.rank


def test_a_site_that_is_not_read_is_refused_though_it_changes_nothing() -> None:
    network = adder_network(d=6, mixed=False)
    right = interchanged(case(network, adder_program(), align={"carry": "hidden[:, 0:2]"}))
    assert right["interchange"].passed
    details = dict(right["interchange"].details)
    assert details["dimension of the site"] == 2 and details["site"] == "hidden[:, 0:2]"
    inert = interchanged(case(network, adder_program(), align={"carry": "hidden[:, 2:6]"}))
    details = dict(inert["interchange"].details)
    assert inert["interchange"].status == "fail" and inert["interchange"].value == 0.0
    assert details["swap, unchanged"] == 1.0
    assert inert["guard.decoy_variables"].status == "not applicable"


def test_a_site_that_does_not_exist_is_said_to_be_untestable() -> None:
    (result,) = Interchange().apply(case(adder_network(), adder_program(), align={"carry": "fc7"}))
    assert result.status == "unknown" and "fc7" in result.reason


def test_a_refinement_is_refused() -> None:
    network = remainder_network(3, lose=0.0)
    total = S * 2 + X
    finer = machine_program((State("s", Const(0, INT), total % 12),), call("floordiv", (S % 3) * 2 + X, 3))
    trial = case(network, finer)
    assert (finer(trial.test.inputs) == trial.test.outputs).all()
    got = interchanged(trial)
    assert got["distinctions"].status == "fail" and got["distinctions"].value is not None
    assert got["distinctions"].value < 0.8


def test_the_whole_word_as_state_is_refused() -> None:
    got = interchanged(case(remainder_network(3, lose=0.0), whole_number_program()))
    assert "fail" in (got["interchange"].status, got["distinctions"].status)


def memoriser(length: int = 8, k: int = 3) -> Network:
    """Keeps the whole word in one number and looks the answer up: the right outputs, another mechanism."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        word = 2 * numbers[:, 0] + x_t.reshape(-1)
        y = word // k - 2 * (numbers[:, 0] // k)
        return np.stack([word, y], axis=1), y

    return machine(update, kept=2, d=4, inputs=Bits(length), outputs=Bits(length))


def test_a_network_that_memorises_is_not_taken_for_one_that_computes() -> None:
    trial = case(memoriser(), remainder_program())
    assert (trial.hypothesis.program(trial.test.inputs) == trial.test.outputs).all()
    assert interchanged(trial)["interchange"].status == "fail"


def test_too_few_changed_pairs_are_not_enough() -> None:
    (result,) = Interchange().apply(case(adder_network(), adder_program(), n=60))
    assert result.status == "unknown" and "are needed" in result.reason


def test_the_headline_alone_is_the_same() -> None:
    trial = case(remainder_network(), remainder_program())
    assert interchange_value(trial) == interchanged(trial)["interchange"].value


def test_same_seed_same_answer() -> None:
    first, second = (interchanged(case(remainder_network(), remainder_program(), n=300)) for _ in range(2))
    assert first == second


WINDOW = Program(
    "window",
    (Input("x", Seq(INT)),),
    (
        Let("before", call("shift", Var("x", Seq(INT)), params=(2, 0))),
        Let("output", call("add", Var("x", Seq(INT)), Var("before", Seq(INT)))),
    ),
    ("output",),
)


def window_network(length: int = 8) -> Network:
    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = x_t.reshape(-1)
        return np.stack([x, numbers[:, 0], x + numbers[:, 1]], axis=1), x + numbers[:, 1]

    return machine(update, kept=3, d=6, inputs=Integers(0, 30, length=length), outputs=Integers(length=length))


def test_a_window_is_a_memory_too() -> None:
    got = interchanged(case(window_network(), WINDOW))
    assert got["interchange"].passed
    assert dict(got["interchange"].details)["encoding"].startswith("numbers")


def folded_window_network(length: int = 8) -> Network:
    """The same, each number kept as two that bend at 12, as layers of ReLU units keep them, and read by cases."""

    def kept(x: np.ndarray) -> list[np.ndarray]:
        return [np.minimum(x, 12), np.maximum(x - 12, 0)]

    def read(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return np.where(low < 12, low, 12 + high)

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, (last, before) = x_t.reshape(-1), (read(numbers[:, i], numbers[:, i + 1]) for i in (0, 2))
        return np.stack([*kept(x), *kept(last), x + before], axis=1), x + before

    return machine(update, kept=5, d=8, inputs=Integers(0, 30, length=length), outputs=Integers(length=length))


def test_numbers_may_be_kept_bent() -> None:
    got = interchanged(case(folded_window_network(), WINDOW))
    assert got["interchange"].passed and got["guard.decoy_variables"].passed
    assert dict(got["interchange"].details)["encoding"] == "bent numbers"


COUNTS = read_program("""
def winners(x):
    said = []
    a = b = c = d = 0
    for x_t in x:
        a = a + (x_t == 0)
        b = b + (x_t == 1)
        c = c + (x_t == 2)
        d = d + (x_t == 3)
        said.append(5 * max(a, b) - 5 * max(c, d))
    return said
""")


def compared_counts_network(length: int = 12) -> Network:
    """Keeps which of two counts leads, by how much, and what they come to together, as units that compare them do."""

    def update(numbers: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, kept, larger = x_t.reshape(-1), [], []
        for pair in range(2):
            ahead, behind, both = numbers[:, 3 * pair : 3 * pair + 3].T
            lead = np.where(ahead > 0, ahead, -behind)
            first, second = (both + lead) / 2 + (x == 2 * pair), (both - lead) / 2 + (x == 2 * pair + 1)
            kept += [np.maximum(first - second, 0), np.maximum(second - first, 0), first + second]
            larger.append(5 * np.maximum(first, second))
        return np.stack(kept, axis=1), larger[0] - larger[1]

    return machine(update, kept=6, d=8, inputs=Integers(0, 3, length=length), outputs=Integers(length=length))


def test_counts_may_be_kept_compared() -> None:
    got = interchanged(case(compared_counts_network(), COUNTS, n=1600, seconds=300))
    assert got["interchange"].passed and got["guard.decoy_variables"].passed
    assert dict(got["interchange"].details)["encoding"] == "bent numbers"


SIZES = read_program("""
def rises(x):
    said = []
    before = 0
    for x_t in x:
        said.append(abs(x_t) - before)
        before = abs(x_t)
    return said
""")


def signed_network(length: int = 10) -> Network:
    """Keeps the last number with its sign, beside much larger traces of older ones that nothing reads."""
    mix = mixing(6)

    def cell(state: np.ndarray, x_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kept, x = state @ mix.T, x_t.reshape(-1).astype(float)
        new = np.stack([x, *9 * kept[:, :1].T, *kept[:, 1:5].T], axis=1)
        return new @ mix, np.abs(x) - np.abs(kept[:, 0])

    domain = Integers(-20, 20, length=length)
    return Network(Recurrent(cell, np.zeros(6)), inputs=domain, outputs=Integers(length=length))


def test_states_are_told_apart_by_what_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways to keep a value: their mean is neither, and they are nearer to each other than what nothing reads."""
    got = interchanged(case(signed_network(), SIZES, n=1600))
    assert got["interchange"].passed and dict(got["interchange"].details)["encoding"] == "clusters"
    monkeypatch.setattr("scrutable.verify._recurrent.effects", lambda *_: None)
    assert interchanged(case(signed_network(), SIZES, n=1600))["interchange"].status == "fail"


@pytest.mark.parametrize(("right", "status"), [(7, "pass"), (6, "pass"), (3, "fail")])
def test_a_few_pairs_whose_answer_stays_decide_only_where_they_can(right: int, status: str) -> None:
    changed = np.arange(207) >= 7
    found, _ = judged_pairs(changed | (np.arange(207) < right), changed)
    assert found == status


@pytest.mark.parametrize("program", [remainder_program(), whole_number_program(), counter_program(5), WINDOW])
def test_memory_and_remaining_inputs_settle_the_rest(program: Program) -> None:
    rng = generator(0, "recombined")
    base, source = rng.integers(0, 2, size=(2, 40, 9))
    steps = rng.integers(0, 8, size=40)
    memory = memory_of(program)
    joined = memory.values(recombined(base, source, steps))
    assert (joined[np.arange(40), steps] == memory.values(source)[np.arange(40), steps]).all()
    if memory.states and not memory.lags:
        values, mask = program.run(source), np.arange(9) == steps[:, None]
        set_by_hand = program.run(base, set={s: Setting(values[s], mask) for s in memory.states})
        later = np.arange(9) > steps[:, None]
        assert (set_by_hand["output"] == program(recombined(base, source, steps)))[later].all()


def test_no_memory() -> None:
    even = Program(
        "even", (Input("x", Seq(INT)),), (Let("output", call("eq", Var("x", Seq(INT)) % 2, 0)),), ("output",)
    )
    trial = case(forgetful_network(), even)
    assert NoMemory().apply(trial)[0].passed
    assert Interchange().apply(trial)[0].status == "not applicable"
    blind = case(
        adder_network(), Program("b", adder_program().inputs, (Let("output", Var("a", Seq(INT))),), ("output",))
    )
    result = NoMemory().apply(blind)[0]
    assert result.status == "fail" and result.counter_examples


def test_no_dependence() -> None:
    columns = Columns(["a", "b"], lo=0, hi=9, integer=True)
    module = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([[2.0, 0.0]]))
    double = Program("double", (Input("a", INT), Input("b", INT)), (Let("output", Var("a", INT) * 2),), ("output",))
    other = Program("other", double.inputs, (Let("output", Var("b", INT) * 2),), ("output",))
    network = Network(module, inputs=columns, outputs=Integers())
    assert NoDependence().apply(case(network, double))[0].passed
    result = NoDependence().apply(case(network, other))[0]
    assert result.status == "fail" and "a drawn afresh" in result.reason


def layered() -> Network:
    """(a + b) in one hidden code and c in another; the output is |a + b - 9| + c."""
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[1.0, 1, 0], [-1, -1, 0], [0, 0, 1], [0.5, -0.5, 0]]))
        module[0].bias.copy_(torch.tensor([-9.0, 9, 0, 5]))
        module[2].weight.copy_(torch.tensor([[1.0, 1, 1, 0]]))
        module[2].bias.zero_()
    return Network(module, inputs=Columns(["a", "b", "c"], lo=0, hi=9, integer=True), outputs=Integers())


def layered_program(inner: str) -> Program:
    a, b, c = (Var(name, INT) for name in "abc")
    total = a + b if inner == "sum" else a - b
    rest = call("abs", Var("part", INT) - 9) + c
    whole = rest if inner == "sum" else call("abs", Var("part", INT) + b * 2 - 9) + c
    return Program(
        "layered", tuple(Input(n, INT) for n in "abc"), (Let("part", total), Let("output", whole)), ("output",)
    )


def test_intermediate_values_of_layers() -> None:
    right = interchanged(case(layered(), layered_program("sum")))
    assert right["interchange"].passed and "part at 0" in right["interchange"].reason
    assert right["unmapped"].status == "not applicable"
    assert right["guard.decoy_variables"].passed
    assert right["necessity"].passed and "subspace" in right["necessity"].method
    wrong = case(layered(), layered_program("difference"))
    assert (wrong.hypothesis.program(wrong.test.inputs) == wrong.test.outputs).all()
    assert interchanged(wrong)["interchange"].status == "fail"


def test_a_program_without_intermediate_values() -> None:
    a, b, c = (Var(name, INT) for name in "abc")
    plain = Program(
        "plain", tuple(Input(n, INT) for n in "abc"), (Let("output", call("abs", a + b - 9) + c),), ("output",)
    )
    (result,) = Interchange().apply(case(layered(), plain))
    assert result.status == "not applicable" and "no intermediate variable" in result.reason
