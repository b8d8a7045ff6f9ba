"""The suite of recurrent networks: nothing of a task reaches what is measured; truth is solved, and lies are not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from pretender import COMPARED, EVERYTHING, Pretender

from scrutable.bench import Case, Recurrent, Row, chosen, run_cases, summaries
from scrutable.bench.recurrent import _grades as marks
from scrutable.bench.recurrent._forms import form_of, table_rows
from scrutable.bench.recurrent._nulls import null_subject
from scrutable.bench.recurrent._scores import heard, tokens_right
from scrutable.bench.recurrent._spoiled import LEAST, MOST, RULES, spoiled_subject
from scrutable.bench.recurrent._tasks import RECURRENT
from scrutable.explain import Study, explain
from scrutable.network import Network
from scrutable.program import INT, Expr, Let, Program, Scan, State, Var, call, const
from scrutable.propose import Problem, Proposer
from scrutable.propose._inputs import program_inputs

CASES = {case.key: case for case in Recurrent().cases(0)}
SHARED = ("small/Bitwise_Xor", "small/Add_Mod_3", "language/tomita4/lstm", "outside/toggle", "spoiled/Div_3", "null/17")


def asked(key: str, answer: Any, results: Any = EVERYTHING, *, mode: str = "exact") -> Row:
    """The row of a case when the answer to it is that."""
    return Recurrent(explain=Pretender(answer, results, mode=mode)).run(CASES[key], budget=1)


def network_of(key: str) -> Network:
    """What `explain` is given."""
    given: list[Network] = []

    def spy(network: Network, **_: Any) -> Study:
        given.append(network)
        return Pretender(None)(network, budget=1, seed=0)

    Recurrent(explain=spy).run(CASES[key], budget=1)
    return given[0]


# What reaches the methods


def reachable(root: Any) -> Iterator[Any]:
    """Everything that can be reached from an object: attributes, items, closures, what it is called and made of.

    Classes and modules are named, not entered; so are functions, but for what they have closed over.
    """
    waiting, seen = [root], set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        yield thing
        waiting += parts(thing)


def parts(thing: Any) -> list[Any]:
    if isinstance(thing, (str, bytes, int, float, complex, np.ndarray, type(None))):
        return []
    if isinstance(thing, (type, ModuleType)):
        return [thing.__name__]
    if isinstance(thing, FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        return [thing.__qualname__, *cells, *(thing.__defaults__ or ()), thing.__kwdefaults__, thing.__doc__]
    if isinstance(thing, MethodType):
        return [thing.__self__, thing.__func__]
    found: list[Any] = [type(thing), repr(thing)]
    if isinstance(thing, torch.nn.Module):
        found += [name for name, _ in thing.named_parameters()]
    if isinstance(thing, dict):
        found += [*thing.keys(), *thing.values()]
    if isinstance(thing, (list, tuple, set, frozenset)):
        found += thing
    found += getattr(thing, "__dict__", {}).items()
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return found + [getattr(thing, name) for name in slots if not name.startswith("__") and hasattr(thing, name)]


def betrayed(root: Any, case: Case) -> set[str]:
    """Words about the case in any text that can be reached from an object."""
    texts = {thing.lower() for thing in reachable(root) if isinstance(thing, str)}
    name, said = case.task.split(": ", 1) if ": " in case.task else (case.task, case.task)
    secrets = {case.key, case.task, name, said, case.settings.get("task", case.task), "safetensors", "weights/"}
    return {secret for secret in secrets for text in texts if secret.lower() in text}


@pytest.mark.parametrize("key", SHARED)
def test_explain_is_given_nothing_about_the_task(key: str) -> None:
    assert not betrayed(network_of(key), CASES[key])


@pytest.mark.parametrize("key", ["small/Bitwise_Xor", "small/Add_Mod_3"])
def test_proposers_are_given_nothing_about_the_task(key: str) -> None:
    """A proposer of one's own, told by the library, looks at everything it can reach."""
    found: list[set[str]] = []

    class Spy(Proposer):
        name = "spy"

        def unsuitable(self, problem: Problem) -> str | None:
            found.append(betrayed(problem, CASES[key]))
            return "it only looks"

        def propose(self, problem: Problem) -> Iterator[Any]:
            return iter(())

    explain(network_of(key), also=(Spy(),), budget=2)
    assert found
    assert not any(found)


