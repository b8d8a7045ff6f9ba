"""The bank: its values mean what the language means, and different vectors never become one entry."""

from __future__ import annotations

import numpy as np
import pytest

from scrutable.program import const
from scrutable.synthesis.enumeration import Grammar, evaluate, supported
from scrutable.synthesis.enumeration._bank import Bank, Store
from scrutable.synthesis.enumeration._cover import Pool, covers
from scrutable.synthesis.enumeration._layout import Layout, pack, unpack
from scrutable.synthesis.enumeration._levels import _outer, blocks
from scrutable.synthesis.enumeration._table import CHUNK, Table
from scrutable.work import generator


def filled(leaves: dict[str, np.ndarray], grammar: Grammar, levels: int) -> tuple[Bank, int]:
    bank = Bank(leaves, grammar, Layout.fitting(len(next(iter(leaves.values()))), list(leaves.values())))
    count = 0
    with np.errstate(all="ignore"):
        for cost in range(1, levels):
            for block in blocks(bank, cost):
                count += len(block.values)
                store = bank.store(block.gives)
                store.add(block.values, store.coder(block.values), cost=cost, op=block.op, decode=block.decode)
    return bank, count


def checked(bank: Bank, leaves: dict[str, np.ndarray], step: int) -> None:
    """Every `step`-th entry computed again by the program language."""
    rows = len(next(iter(leaves.values())))
    for kind in ("number", "truth"):
        store = bank.store(kind)
        for entry in range(0, store.size, step):
            wanted = evaluate(bank.expr(kind, entry), leaves)
            values = store.values[entry]
            got = values if kind == "number" else unpack(values[None], bank.layout.rows)[0].astype(bool)
            assert np.allclose(got[:rows], wanted), str(bank.expr(kind, entry))


INTEGERS = tuple(name for name in supported() if name not in ("div", "floor", "round", "sqrt", "exp", "log"))
WHOLE = tuple(name for name in INTEGERS if name not in ("sin", "cos", "tanh"))


@pytest.mark.parametrize("scale", [9, 100, 20_000, 10**9], ids=["int16", "int32", "wide int32", "int64"])
@pytest.mark.parametrize("name", WHOLE)
def test_integer_values_are_the_languages(name, scale):
    rng = generator(0, "bank", name)
    leaves = {"x": rng.integers(-scale, scale, 70), "y": rng.integers(-scale, scale, 70), "p": rng.random(70) < 0.5}
    leaves["y"][::7] = 0
    operators = tuple(dict.fromkeys((name, "lt", "sub")))
    bank, _ = filled(leaves, Grammar(operators=operators, constants=(0, 3, -2)), 24)
    checked(bank, leaves, step=7)


@pytest.mark.parametrize("name", [name for name in supported() if name not in ("and", "or", "xor", "not")])
def test_real_values_are_the_languages(name):
    rng = generator(0, "bank", name)
    leaves = {"x": rng.normal(0, 3, 70), "y": rng.normal(0, 1, 70)}
    leaves["y"][::9] = 0.0
    operators = tuple(dict.fromkeys((name, "lt", "sub")))
    bank, _ = filled(leaves, Grammar(operators=operators, constants=(0, 2)), 22)
    checked(bank, leaves, step=5)


def test_a_poor_hash_only_costs_time():
    rng = generator(0, "poor")
    leaves = {"x": rng.integers(-9, 9, 64), "y": rng.integers(-9, 9, 64)}
    grammar = Grammar(operators=("add", "sub", "max", "lt"), constants=(1,))
    honest, count = filled(leaves, grammar, 22)
    poor = Store(honest.layout, "number", 2**22)
    good = poor.coder
    poor.coder = lambda values: good(values) & np.uint64(15)
    again = honest.numbers.values[: honest.numbers.size]
    for cost in (1, 2):
        poor.add(again, poor.coder(again), cost=cost, op=-1, decode=lambda at: (at,))
    assert poor.size == len(again)
    assert np.array_equal(np.sort(poor.find(again)), np.arange(len(again)))
    assert count > honest.numbers.size


