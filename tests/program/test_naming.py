"""Naming changes no meaning, names parts by their role, and finds what is shared."""

import numpy as np
import pytest

from scrutable.program import BOOL, INT, RESERVED, Expr, Input, Let, Program, Scan, Seq, State, Var, call, const
from scrutable.program._naming import name_parts, named_parts

p, q = Var("p", INT), Var("q", INT)
s, t, u = (Var(name, INT) for name in ("s0", "s1", "s2"))


def looping(states, body, outputs=("y",), *, names=("a",), elements=("p",), type_=INT) -> Program:
    over = tuple((e, Var(n, Seq(type_))) for e, n in zip(elements, names, strict=True))
    scan = Scan(over, tuple(State(*state) for state in states), tuple(Let(*let) for let in body))
    return Program("f", tuple(Input(n, Seq(type_)) for n in names), (scan,), outputs)


def the_scan(program: Program) -> Scan:
    (scan,) = program.statements
    assert isinstance(scan, Scan)
    return scan


def sums() -> list[tuple[Expr, Expr]]:
    ways = [(p + q) + s, p + (q + s), (s + q) + p, q + (s + p)]
    return [(left, right) for left in ways for right in ways]


@pytest.mark.parametrize(("shown", "kept"), sums(), ids=lambda e: str(e))
def test_a_sum_taken_apart_becomes_total_and_carry(shown, kept):
    program = looping([("s0", const(0), kept // 2)], [("y", shown % 2)], names=("a", "b"), elements=("p", "q"))
    scan = the_scan(name_parts(program))
    total, carry = Var("total", INT), Var("carry", INT)
    assert scan.body == (Let("total", Var("a_t", INT) + Var("b_t", INT) + carry), Let("output", total % 2))
    assert scan.states == (State("carry", const(0), total // 2),)


ROLES = [
    (0, call("max", s, p), "largest"),
    (0, call("min", p, s), "smallest"),
    (0, p, "previous"),
    (0, s + p, "running_sum"),
    (0, s + call("lt", 0, p), "count"),
    (0, call("if", call("lt", 0, p), s + 1, s), "count"),
    (0, s + 1, "steps"),
    (0, s - p, "balance"),
    (0, (s + p) % 2, "parity"),
    (0, (p + s) % 3, "remainder"),
    (1, 1 - s, "parity"),
    (0, call("if", call("lt", 0, p), 1 - s, s), "parity"),
    (0, call("if", call("lt", 0, p), s + 1, 0), "streak"),
    (0, call("if", call("lt", 0, p), p, s), "latest"),
    (0, (p + s) // 10, "carry"),
    (1, s * p, "running_product"),
    (1, s * 3, "power"),
    (0, s * s % 3 - p, "state"),
]


@pytest.mark.parametrize(("init", "following", "name"), ROLES, ids=lambda v: str(v))
def test_a_state_is_named_by_how_it_goes_on(init, following, name):
    program = looping([("s0", const(init), following)], [("y", s + p)])
    named = name_parts(program)
    assert the_scan(named).states[0].name == name
    x = np.random.default_rng(0).integers(-5, 6, (50, 6))
    np.testing.assert_array_equal(named(x), program(x))


def test_a_sum_weighted_by_another_state_keeps_its_own_name():
    states = [
        ("weight", const(1), Var("weight", INT) * 2),
        ("value", const(0), Var("value", INT) + Var("weight", INT) * p),
    ]
    states += [("reading", const(0), Var("reading", INT) + Var("weight", INT) * p * p)]
    named = name_parts(looping(states, [("y", Var("value", INT) - Var("reading", INT))]))
    assert [state.name for state in the_scan(named).states] == ["power", "state", "reading"]


def test_delays_are_numbered():
    states = [("s0", const(0), s_of("s1")), ("s1", const(0), s_of("s2")), ("s2", const(0), p)]
    named = the_scan(name_parts(looping(states, [("y", s_of("s0") + s_of("s1"))])))
    assert {state.name for state in named.states} == {"previous", "previous_2", "previous_3"}
    assert named.states[0].name == "previous_3"


def s_of(name: str) -> Var:
    return Var(name, INT)


def test_delays_of_two_sequences_say_which():
    states = [("s0", const(0), p), ("s1", const(0), q)]
    named = the_scan(name_parts(looping(states, [("y", s + t)], names=("a", "b"), elements=("p", "q"))))
    assert {state.name for state in named.states} == {"previous_a", "previous_b"}


def test_names_are_unique_and_spare_inputs_and_python():
    states = [("s0", const(0), call("max", s, p)), ("s1", const(5), call("max", t, p)), ("s2", const(0), u + p)]
    body = [("y", s * t + u), ("b1", call("lt", s, t)), ("z", call("if", Var("b1", BOOL), s, t) * 3 + u)]
    program = looping(states, body, ("y", "z"), names=("largest",))
    named = name_parts(program)
    names = [*named.variables, *(name for name, _ in the_scan(named).over), "largest"]
    assert len(set(names)) == len(names)
    assert not set(names) & RESERVED
    assert {"largest_2", "largest_3", "running_sum", "is_less"} <= set(names)
    assert named.outputs == ("output", "output_2")
    x = np.random.default_rng(0).integers(-5, 6, (50, 6))
    np.testing.assert_array_equal(named(x), program(x))


def test_names_do_not_change_when_given_again():
    program = looping([("s0", const(0), (p + s) // 2)], [("y", (s + p) % 2)])
    once = name_parts(program)
    assert name_parts(once) == once


def test_every_remaining_variable_keeps_its_values():
    program = looping(
        [("s0", const(0), (p + q + s) // 2), ("s1", const(0), t + call("eq", p, q))],
        [("even", call("eq", t % 2, 0)), ("y", (p + (s + q)) % 2 + t), ("unused", call("if", Var("even", BOOL), s, t))],
        names=("a", "b"),
        elements=("p", "q"),
    )
    named, names = named_parts(program)
    x = np.random.default_rng(0).integers(0, 2, (30, 9, 2))
    before, after = program.run(x), named.run(x)
    assert set(names) == set(program.variables)
    for old, new in names.items():
        np.testing.assert_array_equal(before[old], after[new])


def test_a_telling_name_without_a_role_is_kept():
    program = looping([("phase", const(0), s_of("phase") * s_of("phase") + p)], [("y", s_of("phase") + p)])
    assert the_scan(name_parts(program)).states[0].name == "phase"


def test_common_parts_of_plain_programs_are_shared_when_it_is_shorter():
    x, y, z = (Var(name, INT) for name in "xyz")
    expr = call("if", call("lt", x * y + y * z, 5), (y * z + x * y) * 2, z - (x * y + y * z))
    program = Program("f", tuple(Input(n, INT) for n in "xyz"), (Let("w", expr),), ("w",))
    named = name_parts(program)
    assert named.bits < program.bits
    assert len(named.statements) == 2
    data = np.random.default_rng(0).integers(-9, 9, (50, 3))
    np.testing.assert_array_equal(named(data), program(data))