@pytest.mark.parametrize("place", ["name", "attribute", "closure"])
def test_the_spy_finds_what_is_planted(place: str) -> None:
    case = CASES["small/Add_Mod_3"]
    secret = case.task.split(": ")[0]
    network: Any = network_of(case.key)
    if place == "name":
        network = Network(lambda x: x, inputs=network.inputs, outputs=network.outputs, name=f"net of {secret}")
    elif place == "attribute":
        network.note = [{"of": secret}]
    else:
        network.note = lambda: secret
    assert secret in betrayed(network, case)


def test_explaining_loads_nothing_of_the_benchmark() -> None:
    code = (
        "import sys, torch, scrutable as sc\n"
        "cell = lambda state, x: (state + x, state + x)\n"
        "net = sc.Network(sc.Recurrent(cell, torch.zeros(1)), sc.Integers(0, 1, length=4), sc.Integers(length=4))\n"
        "sc.explain(net, budget='1s')\n"
        "sys.exit(any(name.startswith('scrutable.bench') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The cases


def test_every_family_is_there_and_the_same_every_time() -> None:
    cases = Recurrent().cases(0)
    assert len({case.key for case in cases}) == len({case.digest for case in cases}) == len(cases)
    assert cases == Recurrent().cases(0) != Recurrent().cases(1)
    count = {family: sum(case.family == family for case in cases) for family in dict.fromkeys(c.family for c in cases)}
    assert count["small"] == count["generous"] == len(RECURRENT) == 62
    assert count["outside"] >= 40
    assert count["language"] == 45
    assert count["spoiled"] >= 14
    assert count["null"] >= 30


def test_networks_that_are_not_trained_are_counted_apart_and_asked_again(tmp_path: Path) -> None:
    suite = Recurrent(networks=tmp_path / "empty")
    cases = chosen(suite.cases(0), family="generous", only="Parity")
    rows = run_cases(suite, cases, out=tmp_path / "out", budget=1)
    assert len(rows) == len(cases) > 0
    assert {row.verdict for row in rows} == {"not trained"}
    (summary,) = summaries(rows)
    assert (summary.missing, summary.solved.n) == (len(rows), 0)
    assert not list((tmp_path / "out").glob("rows/*")), "a resumed run has to try again"


def test_a_network_trained_again_is_another_case(tmp_path: Path) -> None:
    suite, file = Recurrent(networks=tmp_path), tmp_path / "Div_3.small.0.safetensors"
    digests = []
    for content in (None, b"one", b"other"):
        if content is not None:
            file.write_bytes(content)
        digests += [case.digest for case in suite.cases(0) if case.key == "small/Div_3"]
    assert len(set(digests)) == 3


# The scores of trained networks


def looped(network_key: str, step: Any, *, start: int = 0, read: Any = None) -> Program:
    """The program `state = step(state, x)`, whose answer is the state, or `read` of it, after the step."""
    (entry,) = program_inputs(network_of(network_key).inputs)
    state, item = Var("total", INT), Var("x_t", INT)
    scan = Scan((("x_t", Var(entry.name, entry.type)),), (State("total", const(start), step(state, item)),), ())
    program = Program("program", (entry,), (scan,), ("total",))
    if read is None:
        return program
    states = Var("total", program.variables["total"])
    return Program("program", (entry,), (scan, Let("y", read(states))), ("y",))


def memoryless(key: str, op: str) -> Expr:
    return call(op, *(Var(entry.name, entry.type) for entry in program_inputs(network_of(key).inputs)))


def test_the_truth_is_solved_and_a_lie_is_not() -> None:
    right, wrong = (asked("small/Bitwise_Xor", memoryless("small/Bitwise_Xor", op)) for op in ("ne", "eq"))
    assert right.solved
    assert right.agreement == 1.0
    by_states = (marks.MEMBERS, marks.REBUILT)
    assert all(said for mark, said in right.marks.items() if mark not in by_states)
    assert not wrong.solved
    assert wrong.agreement == 0.0
    assert wrong.marks == {**dict.fromkeys(right.marks, False), marks.VERDICT: True}


def test_nothing_counts_against_every_mark() -> None:
    row = asked("small/Bitwise_Xor", None)
    assert (row.verdict, row.agreement, row.solved) == ("no short program", None, False)
    assert not any(row.marks.values())


def test_behaviour_alone_is_not_solved() -> None:
    row = asked("small/Bitwise_Xor", memoryless("small/Bitwise_Xor", "ne"), COMPARED)
    assert not row.solved
    assert (row.marks[marks.AT], row.marks[marks.BEYOND], row.marks[marks.VERDICT]) == (True, True, False)
    assert "behavioural" in row.why


def test_a_program_that_is_right_up_to_t_only_is_not_solved() -> None:
    """Parity by a counter that stops at T."""
    counted = looped("small/Parity_All", lambda s, x: call("min", s + x, 10), read=lambda total: total % 2)
    row = asked("small/Parity_All", counted)
    assert (row.marks[marks.AT], row.marks[marks.TASK], row.marks[marks.BEYOND]) == (True, True, False)
    assert not row.solved
    assert row.details["scores"]["horizon"] == 10
    assert asked("small/Parity_All", looped("small/Parity_All", lambda s, x: (s + x) % 2)).solved


def test_the_network_and_the_task_are_told_apart() -> None:
    """A network that is wrong somewhere: the rule equals the task and not the network."""
    key = "small/Dithering"
    total = looped(key, lambda s, x: s + x)
    (scan,), (entry,) = total.statements, total.inputs
    sums = Var("total", total.variables["total"])
    before = call("floordiv", call("sub", sums, Var(entry.name, entry.type)), 15)
    rule = Program("program", (entry,), (scan, Let("y", call("floordiv", sums, 15) - before)), ("y",))
    row = asked(key, rule)
    assert (row.marks[marks.FLAWED_NETWORK], row.marks[marks.FLAWED_TASK]) == (False, True)
    assert row.details["scores"]["task"] == row.details["scores"]["beyond_right"] == 1.0
    assert 0.5 < row.details["scores"]["network"] < 1.0
    assert not row.solved


def test_large_tables_are_marked() -> None:
    def by_table(size: int) -> Program:
        rows = tuple(((left, x), (left + x) % 3) for left in range(3) for x in range(3))[:size]
        return looped("small/Add_Mod_3", lambda s, x: call("table", s, x, params=(rows, 1)))

    nine, eight = (asked("small/Add_Mod_3", by_table(size)) for size in (9, 8))
    assert nine.solved
    assert eight.solved
    assert (nine.marks[marks.SMALL_TABLES], nine.marks[marks.NO_TABLE]) == (False, False)
    assert (eight.marks[marks.SMALL_TABLES], eight.marks[marks.NO_TABLE]) == (True, False)
    assert asked("small/Add_Mod_3", looped("small/Add_Mod_3", lambda s, x: (s + x) % 3)).marks[marks.NO_TABLE]


def test_a_chain_of_choices_is_a_table_too() -> None:
    (entry,) = program_inputs(network_of("small/Add_Mod_3").inputs)
    x = Var(entry.name, entry.type)

    def rows(choices: Expr) -> int:
        return table_rows(Program("program", (entry,), (Let("y", choices),), ("y",)))

    def chain(condition: Any) -> Expr:
        return call("if", condition(0), 5, call("if", condition(1), 3, call("if", condition(2), 4, 0)))

    assert rows(chain(lambda k: call("eq", x, k))) == 4
    assert rows(chain(lambda k: call("lt", x, k))) == 0
    assert rows(call("if", call("eq", x, 0), 1, 0)) == 0


# Spoiled networks


@pytest.mark.parametrize("name", [RULES[0], RULES[-1]])
def test_spoiled_networks_are_a_little_wrong_and_the_same_every_time(name: str) -> None:
    case = CASES[f"spoiled/{name}"]
    subject, again = spoiled_subject(case), spoiled_subject(case)
    found = heard(subject, case.seed)
    right = tokens_right(found.fresh)
    assert right is not None
    assert LEAST <= right <= MOST
    assert (heard(again, case.seed).fresh.network == found.fresh.network).all()


@pytest.mark.parametrize(
    ("mode", "true", "called"), [("exact", True, True), ("approximate", True, False), ("approximate", False, False)]
)
def test_the_rule_behind_the_mistakes_is_what_counts(mode: str, true: bool, called: bool) -> None:
    program = looped("spoiled/Parity_All", (lambda s, x: (s + x) % 2) if true else (lambda s, x: x))
    row = asked("spoiled/Parity_All", program, COMPARED, mode=mode)
    assert row.marks == {marks.TRUE_RULE: true, marks.CALLED_EXACT: called}
    assert row.solved == (true and not called)


# Networks with nothing in them


def test_null_networks_differ_from_each_other() -> None:
    said = [null_subject(CASES[f"null/{i:02}"]).network.raw(np.zeros((1, 10), int)).ravel() for i in range(30)]
    assert len(np.unique(np.round(said, 9), axis=0)) == 30


def test_silence_and_honest_forms_are_right_where_there_is_nothing() -> None:
    key = "null/08"
    assert asked(key, None).solved
    constant = asked(key, constant_of(key, 0))
    assert constant.solved
    assert constant.details["form"] == "constant"
    assert not asked(key, constant_of(key, 1)).solved
    assert not asked("null/17", constant_of("null/17", 0)).solved


def constant_of(key: str, value: int) -> Program:
    (entry,) = program_inputs(network_of(key).inputs)
    steps = Var(entry.name, entry.type)
    return Program("program", (entry,), (Let("y", call("add", call("mul", steps, 0), value)),), ("y",))


def test_a_mechanism_claimed_for_nothing_is_a_failure() -> None:
    counter = looped("null/01", lambda s, x: call("abs", s + x))
    row = asked("null/01", counter)
    assert (row.marks[marks.OVERCLAIMED], row.solved) == (True, False)
    assert asked("null/01", counter, COMPARED).marks[marks.OVERCLAIMED] is False


@pytest.mark.parametrize(("step", "kind"), [
    (lambda s, x: s + x, "affine"),
    (lambda s, x: (s + x) % 3, "machine"),
    (lambda s, x: call("abs", s - x), "machine"),
    (lambda s, x: call("abs", s + x * 7), "registers"),
    (lambda s, x: s * x, "constant"),
])  # fmt: skip
def test_forms_are_told_apart(step: Any, kind: str) -> None:
    x = np.random.default_rng(0).integers(0, 6, (500, 10))
    assert form_of(looped("small/Add_Mod_3", step), x).kind == kind


def test_programs_without_states_are_windows_or_affine() -> None:
    (entry,) = program_inputs(network_of("small/Add_Mod_3").inputs)
    x, data = Var(entry.name, entry.type), np.random.default_rng(0).integers(0, 3, (50, 10))
    before = call("shift", x, params=(1, 0))
    for expr, kind in ((call("ne", x, before), "window"), (x - before * 2, "affine"), (x * before, "window")):
        form = form_of(Program("program", (entry,), (Let("y", expr),), ("y",)), data)
        assert (form.kind, form.states) == (kind, None)


def test_a_register_that_only_looks_back_is_a_window() -> None:
    (entry,) = program_inputs(network_of("small/Add_Mod_3").inputs)
    x_t, one, two = (Var(name, INT) for name in ("x_t", "one", "two"))

    def kind(following: Expr) -> str:
        states = (State("one", const(0), following), State("two", const(0), one))
        scan = Scan((("x_t", Var(entry.name, entry.type)),), states, (Let("y", call("max", two, x_t)),))
        program = Program("program", (entry,), (scan,), ("y",))
        return form_of(program, np.random.default_rng(0).integers(0, 100, (500, 10))).kind

    assert kind(x_t) == "window"
    assert kind(x_t + two) == "registers"


# End to end


@pytest.mark.slow
@pytest.mark.parametrize("key", ["small/Bitwise_Xor", "small/Add_Mod_3"])
def test_networks_end_to_end(key: str) -> None:
    (row,) = run_cases(Recurrent(), [CASES[key]], out=None, budget=20)
    assert row.marks[marks.NO_TABLE], row.why
    assert row.marks[marks.TASK]
    assert {"hidden", "network at T", "interchange", "table rows"} <= set(row.columns)
    stateful = key.endswith("Add_Mod_3")
    assert row.marks[marks.MEMBERS] == row.marks[marks.REBUILT] == stateful
    assert ("3 classes, 3 needed" in row.columns["member swaps"]) == stateful
