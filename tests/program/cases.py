"""Programs that people know, used by several tests."""

from __future__ import annotations

from scrutable.program import (
    BOOL,
    INT,
    REAL,
    Array,
    Const,
    Input,
    Let,
    Program,
    Scan,
    Selector,
    Seq,
    State,
    Var,
    call,
    const,
)

INTS = Seq(INT)
X, X_T = Var("x", INTS), Var("x_t", INT)
ONE = (Input("x", INTS),)


def adder() -> Program:
    """Binary addition, least significant digit first."""
    a_t, b_t, carry, total = (Var(name, INT) for name in ("a_t", "b_t", "carry", "total"))
    return Program(
        "binary_addition",
        (Input("a", INTS), Input("b", INTS)),
        (
            Scan(
                (("a_t", Var("a", INTS)), ("b_t", Var("b", INTS))),
                (State("carry", const(0), total // 2),),
                (Let("total", a_t + b_t + carry), Let("output", total % 2)),
            ),
        ),
        ("output",),
        summary="Adds two binary numbers, least significant digit first.",
    )


def table_adder() -> Program:
    """The same function, by looking everything up."""
    arguments = [Var(name, INT) for name in ("a_t", "b_t", "carry")]
    rows = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    output = call("table", *arguments, params=(tuple((row, sum(row) % 2) for row in rows), 0))
    carry = call("table", *arguments, params=(tuple((row, sum(row) // 2) for row in rows), 0))
    over = (("a_t", Var("a", INTS)), ("b_t", Var("b", INTS)))
    scan = Scan(over, (State("carry", const(0), carry),), (Let("output", output),))
    return Program("table_addition", (Input("a", INTS), Input("b", INTS)), (scan,), ("output",))


def fibonacci() -> Program:
    """Two states that read each other."""
    p, q = Var("p", INT), Var("q", INT)
    scan = Scan((("x_t", X),), (State("p", const(0), q), State("q", const(1), (p + q) % 100)), ())
    return Program("fibonacci", ONE, (scan,), ("p", "q"))


def long_swap() -> Program:
    """States that read each other in lines too long for one tuple assignment."""
    names = [f"a_rather_long_name_{i}" for i in range(4)]
    values = [Var(name, INT) for name in names]
    states = tuple(State(name, const(i), values[(i + 1) % 4] + X_T) for i, name in enumerate(names))
    return Program("rotate", ONE, (Scan((("x_t", X),), states, ()),), (names[0],))


def delay_line() -> Program:
    """States that read each other, but can change one after the other."""
    names = [f"value_{i}_steps_back_in_time" for i in range(4)]
    previous = [X_T, *(Var(name, INT) for name in names)]
    states = tuple(State(name, const(0), previous[i]) for i, name in enumerate(names))
    return Program("delay", ONE, (Scan((("x_t", X),), states, ()),), (names[-1],))


def machine() -> Program:
    """A state machine given by a table; the last state is the answer."""
    rows = tuple(((s, d), (2 * s + d) % 3) for s in range(3) for d in (0, 1))
    scan = Scan((("x_t", X),), (State("state", const(0), call("table", Var("state", INT), X_T, params=(rows, 0))),), ())
    final = Let("output", call("last", Var("state", INTS), params=(0,)))
    return Program("remainder", ONE, (scan, final), ("output",))


def choices() -> Program:
    """A tree of decisions in a loop, whose value is read inside the loop and after it."""
    label = call("if", call("lt", X_T, 0), -1, call("if", call("eq", X_T, 0), 0, call("if", call("lt", X_T, 5), 1, 2)))
    hold = call("if", call("lt", Var("best", INT), Var("label", INT)), Var("label", INT), Var("best", INT))
    scan = Scan((("x_t", X),), (State("best", const(-9), hold),), (Let("label", label),))
    return Program("labels", ONE, (scan, Let("y", Var("label", INTS) + Var("best", INTS))), ("y", "label"))


def two_loops() -> Program:
    """A loop over the outputs of another."""
    first = Scan((("x_t", X),), (State("count", const(0), Var("count", INT) + X_T),), ())
    over = (("count_t", Var("count", INTS)), ("t", call("position", X)), ("before", call("shift", X, params=(1, 0))))
    value = Var("count_t", INT) * Var("t", INT) + Var("before", INT)
    second = Scan(over, (State("total", const(0), Var("total", INT) + value),), ())
    return Program("two_loops", ONE, (first, second), ("total",))


def attention() -> Program:
    """The share of earlier positions that hold the same value."""
    earlier = call("select", call("position", X), call("position", X), params=("le",))
    same = call("select", X, X, params=("eq",))
    both = Let("both", call("and", earlier, same))
    width = call("width", Var("both", Selector()))
    return Program("share", ONE, (both, Let("output", call("div", width, call("position", X) + 1))), ("output",))


def parity() -> Program:
    """A truth value carried along."""
    odd = Var("odd", BOOL)
    scan = Scan((("x_t", X),), (State("odd", const(False), call("xor", odd, call("eq", X_T, 1))),), ())
    return Program("parity", ONE, (scan,), ("odd",))


def linear() -> Program:
    """A row of an array against weights."""
    row = Array((3,), REAL)
    weights = Const((0.5, -1.0, 2.0), row)
    score = call("dot", Var("x", row), weights)
    scaled = Let("scaled", call("mul", Var("x", row), 2) + weights)
    answer = Let("output", call("add", score, call("index", Var("scaled", row), params=(1,))))
    return Program("linear", (Input("x", row),), (scaled, answer), ("output",))


def image() -> Program:
    """A small picture, added to its transpose's corner."""
    kind = Array((2, 3), INT)
    picture = Var("image", kind)
    twice = Let("twice", picture * 2 + call("index", picture, params=(1, 2)))
    return Program("brighten", (Input("image", kind),), (twice,), ("twice",))


def pairs() -> Program:
    """A sequence of arrays, step by step and all at once."""
    kind = Array((2,), INT)
    pair = Var("x_t", kind)
    value = call("index", pair, params=(0,)) * 10 + call("index", pair, params=(1,))
    scan = Scan((("x_t", Var("x", Seq(kind))),), (), (Let("y", value), Let("z", pair + Var("y", INT))))
    after = Let("w", Var("z", Seq(kind)) + Var("y", INTS))
    return Program("pairs", (Input("x", Seq(kind)),), (scan, after), ("w",))


CASES: dict[str, Program] = {
    make.__name__: make()
    for make in (
        *(adder, table_adder, fibonacci, long_swap, delay_line, machine, choices, two_loops, attention, parity, linear),
        *(image, pairs),
    )
}
