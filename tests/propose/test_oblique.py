"""Trees with linear questions: planted ones come back, alternating never loses, short numbers keep the answers."""

from __future__ import annotations

import numpy as np
import pytest
from fake_networks import machine_network, problem

from scrutable.network import Bits, Category, Columns, Image, Network, Reals, Tokens
from scrutable.program import Input, Let, Program
from scrutable.propose import _cart
from scrutable.propose._cart import Leaf, item_columns, whole_columns
from scrutable.propose._inputs import program_inputs
from scrutable.propose._oblique_alternating import alternated
from scrutable.propose._oblique_growth import from_cart
from scrutable.propose._oblique_program import Columns as Written
from scrutable.propose._oblique_program import oblique_expression, unscaled, written
from scrutable.propose._oblique_separator import Separator, separator, sparse_separator
from scrutable.propose._oblique_tree import Cut, Rows, leaves, oblique_answers, pruned, terms, wrong_weight
from scrutable.propose._queries import between, inside
from scrutable.propose.oblique import ObliqueProposer
from scrutable.work import generator

FOUR = Columns(["a", "b", "c", "d"], lo=-5, hi=5)


def planted(rng: np.random.Generator, depth: int = 2, columns: int = 4) -> Cut | Leaf:
    """A tree of sparse whole coefficients that parts the box evenly enough; neighbouring leaves differ."""
    labels = iter(rng.permutation(2**depth))

    def node(level: int) -> Cut | Leaf:
        if level == 0:
            return Leaf(int(next(labels)))
        weights = np.zeros(columns)
        weights[rng.permutation(columns)[:2]] = rng.choice([-3, -2, -1, 1, 2, 3], size=2)
        return Cut(Separator(weights, float(np.round(rng.normal(), 1))), node(level - 1), node(level - 1))

    return node(depth)


def network_of(tree: Cut | Leaf, labels: int, domain: Columns = FOUR) -> Network:
    return Network(lambda x: np.eye(labels)[oblique_answers(tree, x)], inputs=domain, outputs=Category(labels))


def proposed(network: Network, *, n: int = 250, seed: int = 0):
    task = problem(network, n=n, seconds=60.0, seed=seed)
    assert ObliqueProposer().unsuitable(task) is None
    return list(ObliqueProposer().propose(task))


def rows_of(tree: Cut | Leaf, rng: np.random.Generator, n: int = 500, noise: float = 0.05) -> Rows:
    x = rng.uniform(-5, 5, size=(n, 4))
    y = oblique_answers(tree, x)
    y = np.where(rng.random(n) < noise, rng.integers(0, 4, n), y)
    return Rows(x, y, rng.uniform(0.5, 2.0, n), 4)


@pytest.mark.parametrize("seed", [0, 3, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 12))])
def test_planted_trees_come_back(seed: int) -> None:
    network = network_of(planted(np.random.default_rng(seed)), 4)
    found = proposed(network)
    fresh = FOUR.sample(4000, np.random.default_rng(99))
    best = max(float((h.program(fresh) == network.predict(fresh)).mean()) for h in found)
    assert best > 0.97
    assert all(h.provenance.settings["leaves"] <= 16 for h in found)


def test_a_sum_of_two_columns_is_found_as_such() -> None:
    network = Network(lambda x: 2 * x[:, 0] - x[:, 2], inputs=FOUR, outputs=Bits(threshold=1.0))
    first = proposed(network)[0]
    assert first.provenance.settings["leaves"] == 2 and first.provenance.settings["coefficients"] == 2
    fresh = FOUR.sample(4000, np.random.default_rng(1))
    assert (first.program(fresh) == network.predict(fresh)).mean() > 0.99
    assert "b" not in first.program.source.split("def program")[1].split(":", 1)[1].split("if")[0]


def test_a_band_is_found_although_no_single_question_tells_anything() -> None:
    network = Network(lambda x: 1.5 - np.abs(x[:, 0] + x[:, 1]), inputs=FOUR, outputs=Bits(threshold=0.0))
    found = proposed(network)
    fresh = FOUR.sample(4000, np.random.default_rng(1))
    assert max((h.program(fresh) == network.predict(fresh)).mean() for h in found) > 0.97


def test_axis_aligned_wins_where_it_is_as_good() -> None:
    network = Network(
        lambda x: np.eye(3)[(x[:, 0] > 1).astype(int) * (1 + (x[:, 3] > 0))], inputs=FOUR, outputs=Category(3)
    )
    settings = proposed(network)[0].provenance.settings
    assert settings["leaves"] == 3 and settings["coefficients"] == 2


def test_no_structure_gives_nothing() -> None:
    network = Network(lambda x: np.sin(1e4 * x.sum(axis=1)), inputs=FOUR, outputs=Bits(threshold=0.0))
    assert proposed(network) == []


