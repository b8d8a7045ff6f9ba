"""Programs on sequences for the tests of compilation: by hand with an answer from elsewhere, and drawn at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from scrutable.program import INT, Call, Expr, Input, Let, Program, Seq, Var, call, read_program

X = Var("x", Seq(INT))
PLACES = call("position", X)


def program(text: str) -> Program:
    """The program of a function of one sequence `x`."""
    return read_program(text, {"x": Seq(INT)})


SORT = program("""
def sort(x):
    earlier = select(positions(x), positions(x), "<")
    before = select_or(select(x, x, "<"), select_and(select(x, x, "=="), earlier))
    rank = widths(before)
    return pick_first(select(rank, positions(x), "=="), x, 9)
""")
REVERSE = program("""
def reverse(x):
    n = len(x)
    return pick_first(select(positions(x), [n - 1 - p for p in positions(x)], "=="), x, 9)
""")
HISTOGRAM = program("""
def histogram(x):
    return widths(select(x, x, "=="))
""")
FRACTION = program("""
def fraction(x):
    seen = select(positions(x), positions(x), "<=")
    return aggregate(seen, [t == 1 for t in x], 0.0)
""")
MOSTLY = program("""
def mostly(x):
    seen = select(positions(x), positions(x), "<=")
    ones = aggregate(seen, [t == 1 for t in x], 0.0)
    return [share > 0.5 for share in ones]
""")
PREVIOUS = program("""
def previous(x):
    return shifted(x, 1, 4)
""")
NEXT_LARGER = program("""
def next_larger(x):
    later = select_and(select(x, x, ">"), select(positions(x), positions(x), ">"))
    return pick_first(later, x, -1)
""")
LAST_SEEN = program("""
def last_seen(x):
    same = select_and(select(x, x, "=="), select(positions(x), positions(x), "<"))
    return pick_first(same, positions(x), -1)
""")


def _next_larger(x: Sequence[int]) -> list[int]:
    return [next((y for y in x[i + 1 :] if y > t), -1) for i, t in enumerate(x)]


KNOWN: list[tuple[Program, Callable[[list[int]], Any]]] = [
    (SORT, sorted),
    (REVERSE, lambda x: x[::-1]),
    (HISTOGRAM, lambda x: [Counter(x)[t] for t in x]),
    (FRACTION, lambda x: [x[: i + 1].count(1) / (i + 1) for i in range(len(x))]),
    (MOSTLY, lambda x: [2 * x[: i + 1].count(1) > i + 1 for i in range(len(x))]),
    (PREVIOUS, lambda x: [4, *x[:-1]]),
    (NEXT_LARGER, _next_larger),
    (LAST_SEEN, lambda x: [x.index(t) if t in x[:i] else -1 for i, t in enumerate(x)]),
]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Up to three variables: maps, selectors, picks, widths, shifts, and perhaps a mean."""
    scope, statements = [X, PLACES], []
    for number in range(draw(st.integers(1, 3))):
        expr = draw(_variable(scope))
        statements.append(Let(f"v{number}", expr))
        scope.append(Var(f"v{number}", expr.type))
    if draw(st.booleans()):
        mean = call("aggregate", draw(_selector(scope)), scope[-1], params=(draw(st.sampled_from([0.0, -1.5])),))
        statements.append(Let("mean", mean))
    return Program("drawn", (Input("x", Seq(INT)),), tuple(statements), (statements[-1].name,))


@st.composite
def _operand(draw: st.DrawFn, scope: list[Expr]) -> Expr:
    chosen = draw(st.sampled_from(scope))
    return call("add", chosen, draw(st.integers(-2, 2))) if draw(st.booleans()) else chosen


@st.composite
def _selector(draw: st.DrawFn, scope: list[Expr]) -> Call:
    relation = draw(st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "true"]))
    chosen = call("select", draw(_operand(scope)), draw(_operand(scope)), params=(relation,))
    other = draw(st.sampled_from(["", "not", "and", "or", "xor"]))
    if not other:
        return chosen
    if other == "not":
        return call("not", chosen)
    return call(other, chosen, call("select", PLACES, PLACES, params=(draw(st.sampled_from(["lt", "le", "ne"])),)))


@st.composite
def _variable(draw: st.DrawFn, scope: list[Expr]) -> Call:
    kind = draw(st.sampled_from(["map", "pick", "width", "shift"]))
    if kind == "width":
        return call("width", draw(_selector(scope)))
    if kind == "pick":
        return call("pick", draw(_selector(scope)), draw(_operand(scope)), params=(draw(st.integers(-1, 1)),))
    if kind == "shift":
        return call("shift", draw(st.sampled_from(scope)), params=(draw(st.integers(-2, 2)), draw(st.integers(-1, 1))))
    left, right = draw(st.sampled_from(scope)), draw(st.sampled_from(scope))
    return call(draw(st.sampled_from(["add", "sub", "max", "min"])), left, right)