def test_entries_are_distinct_and_cheapest_first():
    rng = generator(0, "distinct")
    leaves = {"x": rng.integers(-9, 9, 64), "y": rng.integers(-9, 9, 64)}
    bank, _ = filled(leaves, Grammar(operators=("add", "sub", "mul", "if", "lt"), constants=(0, 1)), 30)
    for store in (bank.numbers, bank.truths):
        values = store.values[: store.size]
        assert len(np.unique(values, axis=0)) == store.size
        assert (np.diff(store.cost[: store.size]) >= 0).all()
        assert (store.find(values) == np.arange(store.size)).all()


def test_values_out_of_range_are_dropped():
    leaves = {"x": np.arange(-60, 60)}
    bank, _ = filled(leaves, Grammar(operators=("mul", "add"), constants=()), 40)
    numbers = bank.numbers
    largest = np.abs(numbers.values[: numbers.size].astype(np.int64)).max(axis=1)
    assert bank.layout.limit / 2 < largest.max() <= bank.layout.limit
    numbers.measure(numbers.size)
    assert np.array_equal(numbers.largest[: numbers.size], largest)
    checked(bank, leaves, step=1)


def test_packing_round_trips():
    bits = generator(0, "pack").random((17, 192)) < 0.5
    assert np.array_equal(unpack(pack(bits), 192).astype(bool), bits)


def test_the_table_gives_each_code_one_owner():
    table, rng = Table(), generator(0, "table")
    codes = rng.integers(0, 50_000, 120_000).astype(np.uint64)
    owner, winners = table.claim(codes, 0)
    distinct, first = np.unique(codes, return_index=True)
    assert np.array_equal(np.sort(winners), np.sort(first))
    assert len(distinct) == len(winners)
    assert np.array_equal(table.find(codes), owner)
    assert (table.find(np.arange(60_000, 61_000).astype(np.uint64)) == -1).all()


def test_codes_given_in_parts_keep_their_owners_as_the_table_grows():
    table, rng = Table(), generator(0, "given")
    codes = rng.permutation(CHUNK + 5000).astype(np.uint64)
    codes[-100:] = codes[:100] + np.uint64(1 << 32)  # the same keys, in another part
    refused = table.give(codes, np.arange(len(codes)))
    assert np.array_equal(refused, np.arange(len(codes) - 100, len(codes)))
    assert len(table) == len(codes) - 100
    table.claim(np.arange(1 << 20, 1 << 21).astype(np.uint64), len(codes))
    assert np.array_equal(table.find(codes[:-100]), np.arange(len(codes) - 100))
    assert np.array_equal(table.find(codes[-100:]), np.arange(100))


def test_tiles_beside_a_narrow_range_are_tall_and_in_the_same_order():
    def pairs(outer):
        (top, bottom), (low, high) = outer
        return [(left, right) for left in range(top, bottom) for right in range(low, high)]

    for second in ((5, 12), (0, 700)):
        outers = list(_outer((0, 5000), second, 1 << 14, in_order=False))
        assert sum(len(pairs(outer)) for outer in outers) == 5000 * (second[1] - second[0])
        assert max(len(pairs(outer)) for outer in outers) <= 1 << 14
    narrow = [pair for outer in _outer((0, 5000), (5, 12), 1 << 14, in_order=False) for pair in pairs(outer)]
    assert narrow == sorted(narrow)


def test_the_cheapest_cover_is_found():
    masks = np.array([[0b0011], [0b1100], [0b0110], [0b1001], [0b0111]], dtype=np.uint64)
    pool = Pool.empty(1).joined(masks, np.arange(5), np.array([5, 5, 1, 1, 4]))
    (cost, entries), *_ = covers(pool, np.array([0b1111], dtype=np.uint64), join_cost=2)
    assert (cost, set(entries)) == (4, {2, 3})


def test_constants_are_literals():
    bank, _ = filled({"x": np.arange(5)}, Grammar(operators=("add",), constants=(4,)), 12)
    entry = int(bank.numbers.find(np.full((1, 64), 4, dtype=bank.layout.dtype))[0])
    assert bank.expr("number", entry) == const(4)