def test_the_same_seed_gives_the_same_programs() -> None:
    network = network_of(planted(np.random.default_rng(5)), 4)
    once, again = ([h.program.source for h in proposed(network, n=60)] for _ in range(2))
    assert once == again


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("price", [0.0, 1.0, 8.0])
def test_alternating_never_makes_a_tree_worse(seed: int, price: float) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_of(planted(rng), rng, noise=0.2)
    start = from_cart(_cart.fitted(rows.x, rows.y, leaves=6, seed=0), 4) if seed % 2 else planted(rng)

    def worth(tree: Cut | Leaf) -> float:
        return wrong_weight(tree, rows) + price * terms(tree)

    costs = [worth(start)]
    for passes in (1, 2, 4):
        better = alternated(start, rows, ridge=1.0, price=price, passes=passes, clock=problem_clock())
        costs.append(worth(better))
        assert leaves(better) == leaves(start)
    assert all(later <= earlier + 1e-9 for earlier, later in zip(costs, costs[1:], strict=False))


def problem_clock():
    from scrutable.work import Clock

    return Clock(60.0)


@pytest.mark.parametrize("seed", range(8))
def test_short_numbers_get_no_row_more_wrong(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_of(planted(rng), rng)
    centre, unit = rows.x.mean(axis=0), rows.x.std(axis=0)
    scaled = Rows((rows.x - centre) / unit, rows.y, rows.weight, rows.labels)
    start = alternated(planted(rng), scaled, ridge=1.0, price=0.5, passes=3, clock=problem_clock())
    tree = unscaled(start, centre, unit)
    assert (oblique_answers(tree, rows.x) == oblique_answers(start, scaled.x)).all()
    short = written(tree, rows, unit, price=0.0)
    assert wrong_weight(short, rows) <= wrong_weight(tree, rows) + 1e-9
    neat = pruned(short, rows, price=0.0)
    assert wrong_weight(neat, rows) <= wrong_weight(short, rows) + 1e-9 and leaves(neat) <= leaves(short)


@pytest.mark.parametrize("count", [4, 30])
@pytest.mark.parametrize("whole", [False, True])
def test_the_program_says_what_the_tree_says(count: int, whole: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(count)
    domain = Columns([f"c{i}" for i in range(count)], lo=-9, hi=9, integer=whole)
    weights = np.where(rng.random(count) < 0.8, rng.integers(-4, 5, count), 0).astype(float)
    tree = Cut(Separator(weights, 2.5), Cut(Separator(-np.abs(weights), -3.25), Leaf(0), Leaf(1)), Leaf(2))
    inputs = program_inputs(domain)
    from scrutable.propose.oblique import _columns

    class Asked:
        class network:  # noqa: N801
            inputs = domain

    columns = _columns(Asked)  # type: ignore[arg-type]
    assert columns == Written(tuple(item_columns(inputs)), whole_columns(inputs), columns.block)
    expr = oblique_expression(tree, columns, np.array([7, 5, 3]))
    program = Program("program", tuple(Input(i.name, i.type) for i in inputs), (Let("output", expr),), ("output",))
    x = domain.sample(500, rng)
    assert (program(x) == np.array([7, 5, 3])[oblique_answers(tree, x.astype(float))]).all()


def test_few_coefficients_are_the_right_ones() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 20))
    above = x[:, 3] - 0.5 * x[:, 11] + 0.3 * rng.normal(size=2000) > 0.2
    found = sparse_separator(x, above, np.ones(2000), ridge=1.0, price=4.0)
    assert set(np.flatnonzero(found.weights)) == {3, 11}
    assert (found.above(x) == above).mean() > 0.9
    assert separator(x, above, np.ones(2000), ridge=1.0).terms == 20


def test_points_between_rows_keep_columns_together_and_stay_inside() -> None:
    network = Network(
        lambda x: x[:, 0].astype(float), inputs=Columns(["a", "b"], lo=0, hi=9, integer=True), outputs=Bits()
    )
    task = problem(network, n=50)
    data = task.inputs.copy()
    data[:, 1] = data[:, 0]
    made = between(data, 300, generator(0, "test"))
    assert np.allclose(made[:, 0], made[:, 1]) and made.min() >= data.min() and made.max() <= data.max()
    assert not network.inputs.problems(inside(task, made * 3 - 5))


def test_images_can_be_asked_about() -> None:
    image = Image(1, 3, 3)
    network = Network(
        lambda x: x[:, 0, 0].sum(axis=1) - x[:, 0, 2].sum(axis=1), inputs=image, outputs=Bits(threshold=0.0)
    )
    first = proposed(network)[0]
    x = image.sample(2000, np.random.default_rng(0))
    assert (first.program(x) == network.predict(x)).mean() > 0.97


def test_reasons_to_decline() -> None:
    def reason(network: Network) -> str:
        return ObliqueProposer().unsuitable(problem(network, n=20)) or ""

    sequences = machine_network(1, lambda s, x: s * 0, lambda s, x: x, Bits(length=5), Bits(length=5))
    assert "sequences" in reason(sequences)
    assert "labels" in reason(Network(lambda x: x % 2.0, inputs=Tokens(4), outputs=Bits()))
    assert "several outputs" in reason(Network(lambda x: x[:, :2], inputs=FOUR, outputs=Bits(channels=2)))
    assert "all the same" in reason(Network(lambda x: x[:, 0], inputs=FOUR, outputs=Bits(threshold=99.0)))
    assert "one number" in reason(Network(lambda x: x, inputs=Reals(-1, 1), outputs=Bits()))
