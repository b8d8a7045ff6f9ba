"""Decision lists: planted ones come back, polishing never loses, and noise gets none."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from fake_networks import machine_network, problem

from scrutable.network import Bits, Category, Columns, Integers, Network, Reals, Tokens, from_sklearn
from scrutable.propose import Problem, RulesProposer, TreeProposer
from scrutable.propose._oblique_tree import Rows
from scrutable.propose._rule_beam import Grid, grown_list
from scrutable.propose._rule_levels import labelled, levels_of
from scrutable.propose._rule_list import Condition, DecisionList, Rule, list_answers
from scrutable.propose._rule_polish import shortened, tuned
from scrutable.work import Clock

FOUR = Columns(["a", "b", "c", "d"], lo=0, hi=10)
WHOLE = Columns(["a", "b", "c", "d"], lo=0, hi=9, integer=True)


def planted(x: np.ndarray) -> np.ndarray:
    a, b, c, d = x.T[:4]
    return np.select([(a <= 3) & (b > 6), c > 7.5, (a > 5) & (d <= 2)], [2, 1, 0], 3)


def proposed(network: Network, *, n: int = 400, seed: int = 0):
    task = problem(network, n=n, seconds=60.0, seed=seed)
    assert RulesProposer().unsuitable(task) is None
    return list(RulesProposer().propose(task)), task


def wrong(found: DecisionList, rows: Rows) -> float:
    return float(rows.weight @ (list_answers(found, rows.x) != rows.y))


def read_slowly(found: DecisionList, row: list[float]) -> int:
    """What a list says, one row and one rule at a time."""
    for rule in found.rules:
        for each in rule.conditions:
            value = row[each.column]
            if not {"le": value <= each.bound, "gt": value > each.bound, "eq": value == each.bound}[each.kind]:
                break
        else:
            return rule.answer
    return found.default


def random_list(rng: np.random.Generator, rules: int = 4) -> DecisionList:
    def condition() -> Condition:
        return Condition(int(rng.integers(4)), str(rng.choice(["le", "gt", "eq"])), int(rng.integers(10)))  # type: ignore[arg-type]

    made = (Rule(tuple(condition() for _ in range(rng.integers(1, 4))), int(rng.integers(4))) for _ in range(rules))
    return DecisionList(tuple(made), int(rng.integers(4)))


def random_rows(rng: np.random.Generator, n: int = 300) -> Rows:
    x = rng.integers(0, 10, (n, 4)).astype(float)
    y = np.where(rng.random(n) < 0.2, rng.integers(0, 4, n), planted(x))
    return Rows(x, y, rng.uniform(0.5, 2.0, n), 4)


@pytest.mark.parametrize("domain", [FOUR, WHOLE], ids=["reals", "integers"])
def test_a_planted_list_comes_back_shorter_than_any_tree(domain: Columns) -> None:
    network = Network(lambda x: np.eye(4)[planted(x)], inputs=domain, outputs=Category(4))
    found, task = proposed(network)
    first = found[0]
    assert first.provenance.settings == {"rules": 3, "conditions": 5, "mode": "exact"}
    fresh = domain.sample(4000, np.random.default_rng(1))
    assert (first.program(fresh) == network.predict(fresh)).mean() > 0.999
    exact = [h for h in TreeProposer().propose(task) if h.provenance.settings["mode"] == "exact"]
    assert all(first.program.bits < tree.program.bits for tree in exact)
    assert "if a <= 3" in first.program.source and "and b > 6" in first.program.source


def test_labels_are_asked_for_by_name() -> None:
    tokens = Columns(["kind", "size"], lo=0, hi=9, integer=True)
    network = Network(lambda x: ((x[:, 0] == 4) | (x[:, 0] == 7)).astype(float), inputs=tokens, outputs=Bits())
    found, _ = proposed(network)
    every = tokens.enumerate()
    assert (found[0].program(every) == network.predict(every)).all()
    assert found[0].provenance.settings == {"rules": 2, "conditions": 2, "mode": "exact"}


def test_a_trained_network_is_told_by_few_rules() -> None:
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(0)
    x = rng.uniform(0, 10, (1500, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # training may stop before it has converged
        model = MLPClassifier((32,), random_state=0, max_iter=150, learning_rate_init=0.01).fit(x, planted(x))
    network = from_sklearn(model, x)
    y = network.predict(x)
    found = list(RulesProposer().propose(Problem(network, x, y, x[:0], y[:0], 0, Clock(60.0))))
    fresh = rng.uniform(0, 10, (3000, 4))
    best = max(found, key=lambda h: float((h.program(x) == y).mean()))
    assert (best.program(fresh) == network.predict(fresh)).mean() > 0.9
    assert best.provenance.settings["rules"] <= 15 and best.provenance.settings["mode"] == "approximate"


def test_more_than_the_data_is_asked_before_a_list_is_called_exact() -> None:
    network = Network(lambda x: np.minimum(x[:, 0], x[:, 1]) > 5, inputs=FOUR, outputs=Bits())
    x = FOUR.sample(200, np.random.default_rng(0))
    x[:, 1] = x[:, 0]  # on the data one condition is enough
    y = network.predict(x)
    found = list(RulesProposer().propose(Problem(network, x, y, x[:0], y[:0], 0, Clock(60.0))))
    assert (found[0].program(x) == y).all() and found[0].provenance.settings["mode"] == "approximate"


def test_noise_gets_no_list() -> None:
    network = Network(lambda x: np.sin(1e4 * x.sum(axis=1)), inputs=FOUR, outputs=Bits(threshold=0.0))
    assert proposed(network)[0] == []


def test_random_labels_get_no_rule() -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        rows = Rows(rng.normal(size=(500, 6)), rng.integers(0, 3, 500), np.ones(500), 3)
        grid = Grid.of(rows.x, (False,) * 6)
        assert not grown_list(rows, grid, most=15, purity=0.5, clock=Clock(60.0)).rules


def test_the_same_seed_gives_the_same_programs() -> None:
    network = Network(lambda x: np.eye(4)[planted(x)], inputs=WHOLE, outputs=Category(4))
    once, again = ([h.program.source for h in proposed(network, n=60)[0]] for _ in range(2))
    assert once == again and once


def test_the_clock_is_kept() -> None:
    rng = np.random.default_rng(0)
    many = Columns([f"c{i}" for i in range(60)], lo=-1, hi=1)
    weights = rng.normal(size=(60, 8))
    network = Network(lambda x: np.tanh(3 * x @ weights), inputs=many, outputs=Category(8))
    task = problem(network, n=2000, seconds=0.5)
    started = time.monotonic()
    list(RulesProposer().propose(task))
    assert time.monotonic() - started < 2.5
    over = problem(network, n=200, seconds=0.0)
    assert list(RulesProposer().propose(over)) == []


def test_few_levels_of_real_answers_are_labels() -> None:
    def levels(x: np.ndarray) -> np.ndarray:
        return np.where((x[:, 0] <= 3) & (x[:, 1] > 6), 7.25, -1.5) + 0.02 * np.sin(x[:, 2])

    found, task = proposed(Network(levels, inputs=FOUR, outputs=Reals()))
    first = found[0]
    assert first.within is not None and first.within < 0.1 * np.std(task.outputs)
    assert (np.abs(first.program(task.inputs) - task.outputs) <= first.within).all()
    assert "a <= 3" in first.program.source and "b > 6" in first.program.source


def test_levels_are_the_values_or_groups_of_them() -> None:
    rng = np.random.default_rng(0)
    assert levels_of(np.array([3, 1, 3]), most=16).answers.tolist() == [1, 3]  # type: ignore[union-attr]
    spread = rng.choice([0.0, 1.0, 5.0], 400) + 0.01 * rng.normal(size=400)
    found = levels_of(spread, most=16)
    assert found is not None and found.near and np.allclose(found.answers, [0, 1, 5], atol=0.01)
    assert levels_of(rng.normal(size=400), most=16) is None and levels_of(np.arange(40), most=16) is None
    rows = labelled(np.zeros((3, 1)), np.array([1, 2, 3]), levels_of(np.array([1, 3]), most=16))  # type: ignore[arg-type]
    assert rows.y.tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(6))
def test_lists_read_as_one_would_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found, rows = random_list(rng), random_rows(rng)
    assert list_answers(found, rows.x).tolist() == [read_slowly(found, row) for row in rows.x.tolist()]


@pytest.mark.parametrize("seed", range(6))
def test_better_bounds_get_no_row_more_wrong_and_no_other_bound_is_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, rows = random_list(rng), random_rows(rng)
    found = tuned(start, rows, (True,) * 4, passes=20, clock=Clock(60.0))
    assert wrong(found, rows) <= wrong(start, rows) + 1e-9
    for i, rule in enumerate(found.rules):
        for j, each in enumerate(rule.conditions):
            for bound in range(9) if each.kind != "eq" else ():
                conditions = (*rule.conditions[:j], Condition(each.column, each.kind, bound), *rule.conditions[j + 1 :])
                other = (*found.rules[:i], Rule(conditions, rule.answer), *found.rules[i + 1 :])
                assert wrong(found, rows) <= wrong(DecisionList(other, found.default), rows) + 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_lists_get_shorter_by_one_part_at_a_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, rows = random_list(rng), random_rows(rng)
    path = list(shortened(start, rows, clock=Clock(60.0)))
    assert wrong(path[0], rows) <= wrong(start, rows) + 1e-9
    sizes = [each.conditions for each in path]
    assert sizes == sorted(sizes, reverse=True) and len(set(path)) == len(path) and sizes[-1] == 1


def test_reasons_to_decline() -> None:
    def reason(network: Network) -> str:
        return RulesProposer().unsuitable(problem(network, n=40)) or ""

    sequences = machine_network(1, lambda s, x: s * 0, lambda s, x: x, Bits(length=5), Bits(length=5))
    assert "sequences" in reason(sequences)
    assert "several outputs" in reason(Network(lambda x: x[:, :2], inputs=FOUR, outputs=Bits(channels=2)))
    assert "all the same" in reason(Network(lambda x: x[:, 0], inputs=FOUR, outputs=Bits(threshold=99.0)))
    assert "more than 16" in reason(Network(lambda x: x[:, 0], inputs=FOUR, outputs=Reals()))
    assert "more than 16" in reason(Network(lambda x: 9 * x[:, 0], inputs=FOUR, outputs=Integers(0, 90)))
    assert reason(Network(lambda x: np.asarray(x).reshape(-1) % 2.0, inputs=Tokens(4), outputs=Bits())) == ""
