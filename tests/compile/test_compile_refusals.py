"""What cannot be compiled is refused, every reason at once."""

from __future__ import annotations

import pytest
import sequence_programs as s

import scrutable as sc
from scrutable.compile import Options
from scrutable.program import INT, REAL, Seq, read_program

TOKENS = "Tokens(3, length=4)"
LOOP = """
def f(x):
    total = 0
    totals = []
    for t in x:
        total = total + t
        totals.append(total)
    n = sum(x)
    return [a + n for a in totals]
"""
REFUSED = {
    "a loop": (LOOP, ["loop (total", "variable n: got sum, which no head"]),
    "a scalar": ("def f(x):\n    return len(x)\n", ["output of type Int"]),
    "two outputs": ("def f(x):\n    return x, positions(x)\n", ["2 outputs"]),
    "a literal list": ("def f(x):\n    return shifted([1, 2, 3], 1, 0)\n", ["literal Seq(Int)"]),
}


@pytest.mark.parametrize(("text", "reasons"), REFUSED.values(), ids=REFUSED)
def test_refusals_say_why(text: str, reasons: list[str]) -> None:
    with pytest.raises(sc.UserError) as error:
        sc.compile(s.program(text), TOKENS)
    for reason in reasons:
        assert reason in str(error.value)


def test_inputs_must_be_one_sequence_of_tokens() -> None:
    two = read_program("def f(x, y):\n    return [a + b for a, b in zip(x, y)]\n", {"x": Seq(INT), "y": Seq(INT)})
    with pytest.raises(sc.UserError, match="expected one sequence of tokens"):
        sc.compile(two, TOKENS)
    real = read_program("def f(x):\n    return [a > 0.5 for a in x]\n", {"x": Seq(REAL)})
    with pytest.raises(sc.UserError, match="expected one sequence of tokens"):
        sc.compile(real, TOKENS)


def test_more_tokens_than_the_input_has_labels() -> None:
    program = read_program("def f(x: 'Seq(Category(2))'):\n    return x\n")
    with pytest.raises(sc.UserError, match="3 tokens"):
        sc.compile(program, TOKENS)
    assert sc.compile(program, "Tokens(2, length=3)").agreement.exact


@pytest.mark.parametrize("program", [s.HISTOGRAM, s.REVERSE, s.NEXT_LARGER, s.SORT], ids=lambda p: p.name)
def test_a_causal_network_cannot_look_ahead(program) -> None:
    with pytest.raises(sc.UserError, match="later positions"):
        sc.compile(program, TOKENS, Options(causal=True))


def test_the_first_token_is_in_sight_of_a_causal_network() -> None:
    program = s.program("def first(x):\n    return pick_first(select(positions(x), 0, '=='), x, 0)\n")
    assert sc.compile(program, TOKENS, Options(causal=True)).agreement.exact


def test_tables_that_are_too_large() -> None:
    program = s.program(
        "def f(x):\n    return pick_first(select([t * 9 + p for t, p in zip(x, positions(x))], x, '=='), x, 0)"
    )
    with pytest.raises(sc.UserError, match="combinations|rows"):
        sc.compile(program, "Tokens(90, length=60)")


def test_averages_of_averages_are_returned_but_not_looked_up() -> None:
    text = "def f(x):\n    a = aggregate(select(x, x, '<='), x, 0.0)\n    b = aggregate(select(x, x, '>='), a, 0.5)\n"
    assert sc.compile(s.program(text + "    return b\n"), TOKENS).agreement.exact
    with pytest.raises(sc.UserError, match="average with too many"):
        sc.compile(s.program(text + "    return [share > 0.5 for share in b]\n"), TOKENS)


@pytest.mark.parametrize("inputs", ["Tokens(3)", "Integers(0, 3, length=4)"])
def test_inputs_are_tokens_of_a_longest_length(inputs: str) -> None:
    with pytest.raises(sc.UserError, match="tokens of a longest length"):
        sc.compile(s.HISTOGRAM, inputs)


def test_options_are_checked_together() -> None:
    with pytest.raises(sc.UserError) as error:
        Options(noise=2.0, shared_heads=0, dead_heads=-1, step=1.0, width=0)
    for word in ("width", "noise", "shared heads", "dead heads", "step"):
        assert word in str(error.value)


def test_a_width_beyond_what_is_needed() -> None:
    with pytest.raises(sc.UserError, match="width of 500"):
        sc.compile(s.HISTOGRAM, TOKENS, Options(width=500))
