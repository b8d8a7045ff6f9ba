"""Programs suggested as text: read and never run, checked, and asked for again with what was wrong."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.errors import UserError
from scrutable.network import Category, Columns, Integers, Network, Reals
from scrutable.propose import Problem
from scrutable.propose.suggested import MOST_TEXTS, ROUNDS, Suggested
from scrutable.testing import check_proposer
from scrutable.work import Clock, generator

PAIR = Columns(["a", "b"], lo=0, hi=7, integer=True)
DISTANCE = Network(lambda x: np.abs(x[:, 0] - x[:, 1]).astype(float), inputs=PAIR, outputs=Integers())
RIGHT = "def f(a, b):\n    return a - b if a > b else b - a"


def problem(network: Network, seconds: float = 60.0) -> Problem:
    x = network.inputs.sample(80, generator(0, "suggested test"))
    y = network.predict(x)
    return Problem(network, x, y, x[:0], y[:0], seed=0, clock=Clock(seconds))


def test_what_failed_comes_back_until_something_is_right():
    heard = []

    def ask(examples, failures):
        heard.append((examples, failures))
        return [["def f(a, b): return a - b", "nonsense(", "def f(q): return q"], [RIGHT]][len(heard) - 1]

    (found,) = Suggested(ask).propose(problem(DISTANCE))
    assert (found.program(DISTANCE.inputs.enumerate()) == DISTANCE.predict(DISTANCE.inputs.enumerate())).all()
    assert heard[0][1] == () and len(heard[1][1]) == 3
    assert "a: Int" in heard[0][0] and "->" in heard[0][0]
    wrong, unreadable, foreign = heard[1][1]
    assert "instead of" in wrong and "no Python" in unreadable and "expected parameters" in foreign


def test_texts_are_never_run(tmp_path):
    trace = tmp_path / "ran"
    touch = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    texts = [
        f"{touch}\ndef f(a, b): return a",
        f"def f(a, b, c={touch}): return a",
        f"@({touch})\ndef f(a, b): return a",
        f"def f(a: {touch}, b): return a",
        f"def f(a, b):\n    {touch}\n    return a",
        f"K = {touch}\ndef f(a, b): return K",
        f"class C:\n    {touch}\ndef f(a, b): return C().x",
        f"def f(a, b): return [a for _ in [{touch}]][0]",
    ]
    list(Suggested(lambda examples, failures: texts).propose(problem(DISTANCE)))
    assert not trace.exists()


@pytest.mark.parametrize(
    "text",
    [
        "def f(a, b):\n    while True:\n        pass\n    return a",
        "def f(a, b): return f(a, b)",
        "def f(a, b):\n    for i in range(10**9):\n        a = a + 1\n    return a",
        "def f(a, b): return " + "(" * 99 + "a" + ")" * 99 + "()",
        "def f(a, b): return " + "-" * 5000 + "a",
        "def f0(x): return x\n"
        + "\n".join(f"def f{i}(x): return f{i - 1}(x) + f{i - 1}(x)" for i in range(1, 60))
        + "\ndef f(a, b): return f59(a)",
        "def f(a, b): return 9 ** 9 ** 9 ** 9",
        "x" * 10**6,
        "",
        "\0",
    ],
)
def test_hostile_texts_are_dropped_at_once(text: str):
    work = problem(DISTANCE, seconds=30.0)
    assert not list(Suggested(lambda examples, failures: [text]).propose(work))
    assert work.clock.used < 10


def test_inputs_are_matched_by_name_and_not_by_place():
    minus = Network(lambda x: (x[:, 0] - x[:, 1]).astype(float), inputs=PAIR, outputs=Integers())
    (found,) = Suggested(lambda examples, failures: ["def f(b, a): return a - b"]).propose(problem(minus))
    x = PAIR.enumerate()
    assert (found.program(x) == minus.predict(x)).all()


def test_rounds_end_when_nothing_new_comes():
    calls = []

    def stubborn(examples, failures):
        calls.append(failures)
        return ["def f(a, b): return a"]

    assert not list(Suggested(stubborn).propose(problem(DISTANCE)))
    assert len(calls) == 2
    calls.clear()

    def endless(examples, failures):
        calls.append(failures)
        return (f"def f(a, b): return a + {len(calls)} * 1000 + {i}" for i in range(10**9))

    assert not list(Suggested(endless).propose(problem(DISTANCE)))
    assert len(calls) == ROUNDS and len(calls[-1]) <= MOST_TEXTS


def test_a_killed_clock_asks_nothing():
    assert not list(Suggested(lambda *_: pytest.fail("asked")).propose(problem(DISTANCE, seconds=0.0)))


def test_real_answers_carry_a_claim():
    network = Network(
        lambda x: x[:, 0] * 2.0 + 0.01 * np.sin(x[:, 1]), inputs=Columns(["u", "v"], lo=-1, hi=1), outputs=Reals()
    )
    good, coarse = "def f(u, v): return 2 * u", "def f(u, v): return u"
    (found,) = Suggested(lambda examples, failures: [coarse, good]).propose(problem(network))
    assert found.within is not None and 0.008 < found.within < 0.05
    assert "u * 2" in found.program.source or "2 * u" in found.program.source


def test_nearly_right_programs_say_so():
    network = Network(
        lambda x: np.where((x == 7).all(axis=1), 0, x[:, 0]).astype(float), inputs=PAIR, outputs=Integers()
    )
    x = PAIR.enumerate()
    work = Problem(network, x, network.predict(x), x[:0], x[:0, 0], seed=0, clock=Clock(60))
    (found,) = Suggested(lambda examples, failures: ["def f(a, b): return a"]).propose(work)
    assert found.provenance.settings["mode"] == "approximate"


@pytest.mark.parametrize("said", ["def f(a, b): return a", [3], None])
def test_answers_that_are_no_texts_are_refused(said):
    with pytest.raises(UserError, match="texts"):
        list(Suggested(lambda examples, failures: said).propose(problem(DISTANCE)))


def test_labels_and_loops():
    network = Network(
        lambda x: np.stack([x[:, 0], x[:, 1], 0 * x[:, 0] + 2.5], axis=1), inputs=PAIR, outputs=Category(3)
    )
    text = "def f(a, b):\n    if a >= b and a >= 3:\n        return 0\n    return 1 if b >= 3 else 2"
    assert list(Suggested(lambda examples, failures: [text]).propose(problem(network)))


def test_it_conforms():
    texts = [RIGHT, "def f(a, b):\n    return 1 if a > b else 0", "def f(u, v): return u * v + 1.5"]
    check_proposer(Suggested(lambda examples, failures: texts), seconds=10.0)
