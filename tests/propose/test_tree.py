"""Decision trees from network answers, the registry of proposers, and what no proposer may look at."""

from __future__ import annotations

import ast
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from fake_networks import machine_network, problem

import scrutable.propose
from scrutable.errors import UserError
from scrutable.network import Bits, Category, Columns, Image, Integers, Network, Reals
from scrutable.propose import PROPOSERS, Enumeration, FiniteState, Linear, Proposer, TreeProposer, registered
from scrutable.propose import _registry as registry
from scrutable.propose._cart import Leaf, Split, answers_of, fitted, leaf_count, snapped

PEOPLE = Columns(["income", "age"], lo=0, hi=10)


def proposed(network, *, n: int = 300):
    task = problem(network, n=n)
    assert TreeProposer().unsuitable(task) is None
    return list(TreeProposer().propose(task)), task


def test_a_planted_tree_comes_back_with_short_thresholds() -> None:
    network = Network(
        lambda x: np.where(x[:, 0] > 3.7, 2 + (x[:, 1] > 1.2), x[:, 1] > 5.5).astype(float),
        inputs=PEOPLE,
        outputs=Integers(0, 3),
    )
    found, task = proposed(network)
    first = found[0]
    assert (first.program(task.inputs) == task.outputs).all() and first.provenance.settings["mode"] == "exact"
    fresh = PEOPLE.sample(2000, np.random.default_rng(1))
    assert (first.program(fresh) == network.predict(fresh)).mean() > 0.98
    assert "income" in first.program.source and "age" in first.program.source
    sizes = [h.provenance.settings["leaves"] for h in found]
    assert len(set(sizes)) == len(sizes) and max(sizes) <= 16


def test_whole_columns_get_whole_thresholds() -> None:
    columns = Columns(["a", "b"], lo=0, hi=9, integer=True)
    network = Network(lambda x: np.asarray(x[:, 0] >= 4, dtype=float), inputs=columns, outputs=Bits())
    found, task = proposed(network)
    assert (found[0].program(columns.enumerate()) == network.predict(columns.enumerate())).all()
    assert "." not in found[0].program.source.split("def ")[1].split("if ")[1].split(":")[0]


def test_images_are_read_by_pixel() -> None:
    image = Image(1, 4, 4)
    network = Network(lambda x: np.eye(2)[(x[:, 0, 2, 1] > 0.5).astype(int)], inputs=image, outputs=Category(2))
    found, task = proposed(network)
    assert (found[0].program(task.inputs) == task.outputs).mean() > 0.99
    assert found[0].provenance.settings["leaves"] == 2


def test_real_answers_get_a_step_function() -> None:
    network = Network(lambda x: np.where(x[:, 0] > 5, 1.5, -2.0), inputs=PEOPLE, outputs=Reals())
    found, task = proposed(network)
    assert np.allclose(found[0].program(task.inputs), task.outputs)


def test_snapping_keeps_every_row_on_its_side() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int)
    tree = fitted(x, y, leaves=12, seed=0)
    short = snapped(tree, x, (False, False, False))
    assert (answers_of(tree, x) == answers_of(short, x)).all()
    assert 2 <= leaf_count(short) <= 12


def test_a_question_without_effect_is_dropped() -> None:
    x = np.array([[0.0], [1.0]])
    assert snapped(Split(0, 0.5, Leaf(1), Leaf(1)), x, (False,)) == Leaf(1)


def test_reasons_to_decline() -> None:
    sequences = machine_network(1, lambda s, x: s * 0, lambda s, x: x, Bits(length=5), Bits(length=5))
    assert "sequences" in (TreeProposer().unsuitable(problem(sequences, n=10)) or "")
    pair = Network(lambda x: x, inputs=Columns(["a", "b"], lo=0, hi=1), outputs=Reals(channels=2))
    assert "several outputs" in (TreeProposer().unsuitable(problem(pair, n=10)) or "")


def test_every_proposer_is_registered_under_its_own_name() -> None:
    kinds = {type(proposer) for proposer in PROPOSERS}
    assert {Linear, FiniteState, Enumeration, TreeProposer} <= kinds
    names = [proposer.name for proposer in PROPOSERS]
    assert len(set(names)) == len(names)
    assert all(isinstance(proposer, Proposer) for proposer in PROPOSERS)


def test_other_packages_can_add_proposers(monkeypatch: pytest.MonkeyPatch) -> None:
    def offering(value: str) -> None:
        entry = EntryPoint("extra", value, registry.GROUP)
        monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == registry.GROUP else [])

    offering("scrutable.propose.linear:Linear")
    assert registered() == (Linear(),)
    offering("scrutable.propose.nowhere:Nothing")
    with pytest.raises(UserError, match="expected a Proposer"):
        registered()
    offering("scrutable.propose.linear:NUMBERS")
    with pytest.raises(UserError, match="expected a Proposer"):
        registered()


SOURCES = sorted(Path(scrutable.propose.__file__).parent.rglob("*.py"))


def looks(tree: ast.AST) -> list[str]:
    """Reads of a network's name or facts: `network.name`, `problem.network.name`, `anything.facts`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("facts", "name"):
            owner = ast.unparse(node.value)
            if node.attr == "facts" or owner.split(".")[-1] in ("network", "net"):
                found.append(f"{owner}.{node.attr}")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_proposer_looks_at_the_name_of_a_network(path: Path) -> None:
    assert not looks(ast.parse(path.read_text()))


def test_looking_at_the_name_is_noticed() -> None:
    assert looks(ast.parse("x = problem.network.name")) and looks(ast.parse("y = network.facts.sha256"))


@pytest.mark.parametrize("proposer", PROPOSERS, ids=lambda proposer: proposer.name)
def test_a_network_whose_name_cannot_be_read_gives_the_same(proposer: Proposer) -> None:
    columns = Columns(["a", "b"], lo=0, hi=7, integer=True)
    named, unnamed = (
        Network(lambda x: np.asarray(x[:, 0] > 4, dtype=float), inputs=columns, outputs=Bits(), name=name)
        for name in ("greater_than_four", "network")
    )
    if proposer.unsuitable(problem(named, n=40)):
        return
    one, other = (
        [h.program.source for h in proposer.propose(problem(each, n=40, seconds=4))] for each in (named, unnamed)
    )
    assert one == other
