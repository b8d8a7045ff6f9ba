"""The parts that detectors share: linear equations in remainders, the columns that matter, written sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_tables import columns, table

from scrutable.program import INT, Var, call
from scrutable.synthesis import values
from scrutable.synthesis.detect._monomials import monomials, polynomial, remainders
from scrutable.synthesis.detect._solve import PRIME, centred, fractions, solved
from scrutable.synthesis.detect._view import relevant, whole_view
from scrutable.synthesis.detect._write import linear, names_of, table_of
from scrutable.work import Clock, generator

OFTEN = settings(max_examples=60, deadline=None, derandomize=True)


@OFTEN
@given(st.integers(0, 10**6), st.sampled_from([2, 3, 7, 31, PRIME]), st.integers(1, 6))
def test_equations_modulo_a_prime_are_solved_where_they_can_be(seed: int, modulus: int, k: int) -> None:
    rng = generator(seed, "equations")
    matrix, wanted = rng.integers(0, modulus, (3 * k, k)), rng.integers(0, modulus, k)
    target = np.array([sum(int(a) * int(w) for a, w in zip(row, wanted, strict=True)) % modulus for row in matrix])
    found = solved(matrix, target, modulus)
    assert found is not None
    said = [sum(int(a) * int(w) for a, w in zip(row, found, strict=True)) % modulus for row in matrix]
    assert said == target.tolist()
    spoiled = np.vstack([matrix, matrix[:1]])
    assert solved(spoiled, np.append(target, (target[0] + 1) % modulus), modulus) is None


@OFTEN
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=5), st.sampled_from([1, 2, 3, 6, 24]))
def test_fractions_are_read_back(numerators: list[int], denominator: int) -> None:
    residues = np.array([n * pow(denominator, -1, PRIME) % PRIME for n in numerators])
    read = fractions(residues)
    assert read is not None
    whole, d = read
    assert [n * d for n in numerators] == [int(w) * denominator for w in whole]


def test_remainders_in_the_middle() -> None:
    assert centred(np.arange(6), 6).tolist() == [0, 1, 2, 3, -2, -1]
    assert centred(np.arange(5), 5).tolist() == [0, 1, 2, -2, -1]


@OFTEN
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=5), st.integers(-4, 4))
def test_written_sums_mean_what_they_should(weights: list[int], constant: int) -> None:
    x = generator(0, "sums").integers(-9, 10, (50, len(weights)))
    leaves = [Var(name, INT) for name in columns(x)]
    said = values(linear(weights, leaves, constant), columns(x))
    assert (said == x @ np.array(weights) + constant).all()


def test_polynomials_are_written_as_they_are_computed() -> None:
    x = generator(0, "polynomial").integers(-5, 6, (60, 2))
    terms = [m for degree in range(4) for m in monomials(2, degree)]
    weights = list(range(-4, len(terms) - 4))
    expr = polynomial(weights, terms, tuple(Var(name, INT) for name in columns(x)))
    expected = remainders(x, terms) @ np.array(weights) % PRIME
    assert (values(expr, columns(x)) % PRIME == expected).all()


def test_tables_say_their_rows() -> None:
    x = np.array([[0, 1], [2, 5], [3, 3]])
    expr = table_of([Var("a", INT), Var("b", INT)], x, np.array([7, 7, 9]))
    assert values(expr, columns(x)).tolist() == [7, 7, 9]


@pytest.mark.parametrize("f", [lambda u: u * 3 - 1, lambda u: u % 3, lambda u: u > 4, lambda u: np.minimum(u, 4)])
def test_functions_of_one_quantity_get_short_names(f) -> None:
    u = np.tile(np.arange(-3, 12), 3)
    expr = next(names_of(call("neg", Var("a", INT)), u, f(u).astype(np.int64), clock=Clock(30.0)))
    assert (values(expr, {"a": -u}) == f(u)).all() and "table" not in str(expr)


@pytest.mark.parametrize("seed", range(5))
def test_columns_that_do_not_matter_are_dropped(seed: int) -> None:
    rng = generator(seed, "relevant")
    x, used = rng.integers(0, 4, (2000, 6)), np.sort(rng.choice(6, 3, replace=False))
    cells = rng.integers(0, 9, (4, 4, 4))
    assert relevant(whole_view(table(x, cells[tuple(x[:, used].T)]))) == used.tolist()


@pytest.mark.parametrize("pair", [(3, 50), (0, 1)])
def test_few_of_many_columns_are_found(pair: tuple[int, int]) -> None:
    x = generator(0, "few").integers(0, 4, (3000, 60))
    y = (x[:, pair[0]] * 3 + x[:, pair[1]]) % 5
    assert relevant(whole_view(table(x, y))) == list(pair)


def test_thin_rows_are_no_evidence() -> None:
    x = generator(0, "thin").integers(0, 10**6, (500, 3))
    assert relevant(whole_view(table(x, x[:, 0] % 2))) == [0, 1, 2]
